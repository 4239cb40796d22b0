// SPDX-License-Identifier: MIT
#include "rules.h"

#include <countersign/limits.h>

#include "core/hex.h"
#include "core/span.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistr.h>

/* The stores need libcountersign's core alone, so this is said here too; a
 * test holds both tables together. A `-sess` algorithm is not among them: it
 * has no stored value of its own (RFC 7616, 3.4.2). */
static const struct {
    csn_span name;
    size_t digits;
} hashes[CSN_HASH_COUNT] = {
    [CSN_HASH_MD5] = { CSN_LIT("MD5"), 32 },
    [CSN_HASH_SHA_256] = { CSN_LIT("SHA-256"), 64 },
    [CSN_HASH_SHA_512_256] = { CSN_LIT("SHA-512-256"), 64 },
};

csn_status
csn_users_fail(csn_users_error *error, csn_status status, const char *format,
    ...)
{
    va_list args;

    va_start(args, format);
    (void)vsnprintf(error->text, sizeof(error->text), format, args);
    va_end(args);
    return status;
}

/* C0, DEL and C1 (RFC 8265 allows none of them); `text` is UTF-8. */
static bool
has_control(csn_span text)
{
    size_t at = 0;

    while (at < text.len) {
        ucs4_t c;
        int used = u8_mbtouc_unsafe(&c, text.ptr + at, text.len - at);

        if (c < 0x20 || (c >= 0x7f && c < 0xa0))
            return true;
        at += (size_t)used;
    }
    return false;
}

static bool
has_colon(csn_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == ':')
            return true;
    }
    return false;
}

const char *
csn_users_user_fault(csn_span user)
{
    if (user.len == 0)
        return "the user name is empty";
    if (user.len > CSN_MAX_USER)
        return "the user name is too long";
    if (u8_check(user.ptr, user.len) != NULL)
        return "the user name is not UTF-8";
    if (has_control(user))
        return "the user name has a control character";
    if (has_colon(user))
        return "the user name has a colon";
    return NULL;
}

const char *
csn_users_realm_fault(csn_span realm)
{
    if (realm.len == 0)
        return "the realm is empty";
    if (realm.len > CSN_MAX_REALM)
        return "the realm is too long";
    if (u8_check(realm.ptr, realm.len) != NULL)
        return "the realm is not UTF-8";
    if (has_control(realm))
        return "the realm has a control character";
    return NULL;
}

csn_span
csn_users_hash_name(csn_hash hash)
{
    return hashes[hash].name;
}

size_t
csn_users_hash_digits(csn_hash hash)
{
    return hashes[hash].digits;
}

const char *
csn_users_hash_fault(csn_span name, csn_hash *hash)
{
    for (int i = 0; i < CSN_HASH_COUNT; i++) {
        if (csn_span_equal_nocase(name, hashes[i].name)) {
            *hash = (csn_hash)i;
            return NULL;
        }
    }
    return "the algorithm is not one of MD5, SHA-256 and SHA-512-256";
}

const char *
csn_users_ha1_fault(csn_span ha1_hex, csn_hash hash)
{
    if (ha1_hex.len != hashes[hash].digits)
        return "the digest's length is not the algorithm's";
    if (!csn_is_hex(ha1_hex))
        return "the digest has something else than hex digits";
    return NULL;
}
