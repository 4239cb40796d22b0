// SPDX-License-Identifier: MIT
#define _GNU_SOURCE /* flock, clock_gettime, realpath */
#include "edit_private.h"

#include "../common/line.h"
#include "rules.h"
#include "text.h"

#include <countersign/limits.h>

#include "core/ct.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

/*
 * Text files in an edit. What stood on which line is kept in a second table,
 * so that rewriting the file moves nothing.
 */
static const char lines_sql[] =
    "CREATE TABLE lines (place INTEGER PRIMARY KEY, text TEXT,"
    " realm TEXT, user TEXT, algorithm TEXT, userhash TEXT);"
    "CREATE INDEX line_of ON lines (realm, user, algorithm);";

enum { LOCK_PAUSE_MS = 20 };

static int64_t
now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool
lock_until(int fd, int64_t deadline_ms)
{
    const struct timespec pause = { .tv_nsec = LOCK_PAUSE_MS * 1000000L };

    while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return false;
        if (now_ms() >= deadline_ms)
            return false;
        (void)nanosleep(&pause, NULL);
    }
    return true;
}

/* Whether the name still leads to the open file, which an edit replaces. */
static bool
is_current(int fd, const char *path, struct stat *info)
{
    struct stat named;

    return fstat(fd, info) == 0 && stat(path, &named) == 0 &&
        info->st_dev == named.st_dev && info->st_ino == named.st_ino;
}

csn_status
csn_users_edit_lock(csn_users_edit *edit, const char *path, int wait_ms,
    csn_users_error *error)
{
    int64_t deadline_ms = now_ms() + wait_ms;

    edit->path = realpath(path, NULL);
    if (edit->path == NULL)
        return csn_users_fail(error, CSN_E_STORE, "%s", strerror(errno));
    for (;;) {
        int fd = open(edit->path, O_RDWR | O_CLOEXEC | O_NONBLOCK);

        if (fd < 0)
            return csn_users_fail(error, CSN_E_STORE, "%s", strerror(errno));
        if (!lock_until(fd, deadline_ms)) {
            (void)close(fd);
            return csn_users_fail(error, CSN_E_STORE,
                "another program holds it locked");
        }
        if (is_current(fd, edit->path, &edit->like)) {
            edit->lock = fd;
            return CSN_OK;
        }
        (void)close(fd);
    }
}

static bool
bind_text(sqlite3_stmt *statement, int column, csn_span text)
{
    return sqlite3_bind_text(statement, column, (const char *)text.ptr,
               (int)text.len, SQLITE_STATIC) == SQLITE_OK;
}

/* Remember one line: a row's names, or another line's text. */
static csn_status
keep_line(sqlite3_stmt *insert, size_t place, csn_span text,
    const csn_users_line *line)
{
    bool bound = sqlite3_bind_int64(insert, 1, (sqlite3_int64)place) ==
        SQLITE_OK;

    if (line->is_row)
        bound = bound && bind_text(insert, 3, line->row.realm) &&
            bind_text(insert, 4, line->row.user) &&
            bind_text(insert, 5, csn_users_hash_name(line->row.hash)) &&
            bind_text(insert, 6, line->userhash);
    else
        bound = bound && bind_text(insert, 2, text);
    if (!bound || sqlite3_step(insert) != SQLITE_DONE)
        return CSN_E_STORE;
    (void)sqlite3_reset(insert);
    (void)sqlite3_clear_bindings(insert);
    return CSN_OK;
}

static csn_status
take_line(csn_users_edit *edit, sqlite3_stmt *insert, size_t number,
    csn_span text, csn_users_error *error)
{
    csn_users_line line;
    csn_users_change change = CSN_USERS_ADDED;
    const char *fault = csn_users_line_read(text, &line);
    csn_status status = CSN_OK;

    if (fault != NULL)
        return csn_users_fail(error, CSN_E_SYNTAX, "line %zu: %s", number,
            fault);
    if (line.is_row)
        status = csn_users_edit_put(edit, &line.row, &change, error);
    if (status != CSN_OK)
        return status;
    if (change != CSN_USERS_ADDED)
        return csn_users_fail(error, CSN_E_DUPLICATE,
            "line %zu: its user, realm and algorithm stand further up too",
            number);
    if (keep_line(insert, number, text, &line) != CSN_OK)
        return csn_users_sqlite_fail(edit->db, error);
    return CSN_OK;
}

csn_status
csn_users_edit_take_lines(csn_users_edit *edit, csn_span content,
    csn_users_error *error)
{
    static const char sql[] = "INSERT INTO lines VALUES (?, ?, ?, ?, ?, ?)";
    sqlite3_stmt *insert = NULL;
    csn_status status = csn_users_edit_run(edit, lines_sql, error);
    csn_span text;

    if (status == CSN_OK &&
        sqlite3_prepare_v2(edit->db, sql, -1, &insert, NULL) != SQLITE_OK)
        status = csn_users_sqlite_fail(edit->db, error);
    for (size_t number = 1; status == CSN_OK && csn_line_next(&content, &text);
         number++)
        status = take_line(edit, insert, number, text, error);
    (void)sqlite3_finalize(insert);
    return status;
}

static csn_span
column(sqlite3_stmt *statement, int number)
{
    const uint8_t *text = sqlite3_column_text(statement, number);

    return (csn_span){ text, (size_t)sqlite3_column_bytes(statement, number) };
}

static csn_status
give_line(sqlite3_stmt *statement, csn_users_buffer *content)
{
    uint8_t buffer[CSN_USERS_LINE_MAX];
    csn_writer out = csn_writer_init(buffer, sizeof(buffer));
    csn_users_row row;
    csn_status status;

    if (sqlite3_column_type(statement, 0) == SQLITE_TEXT) {
        csn_span text = column(statement, 0);

        status = csn_users_buffer_add(content, text.ptr, text.len);
        return status == CSN_OK ? csn_users_buffer_add(content, "\n", 1)
                                : status;
    }
    row.user = column(statement, 1);
    row.realm = column(statement, 2);
    row.ha1_hex = column(statement, 4);
    if (csn_users_hash_fault(column(statement, 3), &row.hash) != NULL)
        return CSN_E_STORE;
    csn_users_line_write(&out, &row, column(statement, 5));
    status = csn_users_buffer_add(content, buffer, out.len);
    csn_wipe(buffer, sizeof(buffer));
    return status;
}

csn_status
csn_users_edit_give_lines(csn_users_edit *edit, csn_users_buffer *content,
    csn_users_error *error)
{
    static const char sql[] =
        "WITH spots AS (SELECT realm, user, min(place) AS place FROM lines"
        " WHERE text IS NULL GROUP BY realm, user)"
        " SELECT NULL AS text, u.user, u.realm, u.algorithm, u.ha1,"
        " l.userhash, coalesce(l.place, s.place, 9e18) AS place"
        " FROM users u LEFT JOIN lines l USING (realm, user, algorithm)"
        " LEFT JOIN spots s USING (realm, user)"
        " UNION ALL SELECT text, NULL, NULL, NULL, NULL, NULL, place"
        " FROM lines WHERE text IS NOT NULL"
        " ORDER BY place, realm, user, algorithm";
    sqlite3_stmt *statement = NULL;
    csn_status status = CSN_OK;
    int code;

    if (sqlite3_prepare_v2(edit->db, sql, -1, &statement, NULL) != SQLITE_OK)
        return csn_users_sqlite_fail(edit->db, error);
    while (
        status == CSN_OK && (code = sqlite3_step(statement)) != SQLITE_DONE) {
        if (code != SQLITE_ROW)
            status = csn_users_sqlite_fail(edit->db, error);
        else if ((status = give_line(statement, content)) != CSN_OK)
            (void)csn_users_fail(error, status, "%s",
                "no memory for the new content");
    }
    (void)sqlite3_finalize(statement);
    return status;
}
