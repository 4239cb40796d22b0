// SPDX-License-Identifier: MIT
#include "passwd.h"

#include "common/exit.h"
#include "common/note.h"
#include "core/ct.h"
#include "stores/users/rules.h"

#include <stdio.h>

/* One user's new entries in one realm, ready to be written. */
typedef struct setting {
    csn_span user;
    csn_span realm;
    unsigned hashes;
    uint8_t digits[CSN_HASH_COUNT][CSN_MAX_DIGEST_HEX];
    bool is_new;
    unsigned dropped; /* hashes whose old entries went */
} setting;

/*
 * Every entry of the user in this realm goes or gets the new password: an
 * algorithm left alone would go on accepting the old one.
 */
static csn_status
apply_setting(csn_users_edit *edit, void *context, csn_users_error *error)
{
    setting *new = context;
    csn_status status = CSN_OK;

    new->is_new = true;
    new->dropped = 0;
    for (int i = 0; i < CSN_HASH_COUNT && status == CSN_OK; i++) {
        const csn_hash hash = (csn_hash)i;
        const csn_users_row row = { new->user, new->realm, hash,
            { new->digits[i], csn_users_hash_digits(hash) } };
        csn_users_change change = CSN_USERS_ADDED;
        bool dropped = false;

        if ((new->hashes & 1u << i) != 0)
            status = csn_users_edit_put(edit, &row, &change, error);
        else
            status = csn_users_edit_drop(edit, new->realm, new->user, hash,
                &dropped, error);
        if (change != CSN_USERS_ADDED || dropped)
            new->is_new = false;
        new->dropped |= (unsigned)dropped << i;
    }
    return status;
}

static int
compute(setting *new, csn_span password)
{
    int code = CSN_EXIT_OK;

    for (int i = 0; i < CSN_HASH_COUNT && code == CSN_EXIT_OK; i++) {
        if ((new->hashes & 1u << i) != 0)
            code = passwd_ha1((csn_hash)i, new->user, new->realm, password,
                new->digits[i]);
    }
    return code;
}

/* A prompt asks twice: a slip of the finger would lock the user out. */
static int
read_new(const passwd_options *options, csn_span user, csn_span realm,
    csn_secret_text *password)
{
    csn_secret_text again = { .len = 0 };
    char ask[sizeof(password->text) + 512];
    int code = CSN_EXIT_OK;

    (void)snprintf(ask, sizeof(ask),
        "New password for %.*s in %.*s: ", (int)user.len,
        (const char *)user.ptr, (int)realm.len, (const char *)realm.ptr);
    if (!passwd_read(options, ask, password))
        return CSN_EXIT_USAGE;
    if (options->source != PASSWD_FROM_PROMPT)
        return CSN_EXIT_OK;
    if (!passwd_read(options, "Once more: ", &again)) {
        code = CSN_EXIT_USAGE;
    } else if (again.len != password->len ||
        !csn_ct_equal(again.text, password->text, password->len)) {
        csn_note("the two are not the same; nothing was changed");
        code = CSN_EXIT_USAGE;
    }
    csn_secret_wipe(&again);
    return code;
}

static int
take_password(const passwd_options *options, setting *new)
{
    csn_secret_text typed = { .len = 0 };
    passwd_text ready = { .len = 0 };
    int code = read_new(options, new->user, new->realm, &typed);

    if (code == CSN_EXIT_OK) {
        const char *fault = passwd_prepare_password(csn_secret_span(&typed),
            &ready);

        if (fault == NULL && ready.len == 0 && !options->allow_empty)
            fault = "is empty; --allow-empty lets it be";
        if (fault != NULL) {
            csn_note("the password %s", fault);
            code = CSN_EXIT_USAGE;
        } else if (passwd_is_more_than_nfc(csn_secret_span(&typed), &ready)) {
            csn_note("the password is kept with U+0020 in place of "
                     "other spaces; a client that does not do the same (RFC "
                     "8265) must be given it so");
        }
    }
    if (code == CSN_EXIT_OK)
        code = compute(new, csn_secret_span(&ready));
    csn_secret_wipe(&typed);
    csn_secret_wipe(&ready);
    return code;
}

static void
tell(const setting *new)
{
    csn_note("%s %.*s in %.*s", new->is_new ? "added" : "changed",
        (int)new->user.len, (const char *)new->user.ptr, (int)new->realm.len,
        (const char *)new->realm.ptr);
    for (int i = 0; i < CSN_HASH_COUNT; i++) {
        if ((new->dropped & 1u << i) != 0)
            csn_note("removed the %s entry, which still had the password of "
                     "before; --algorithm keeps it",
                csn_users_hash_name((csn_hash)i).ptr);
    }
}

static int
set_user(const passwd_options *options, const csn_users *users, setting *new)
{
    passwd_text user = { .len = 0 };
    const char *fault = passwd_prepare_user(passwd_span(options->user), &user);
    int code;

    if (fault != NULL) {
        csn_note("the user name %s", fault);
        return CSN_EXIT_USAGE;
    }
    if (passwd_is_more_than_nfc(passwd_span(options->user), &user))
        csn_note("the user name is kept as %s, with ordinary letters in "
                 "place of full-width or half-width ones; a client that does "
                 "not do the same (RFC 8265) must be given it so",
            user.text);
    new->user = csn_secret_span(&user);
    code = passwd_realm(options, users, &new->realm);
    if (code == CSN_EXIT_OK)
        code = take_password(options, new);
    if (code == CSN_EXIT_OK)
        code = passwd_edit(options, apply_setting, new);
    if (code == CSN_EXIT_OK)
        tell(new);
    return code;
}

int
passwd_set(const passwd_options *options)
{
    setting new = { .hashes = passwd_hashes(options) };
    csn_users *users = NULL;
    int code = passwd_load(options->file, true, &users);

    if ((new.hashes & 1u << CSN_HASH_MD5) != 0)
        csn_note("warning: MD5 is for clients that know nothing better; "
                 "servers refuse it unless it is switched on");
    if (code == CSN_EXIT_OK)
        code = set_user(options, users, &new);
    csn_users_release(users);
    csn_wipe(&new, sizeof(new));
    return code;
}
