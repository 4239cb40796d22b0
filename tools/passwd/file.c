// SPDX-License-Identifier: MIT
#include "passwd.h"

#include "common/exit.h"
#include "common/note.h"
#include "stores/users/rules.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    EDIT_ATTEMPTS = 5 /* each fails only when the file appeared just then */
};

csn_span
passwd_span(const char *text)
{
    return (csn_span){ (const uint8_t *)text, strlen(text) };
}

int
passwd_failed(const char *path, csn_status status,
    const csn_users_error *error)
{
    csn_note("%s: %s", path, error->text);
    if (status == CSN_E_MEMORY)
        return CSN_EXIT_MEMORY;
    /* What was asked for does not fit the file, which itself is well. */
    if (status == CSN_E_UNSUPPORTED || status == CSN_E_CONFIG)
        return CSN_EXIT_USAGE;
    return CSN_EXIT_READ;
}

/* Before a password is asked for: can there be such a file at all? */
static bool
has_place(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash == NULL
        ? strdup(".")
        : strndup(path, slash == path ? 1 : (size_t)(slash - path));
    bool done = folder != NULL && access(folder, W_OK | X_OK) == 0;

    free(folder);
    return done;
}

int
passwd_load(const char *path, bool may_miss, csn_users **users)
{
    csn_users_error error;
    struct stat info;
    csn_status status;

    *users = NULL;
    if (stat(path, &info) != 0) {
        if (errno == ENOENT && may_miss && has_place(path))
            return CSN_EXIT_OK;
        csn_note("%s: %s", path, strerror(errno));
        return CSN_EXIT_READ;
    }
    if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        csn_note("warning: %s: others than its owner can use it (mode %04o); "
                 "who reads it can log in as anybody in it",
            path, (unsigned)(info.st_mode & 07777));
    status = csn_users_load(path, NULL, users, &error);
    return status == CSN_OK ? CSN_EXIT_OK
                            : passwd_failed(path, status, &error);
}

/* The only realm in the file; false when there are others. */
static bool
only_realm(const csn_users *users, csn_span *realm)
{
    *realm = csn_users_at(users, 0).realm;
    for (size_t i = 1; i < csn_users_count(users); i++) {
        csn_span next = csn_users_at(users, i).realm;

        if (next.len != realm->len ||
            memcmp(next.ptr, realm->ptr, next.len) != 0)
            return false;
    }
    return true;
}

int
passwd_realm(const passwd_options *options, const csn_users *users,
    csn_span *realm)
{
    const char *fault;

    if (options->realm != NULL) {
        *realm = passwd_span(options->realm);
        fault = csn_users_realm_fault(*realm);
        if (fault == NULL)
            return CSN_EXIT_OK;
        csn_note("--realm: %s", fault);
        return CSN_EXIT_USAGE;
    }
    if (users == NULL || csn_users_count(users) == 0) {
        csn_note("%s has no users yet: say their realm with --realm",
            options->file);
        return CSN_EXIT_USAGE;
    }
    if (!only_realm(users, realm)) {
        csn_note("%s has several realms: say which with --realm; --list "
                 "shows them",
            options->file);
        return CSN_EXIT_USAGE;
    }
    return CSN_EXIT_OK;
}

unsigned
passwd_hashes(const passwd_options *options)
{
    if (options->hashes != 0)
        return options->hashes;
    return 1u << CSN_HASH_SHA_256 | 1u << CSN_HASH_SHA_512_256;
}

static bool
stands_there(const csn_users *users, csn_span realm, csn_span user)
{
    bool found = false;

    for (int hash = 0; hash < CSN_HASH_COUNT; hash++)
        found |= csn_users_find(users, realm, user, (csn_hash)hash).len != 0;
    return found;
}

int
passwd_known_user(const passwd_options *options, const csn_users *users,
    csn_span realm, passwd_text *user)
{
    const csn_span asked = passwd_span(options->user);
    const char *fault = NULL;

    if (asked.len <= CSN_SECRET_MAX && stands_there(users, realm, asked)) {
        memcpy(user->text, asked.ptr, asked.len);
        user->len = asked.len;
        return CSN_EXIT_OK;
    }
    fault = passwd_typed_user(asked, user);
    if (fault == NULL)
        return CSN_EXIT_OK;
    csn_note("the user name %s", fault);
    return CSN_EXIT_USAGE;
}

/* The form of a new file: what was said, or what its name says. */
static csn_users_form
new_form(const passwd_options *options)
{
    static const char ending[] = ".htdigest";
    const csn_span name = passwd_span(options->file);
    const size_t len = sizeof(ending) - 1;

    if (options->form != CSN_USERS_EMPTY)
        return options->form;
    if (name.len >= len && memcmp(name.ptr + name.len - len, ending, len) == 0)
        return CSN_USERS_TEXT;
    return CSN_USERS_SQLITE;
}

static csn_status
edit_once(const passwd_options *options, passwd_apply apply, void *context,
    csn_users_error *error)
{
    csn_users_edit *edit = NULL;
    csn_status status = csn_users_edit_open(options->file, new_form(options),
        PASSWD_WAIT_MS, &edit, error);

    if (status != CSN_OK)
        return status;
    if (options->form != CSN_USERS_EMPTY &&
        options->form != csn_users_edit_form(edit))
        status = csn_users_fail(error, CSN_E_CONFIG,
            "it has the other format already; --format is for new files");
    else
        status = apply(edit, context, error);
    if (status == CSN_OK)
        status = csn_users_edit_commit(edit, error);
    csn_users_edit_close(edit);
    return status;
}

int
passwd_edit(const passwd_options *options, passwd_apply apply, void *context)
{
    csn_users_error error;
    csn_status status = CSN_E_STATE;

    for (int i = 0; i < EDIT_ATTEMPTS && status == CSN_E_STATE; i++)
        status = edit_once(options, apply, context, &error);
    if (status == CSN_OK || status == CSN_END)
        return CSN_EXIT_OK;
    return passwd_failed(options->file, status, &error);
}
