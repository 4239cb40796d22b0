// SPDX-License-Identifier: MIT
#include "passwd.h"

#include "common/exit.h"
#include "common/note.h"
#include "core/ct.h"
#include "stores/common/replace.h"
#include "stores/users/text.h"

#include <countersign/limits.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

typedef struct import {
    const csn_users *from;
    size_t changes[CSN_USERS_CHANGED + 1];
    size_t dropped;
    size_t md5;
} import;

/*
 * An entry that changed means a new password: the user's entries of other
 * algorithms go, unless new ones come with it, for they still accept the old.
 */
static csn_status
drop_outdated(csn_users_edit *edit, import *in, const csn_users_row *row,
    csn_users_error *error)
{
    csn_status status = CSN_OK;

    for (int i = 0; i < CSN_HASH_COUNT && status == CSN_OK; i++) {
        bool dropped = false;

        if (csn_users_find(in->from, row->realm, row->user, (csn_hash)i).len ==
            0)
            status = csn_users_edit_drop(edit, row->realm, row->user,
                (csn_hash)i, &dropped, error);
        in->dropped += dropped;
    }
    return status;
}

static csn_status
apply_import(csn_users_edit *edit, void *context, csn_users_error *error)
{
    import *in = context;

    memset(in->changes, 0, sizeof(in->changes));
    in->dropped = 0;
    in->md5 = 0;
    for (size_t i = 0; i < csn_users_count(in->from); i++) {
        const csn_users_row row = csn_users_at(in->from, i);
        csn_users_change change;
        csn_status status = csn_users_edit_put(edit, &row, &change, error);

        if (status == CSN_OK && change == CSN_USERS_CHANGED)
            status = drop_outdated(edit, in, &row, error);
        if (status != CSN_OK)
            return status;
        in->changes[change]++;
        in->md5 += row.hash == CSN_HASH_MD5;
    }
    return CSN_OK;
}

static void
tell(const import *in)
{
    csn_note("%zu added, %zu changed, %zu the same",
        in->changes[CSN_USERS_ADDED], in->changes[CSN_USERS_CHANGED],
        in->changes[CSN_USERS_SAME]);
    if (in->dropped != 0)
        csn_note("removed %zu entries of other algorithms, which still had "
                 "the password of before",
            in->dropped);
    if (in->md5 != 0)
        csn_note("warning: %zu are MD5, which servers refuse unless it is "
                 "switched on; a new password brings better ones",
            in->md5);
}

int
passwd_import(const passwd_options *options)
{
    csn_users *from = NULL;
    csn_users *into = NULL;
import in = {.from = NULL };
    int code = passwd_load(options->other, false, &from);

    if (code == CSN_EXIT_OK)
        code = passwd_load(options->file, true, &into);
    csn_users_release(into);
    in.from = from;
    if (code == CSN_EXIT_OK)
        code = passwd_edit(options, apply_import, &in);
    if (code == CSN_EXIT_OK)
        tell(&in);
    csn_users_release(from);
    return code;
}

static int
add_line(const passwd_options *options, const csn_users_row *row,
    csn_users_buffer *content)
{
    uint8_t line[CSN_USERS_LINE_MAX];
    csn_writer out = csn_writer_init(line, sizeof(line));
    csn_status status;

    if (!csn_users_line_holds(row)) {
        csn_note("%s: a text file cannot hold the user %.*s in %.*s",
            options->other, (int)row->user.len, (const char *)row->user.ptr,
            (int)row->realm.len, (const char *)row->realm.ptr);
        return CSN_EXIT_USAGE;
    }
    csn_users_line_write(&out, row, CSN_SPAN(""));
    status = csn_users_buffer_add(content, line, out.len);
    csn_wipe(line, sizeof(line));
    return status == CSN_OK ? CSN_EXIT_OK : CSN_EXIT_MEMORY;
}

/* New, or over what is there when that was asked for. */
static int
write_export(const passwd_options *options, csn_span content)
{
    struct stat like;
    const bool is_there = stat(options->other, &like) == 0;
    csn_status status;

    if (is_there && !options->force) {
        csn_note("%s is there already; --force writes over it",
            options->other);
        return CSN_EXIT_USAGE;
    }
    status = csn_file_replace(options->other, content,
        is_there ? &like : NULL);
    if (status == CSN_OK)
        return CSN_EXIT_OK;
    csn_note("%s: %s", options->other, strerror(errno));
    return CSN_EXIT_WRITE;
}

int
passwd_export(const passwd_options *options)
{
    csn_users_buffer content = { NULL, 0, 0 };
    csn_users *users = NULL;
    int code = passwd_load(options->file, false, &users);

    if (code == CSN_EXIT_OK) {
        for (size_t i = 0; i < csn_users_count(users) && code == CSN_EXIT_OK;
             i++) {
            const csn_users_row row = csn_users_at(users, i);

            code = add_line(options, &row, &content);
        }
    }
    if (code == CSN_EXIT_OK)
        code = write_export(options, csn_users_buffer_span(&content));
    csn_users_buffer_free(&content);
    csn_users_release(users);
    return code;
}
