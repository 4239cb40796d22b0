// SPDX-License-Identifier: MIT
#include "passwd.h"

#include "common/exit.h"
#include "common/note.h"
#include "core/ct.h"
#include "stores/users/rules.h"

#include <stdio.h>
#include <string.h>

/* What is asked: a password against a user's entries. */
typedef struct question {
    const csn_users *users;
    csn_span user;
    csn_span realm;
    unsigned hashes;
    bool all_needed; /* else the entries that are there */
    csn_span password;
} question;

/*
 * One entry. A user without it is compared with a stand-in of the same
 * length, so that time tells nothing (H-02).
 */
static int
compare(const question *asked, csn_hash hash, bool *there, bool *same)
{
    static const uint8_t stand_in[CSN_MAX_DIGEST_HEX];
    const csn_span stored = csn_users_find(asked->users, asked->realm,
        asked->user, hash);
    uint8_t hex[CSN_MAX_DIGEST_HEX];
    int code = passwd_ha1(hash, asked->user, asked->realm, asked->password,
        hex);

    *there = stored.len != 0;
    *same = csn_ct_equal(hex, *there ? stored.ptr : stand_in,
        csn_users_hash_digits(hash));
    csn_wipe(hex, sizeof(hex));
    return code;
}

static int
answer(const question *asked)
{
    bool any = false;
    bool all = true;

    for (int i = 0; i < CSN_HASH_COUNT; i++) {
        bool there;
        bool same;
        int code;

        if ((asked->hashes & 1u << i) == 0)
            continue;
        code = compare(asked, (csn_hash)i, &there, &same);
        if (code != CSN_EXIT_OK)
            return code;
        any |= there;
        all &= there ? same : !asked->all_needed;
    }
    if (any && all) {
        csn_note("the password is right");
        return CSN_EXIT_OK;
    }
    csn_note("the password is not right, or there is no such user");
    return CSN_EXIT_NO;
}

/* The hashes to look at: those asked for, or all the realm has. */
static void
choose_hashes(question *asked, unsigned said)
{
    asked->hashes = said;
    asked->all_needed = said != 0;
    if (said != 0)
        return;
    for (int i = 0; i < CSN_HASH_COUNT; i++) {
        if (csn_users_has(asked->users, asked->realm, (csn_hash)i))
            asked->hashes |= 1u << i;
    }
}

static int
verify_typed(const passwd_options *options, question *asked)
{
    csn_secret_text typed = { .len = 0 };
    passwd_text ready = { .len = 0 };
    const char *fault;
    int code = CSN_EXIT_USAGE;

    if (passwd_read(options, "Password: ", &typed)) {
        fault = passwd_typed_password(csn_secret_span(&typed), &ready);
        asked->password = csn_secret_span(&ready);
        if (fault == NULL)
            code = answer(asked);
        else
            csn_note("the password %s", fault);
        asked->password = (csn_span){ NULL, 0 };
    }
    csn_secret_wipe(&typed);
    csn_secret_wipe(&ready);
    return code;
}

static int
verify_user(const passwd_options *options, const csn_users *users)
{
    passwd_text user = { .len = 0 };
    question asked = { .users = users };
    int code = passwd_realm(options, users, &asked.realm);

    if (code == CSN_EXIT_OK)
        code = passwd_known_user(options, users, asked.realm, &user);
    if (code != CSN_EXIT_OK)
        return code;
    asked.user = csn_secret_span(&user);
    choose_hashes(&asked, options->hashes);
    return verify_typed(options, &asked);
}

int
passwd_verify(const passwd_options *options)
{
    csn_users *users = NULL;
    int code = passwd_load(options->file, false, &users);

    if (code == CSN_EXIT_OK)
        code = verify_user(options, users);
    csn_users_release(users);
    return code;
}
