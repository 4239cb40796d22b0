// SPDX-License-Identifier: MIT
#include "login.h"

#include "core/ct.h"
#include "core/hex.h"

#include <countersign/algorithm.h>
#include <countersign/limits.h>
#include <countersign/prepare.h>

#include <string.h>

bool
inspect_login_is_given(const inspect_login *login)
{
    bool given = login->has_password;

    for (size_t i = 0; i < CSN_HASH_COUNT; i++)
        given = given || login->ha1_len[i] != 0;
    return given;
}

void
inspect_login_prepare(csn_pool *pool, inspect_login *login)
{
    uint8_t *normal = csn_pool_alloc(pool, CSN_MAX_VALUE);
    csn_writer out = csn_writer_init(normal, CSN_MAX_VALUE);

    login->prepared = csn_secret_span(&login->password);
    if (login->has_password &&
        csn_prepare_nfc(login->prepared, &out, NULL) == CSN_OK)
        login->prepared = csn_writer_span(&out);
}

/* 64 digits may be of either SHA-2 hash: then both get them, and the
 * algorithm of the credentials takes its own. */
static unsigned
find_hashes(csn_span name, size_t digits)
{
    unsigned found = 0;

    for (unsigned i = 0; i < CSN_HASH_COUNT; i++) {
        csn_span own = csn_hash_name((csn_hash)i);

        if (digits != 2 * csn_hash_size((csn_hash)i))
            continue;
        if (name.len == 0 ||
            csn_algorithm_find(name) == csn_algorithm_find(own))
            found |= 1u << i;
    }
    return found;
}

const char *
inspect_login_take_ha1(inspect_login *login, const char *text)
{
    const char *colon = strrchr(text, ':');
    const csn_span name = { (const uint8_t *)text,
        colon == NULL ? 0 : (size_t)(colon - text) };
    const csn_span hex = csn_text_of(colon == NULL ? text : colon + 1);
    unsigned hashes;

    if (!csn_is_hex(hex))
        return "H(A1) is hexadecimal digits, 32 for MD5 and 64 for others";
    if (colon != NULL && csn_algorithm_find(name) == CSN_ALG_UNKNOWN)
        return "an algorithm is SHA-256, SHA-512-256 or MD5";
    if (colon != NULL && csn_algorithm_is_session(csn_algorithm_find(name)))
        return "H(A1) is given without -sess: session keys are made of it";
    hashes = find_hashes(name, hex.len);
    if (hashes == 0)
        return "H(A1) has 32 digits for MD5 and 64 for others";
    for (unsigned i = 0; i < CSN_HASH_COUNT; i++) {
        if ((hashes & 1u << i) == 0)
            continue;
        for (size_t j = 0; j < hex.len; j++)
            login->ha1_hex[i][j] = csn_octet_lower(hex.ptr[j]);
        login->ha1_len[i] = hex.len;
    }
    return NULL;
}

void
inspect_login_wipe(inspect_login *login)
{
    csn_wipe(login, sizeof(*login));
}
