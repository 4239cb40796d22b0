// SPDX-License-Identifier: MIT
#define _GNU_SOURCE /* strdup */
#include "edit_private.h"

#include "../common/replace.h"
#include "rules.h"
#include "text.h"

#include "core/ascii.h"
#include "core/ct.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The checks repeat what the reader demands, so that a row put in by hand is
 * refused when it is written and not when a server reads it. */
#define SCHEMA                                                                \
    "CREATE TABLE users ("                                                    \
    " user TEXT NOT NULL CHECK (user <> '' AND instr(user, ':') = 0),"        \
    " realm TEXT NOT NULL CHECK (realm <> ''),"                               \
    " algorithm TEXT NOT NULL"                                                \
    " CHECK (algorithm IN ('MD5', 'SHA-256', 'SHA-512-256')),"                \
    " ha1 TEXT NOT NULL CHECK (ha1 NOT GLOB '*[^0-9a-f]*' AND"                \
    " length(ha1) = CASE algorithm WHEN 'MD5' THEN 32 ELSE 64 END),"          \
    " PRIMARY KEY (realm, user, algorithm)) STRICT, WITHOUT ROWID;"           \
    "PRAGMA application_id = %d; PRAGMA user_version = %d;"

csn_status
csn_users_edit_run(csn_users_edit *edit, const char *sql,
    csn_users_error *error)
{
    if (sqlite3_exec(edit->db, sql, NULL, NULL, NULL) != SQLITE_OK)
        return csn_users_sqlite_fail(edit->db, error);
    return CSN_OK;
}

static csn_status
make_schema(csn_users_edit *edit, csn_users_error *error)
{
    char sql[sizeof(SCHEMA) + 32];

    (void)snprintf(sql, sizeof(sql), SCHEMA, CSN_USERS_APPLICATION_ID,
        CSN_USERS_SCHEMA_VERSION);
    return csn_users_edit_run(edit, sql, error);
}

static csn_status
prepare(csn_users_edit *edit, csn_users_error *error)
{
    static const char update[] = "UPDATE users SET ha1 = ?4 WHERE realm = ?1"
                                 " AND user = ?2 AND algorithm = ?3"
                                 " AND ha1 <> ?4";
    static const char insert[] =
        "INSERT INTO users (realm, user, algorithm, ha1)"
        " VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING";
    static const char drop[] = "DELETE FROM users WHERE realm = ?1"
                               " AND user = ?2 AND algorithm = ?3";

    if (sqlite3_prepare_v2(edit->db, update, -1, &edit->update, NULL) !=
            SQLITE_OK ||
        sqlite3_prepare_v2(edit->db, insert, -1, &edit->insert, NULL) !=
            SQLITE_OK ||
        sqlite3_prepare_v2(edit->db, drop, -1, &edit->drop, NULL) != SQLITE_OK)
        return csn_users_sqlite_fail(edit->db, error);
    return CSN_OK;
}

/* A database in memory, for a text file or for a file that is not there. */
static csn_status
open_memory(csn_users_edit *edit, csn_users_error *error)
{
    csn_status status;

    if (sqlite3_open_v2(":memory:", &edit->db,
            SQLITE_OPEN_READWRITE | SQLITE_OPEN_EXRESCODE, NULL) != SQLITE_OK)
        return csn_users_fail(error, CSN_E_MEMORY, "no memory");
    edit->in_memory = true;
    status = make_schema(edit, error);
    if (status == CSN_OK)
        status = prepare(edit, error);
    return status;
}

static csn_status
open_text(csn_users_edit *edit, const char *path, int wait_ms,
    csn_users_error *error)
{
    csn_users_buffer content = { NULL, 0, 0 };
    csn_status status = csn_users_edit_lock(edit, path, wait_ms, error);

    if (status == CSN_OK)
        status = open_memory(edit, error);
    if (status == CSN_OK)
        status = csn_users_buffer_read(&content, edit->lock, error);
    if (status == CSN_OK)
        status = csn_users_edit_take_lines(edit,
            csn_users_buffer_span(&content), error);
    csn_users_buffer_free(&content);
    return status;
}

/* secure_delete: a removed digest must not stay in the file's free pages;
 * synchronous: a commit outlives a power cut (sqlite.org/pragma.html). */
static csn_status
open_sqlite(csn_users_edit *edit, const char *path, bool is_empty, int wait_ms,
    csn_users_error *error)
{
    csn_status status = csn_users_sqlite_open(path, SQLITE_OPEN_READWRITE,
        wait_ms, &edit->db, error);

    if (status == CSN_OK)
        status = csn_users_edit_run(edit,
            "PRAGMA secure_delete = ON; PRAGMA synchronous = EXTRA;"
            "BEGIN IMMEDIATE",
            error);
    if (status == CSN_OK && is_empty)
        status = make_schema(edit, error);
    if (status == CSN_OK)
        status = csn_users_sqlite_check(edit->db, error);
    if (status == CSN_OK)
        status = prepare(edit, error);
    return status;
}

static csn_status
open_new(csn_users_edit *edit, const char *path, csn_users_form form,
    csn_users_error *error)
{
    csn_status status;

    edit->form = form;
    edit->is_new = true;
    edit->path = strdup(path);
    if (edit->path == NULL)
        return csn_users_fail(error, CSN_E_MEMORY, "no memory");
    status = open_memory(edit, error);
    if (status == CSN_OK && form == CSN_USERS_TEXT)
        status = csn_users_edit_take_lines(edit, CSN_SPAN(""), error);
    return status;
}

static csn_status
open_any(csn_users_edit *edit, const char *path, csn_users_form form,
    int wait_ms, csn_users_error *error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    csn_users_form found = CSN_USERS_EMPTY;
    csn_status status;

    if (fd < 0 && errno == ENOENT)
        return open_new(edit, path, form, error);
    if (fd < 0)
        return csn_users_fail(error, CSN_E_STORE, "%s", strerror(errno));
    status = csn_users_recognise(fd, &found, error);
    (void)close(fd);
    if (status != CSN_OK)
        return status;
    edit->form = found != CSN_USERS_EMPTY ? found : form;
    if (edit->form == CSN_USERS_TEXT)
        return open_text(edit, path, wait_ms, error);
    return open_sqlite(edit, path, found == CSN_USERS_EMPTY, wait_ms, error);
}

csn_status
csn_users_edit_open(const char *path, csn_users_form form, int wait_ms,
    csn_users_edit **edit, csn_users_error *error)
{
    csn_users_edit *opened = calloc(1, sizeof(*opened));
    csn_status status;

    if (opened == NULL)
        return csn_users_fail(error, CSN_E_MEMORY, "no memory");
    opened->lock = -1;
    status = open_any(opened, path, form, wait_ms, error);
    if (status == CSN_OK)
        *edit = opened;
    else
        csn_users_edit_close(opened);
    return status;
}

csn_users_form
csn_users_edit_form(const csn_users_edit *edit)
{
    return edit->form;
}

/* Run one of the prepared statements on a row's names, and a digest. */
static csn_status
change_row(csn_users_edit *edit, sqlite3_stmt *statement,
    const csn_users_row *row, int *changes, csn_users_error *error)
{
    const csn_span values[] = { row->realm, row->user,
        csn_users_hash_name(row->hash), row->ha1_hex };
    int count = sqlite3_bind_parameter_count(statement);
    csn_status status = CSN_OK;

    for (int i = 0; i < count; i++) {
        if (sqlite3_bind_text(statement, i + 1, (const char *)values[i].ptr,
                (int)values[i].len, SQLITE_STATIC) != SQLITE_OK)
            return csn_users_sqlite_fail(edit->db, error);
    }
    if (sqlite3_step(statement) != SQLITE_DONE)
        status = csn_users_sqlite_fail(edit->db, error);
    *changes = sqlite3_changes(edit->db);
    (void)sqlite3_reset(statement);
    (void)sqlite3_clear_bindings(statement);
    return status;
}

static const char *
row_fault(const csn_users_row *row)
{
    const char *fault = csn_users_user_fault(row->user);

    if (fault == NULL)
        fault = csn_users_realm_fault(row->realm);
    if (fault == NULL)
        fault = csn_users_ha1_fault(row->ha1_hex, row->hash);
    return fault;
}

/* `row` keeps the rules, and its digits are in lower case. */
static csn_status
put_row(csn_users_edit *edit, const csn_users_row *row,
    csn_users_change *change, csn_users_error *error)
{
    int changes = 0;
    csn_status status = change_row(edit, edit->update, row, &changes, error);

    if (status == CSN_OK && changes != 0) {
        *change = CSN_USERS_CHANGED;
        return CSN_OK;
    }
    if (status == CSN_OK)
        status = change_row(edit, edit->insert, row, &changes, error);
    if (status == CSN_OK)
        *change = changes != 0 ? CSN_USERS_ADDED : CSN_USERS_SAME;
    return status;
}

csn_status
csn_users_edit_put(csn_users_edit *edit, const csn_users_row *row,
    csn_users_change *change, csn_users_error *error)
{
    const char *fault = row_fault(row);
    uint8_t digits[CSN_MAX_DIGEST_HEX];
    csn_users_row lower = *row;
    csn_status status;

    if (fault != NULL)
        return csn_users_fail(error, CSN_E_SYNTAX, "%s", fault);
    if (edit->form == CSN_USERS_TEXT && !csn_users_line_holds(row))
        return csn_users_fail(error, CSN_E_UNSUPPORTED,
            "a text file cannot hold this user name or realm");

    for (size_t i = 0; i < row->ha1_hex.len; i++)
        digits[i] = csn_ascii_lower(row->ha1_hex.ptr[i]);
    lower.ha1_hex.ptr = digits;
    status = put_row(edit, &lower, change, error);
    csn_wipe(digits, sizeof(digits));
    return status;
}

csn_status
csn_users_edit_drop(csn_users_edit *edit, csn_span realm, csn_span user,
    csn_hash hash, bool *dropped, csn_users_error *error)
{
    const csn_users_row row = { .realm = realm, .user = user, .hash = hash };
    int changes = 0;
    csn_status status = change_row(edit, edit->drop, &row, &changes, error);

    if (status == CSN_OK)
        *dropped = changes != 0;
    return status;
}

/* The content of the file to be: lines, or the database's own octets. */
static csn_status
give_content(csn_users_edit *edit, csn_users_buffer *content,
    csn_users_error *error)
{
    sqlite3_int64 size = 0;
    unsigned char *octets;
    csn_status status;

    if (edit->form == CSN_USERS_TEXT)
        return csn_users_edit_give_lines(edit, content, error);
    octets = sqlite3_serialize(edit->db, "main", &size, 0);
    if (octets == NULL)
        return csn_users_fail(error, CSN_E_MEMORY, "no memory");
    status = csn_users_buffer_add(content, octets, (size_t)size);
    csn_wipe(octets, (size_t)size);
    sqlite3_free(octets);
    return status;
}

static csn_status
write_file(csn_users_edit *edit, csn_users_error *error)
{
    csn_users_buffer content = { NULL, 0, 0 };
    csn_status status = give_content(edit, &content, error);

    if (status == CSN_OK) {
        status = csn_file_replace(edit->path, csn_users_buffer_span(&content),
            edit->is_new ? NULL : &edit->like);
        if (status != CSN_OK)
            (void)csn_users_fail(error, status, "%s", strerror(errno));
    }
    csn_users_buffer_free(&content);
    return status;
}

csn_status
csn_users_edit_commit(csn_users_edit *edit, csn_users_error *error)
{
    if (edit->in_memory)
        return write_file(edit, error);
    return csn_users_edit_run(edit, "COMMIT", error);
}

void
csn_users_edit_close(csn_users_edit *edit)
{
    (void)sqlite3_finalize(edit->update);
    (void)sqlite3_finalize(edit->insert);
    (void)sqlite3_finalize(edit->drop);
    (void)sqlite3_close(edit->db);
    if (edit->lock >= 0)
        (void)close(edit->lock);
    free(edit->path);
    free(edit);
}
