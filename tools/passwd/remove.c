// SPDX-License-Identifier: MIT
#include "passwd.h"

#include "common/exit.h"
#include "common/note.h"

typedef struct removal {
    csn_span user;
    csn_span realm;
    unsigned hashes;
    unsigned dropped;
} removal;

static csn_status
apply_removal(csn_users_edit *edit, void *context, csn_users_error *error)
{
    removal *old = context;
    csn_status status = CSN_OK;

    old->dropped = 0;
    for (int i = 0; i < CSN_HASH_COUNT && status == CSN_OK; i++) {
        bool dropped = false;

        if ((old->hashes & 1u << i) != 0)
            status = csn_users_edit_drop(edit, old->realm, old->user,
                (csn_hash)i, &dropped, error);
        old->dropped += dropped;
    }
    return status == CSN_OK && old->dropped == 0 ? CSN_END : status;
}

static int
remove_user(const passwd_options *options, const csn_users *users)
{
    passwd_text user = { .len = 0 };
    removal old = { .hashes = options->hashes };
    int code = passwd_realm(options, users, &old.realm);

    if (old.hashes == 0)
        old.hashes = (1u << CSN_HASH_COUNT) - 1;
    if (code == CSN_EXIT_OK)
        code = passwd_known_user(options, users, old.realm, &user);
    if (code != CSN_EXIT_OK)
        return code;
    old.user = csn_secret_span(&user);
    code = passwd_edit(options, apply_removal, &old);
    if (code != CSN_EXIT_OK)
        return code;
    csn_note("%s %s in %.*s",
        old.dropped != 0 ? "removed" : "there is no such entry of", user.text,
        (int)old.realm.len, (const char *)old.realm.ptr);
    return old.dropped != 0 ? CSN_EXIT_OK : CSN_EXIT_NO;
}

int
passwd_remove(const passwd_options *options)
{
    csn_users *users = NULL;
    int code = passwd_load(options->file, false, &users);

    if (code == CSN_EXIT_OK)
        code = remove_user(options, users);
    csn_users_release(users);
    return code;
}
