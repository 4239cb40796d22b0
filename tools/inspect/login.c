// SPDX-License-Identifier: MIT
#include "login.h"

#include "core/ct.h"
#include "core/hex.h"

#include <countersign/algorithm.h>
#include <stdlib.h>
#include <string.h>
#include <uninorm.h>
#include <unistr.h>

bool
inspect_login_is_given(const inspect_login *login)
{
    bool given = login->has_password;

    for (size_t i = 0; i < CSN_HASH_COUNT; i++)
        given = given || login->ha1_len[i] != 0;
    return given;
}

void
inspect_login_prepare(inspect_pool *pool, inspect_login *login)
{
    const csn_span none = { NULL, 0 };
    csn_span text = csn_secret_span(&login->password);
    uint8_t *normal = NULL;
    size_t len = 0;

    login->prepared = text;
    if (!login->has_password || u8_check(text.ptr, text.len) != NULL)
        return;
    normal = u8_normalize(UNINORM_NFC, text.ptr, text.len, NULL, &len);
    if (normal == NULL)
        return;
    login->prepared = inspect_join(pool, (csn_span){ normal, len }, none, none,
        none);
    csn_wipe(normal, len);
    free(normal);
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
    const csn_span hex = inspect_text(colon == NULL ? text : colon + 1);
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
            login->ha1_hex[i][j] = inspect_lower(hex.ptr[j]);
        login->ha1_len[i] = hex.len;
    }
    return NULL;
}

void
inspect_login_wipe(inspect_login *login)
{
    csn_wipe(login, sizeof(*login));
}
