// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_TOOLS_INSPECT_LOGIN_H
#define COUNTERSIGN_TOOLS_INSPECT_LOGIN_H

#include "formula.h"

#include "common/secret.h"

/* What the person who asks knows of one layer's user. */
typedef struct inspect_login {
    const char *user; /* NULL: what the credentials say */
    csn_secret_text password;
    bool has_password;
    csn_span prepared; /* the password in NFC */
    uint8_t ha1_hex[CSN_HASH_COUNT][CSN_MAX_DIGEST_HEX];
    size_t ha1_len[CSN_HASH_COUNT]; /* 0: not given */
} inspect_login;

/* Whether anything can be checked with it. */
bool inspect_login_is_given(const inspect_login *login);

/* Bring the password to NFC (C-40); what cannot be stays as it is. */
void inspect_login_prepare(csn_pool *pool, inspect_login *login);

/* Take over `[ALGORITHM:]HEX`; NULL, or what is wrong with it. */
const char *inspect_login_take_ha1(inspect_login *login, const char *text);

void inspect_login_wipe(inspect_login *login);

#endif
