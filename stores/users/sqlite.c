// SPDX-License-Identifier: MIT
#define _GNU_SOURCE /* asprintf */
#include "sqlite.h"

#include "rules.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    VALUE_MAX = 1 << 20 /* octets of a value or a statement: far above ours */
};

csn_status
csn_users_sqlite_fail(sqlite3 *db, csn_users_error *error)
{
    switch (sqlite3_extended_errcode(db)) {
    case SQLITE_NOMEM:
        return csn_users_fail(error, CSN_E_MEMORY, "no memory");
    case SQLITE_BUSY:
    case SQLITE_BUSY_TIMEOUT:
        return csn_users_fail(error, CSN_E_STORE,
            "another program holds it locked");
    case SQLITE_READONLY_ROLLBACK:
        return csn_users_fail(error, CSN_E_STORE,
            "a change was cut off and must be undone by who may write it: "
            "'countersign passwd FILE --list' as its owner does that");
    default:
        return csn_users_fail(error, CSN_E_STORE, "%s", sqlite3_errmsg(db));
    }
}

/* SQLite gives names that begin with ':' a meaning of their own. */
static char *
plain_name(const char *path)
{
    char *name = NULL;

    if (asprintf(&name, "%s%s", path[0] == ':' ? "./" : "", path) < 0)
        return NULL;
    return name;
}

static void
settle(sqlite3 *db, int wait_ms)
{
    (void)sqlite3_busy_timeout(db, wait_ms);
    (void)sqlite3_limit(db, SQLITE_LIMIT_LENGTH, VALUE_MAX);
    (void)sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
}

csn_status
csn_users_sqlite_open(const char *path, int flags, int wait_ms, sqlite3 **db,
    csn_users_error *error)
{
    char *name = plain_name(path);
    sqlite3 *opened = NULL;
    csn_status status;
    int code;

    if (name == NULL)
        return csn_users_fail(error, CSN_E_MEMORY, "no memory");
    code = sqlite3_open_v2(name, &opened, flags | SQLITE_OPEN_EXRESCODE, NULL);
    free(name);
    if (code != SQLITE_OK) {
        status = opened != NULL
            ? csn_users_sqlite_fail(opened, error)
            : csn_users_fail(error, CSN_E_MEMORY, "no memory");
        (void)sqlite3_close(opened);
        return status;
    }
    settle(opened, wait_ms);
    *db = opened;
    return CSN_OK;
}

/* The number that a statement gives. */
static csn_status
ask_number(sqlite3 *db, const char *sql, int *number, csn_users_error *error)
{
    sqlite3_stmt *statement = NULL;
    csn_status status = CSN_OK;

    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK ||
        sqlite3_step(statement) != SQLITE_ROW)
        status = csn_users_sqlite_fail(db, error);
    else
        *number = sqlite3_column_int(statement, 0);
    (void)sqlite3_finalize(statement);
    return status;
}

csn_status
csn_users_sqlite_check(sqlite3 *db, csn_users_error *error)
{
    int id = 0;
    int version = 0;
    csn_status status = ask_number(db, "PRAGMA application_id", &id, error);

    if (status == CSN_OK)
        status = ask_number(db, "PRAGMA user_version", &version, error);
    if (status != CSN_OK)
        return status;
    if (id != CSN_USERS_APPLICATION_ID)
        return csn_users_fail(error, CSN_E_STORE,
            "it is a database, but not a user file");
    if (version < 1 || version > CSN_USERS_SCHEMA_VERSION)
        return csn_users_fail(error, CSN_E_STORE,
            "its schema has version %d; this program knows 1 to %d", version,
            CSN_USERS_SCHEMA_VERSION);
    return CSN_OK;
}

/* A column as it is; a number or blob where text belongs is a fault. */
static bool
read_column(sqlite3_stmt *statement, int column, csn_span *text)
{
    if (sqlite3_column_type(statement, column) != SQLITE_TEXT)
        return false;
    text->ptr = sqlite3_column_text(statement, column);
    text->len = (size_t)sqlite3_column_bytes(statement, column);
    return text->ptr != NULL;
}

static const char *
read_row(sqlite3_stmt *statement, csn_users_row *row)
{
    csn_span algorithm;
    const char *fault;

    if (!read_column(statement, 0, &row->user) ||
        !read_column(statement, 1, &row->realm) ||
        !read_column(statement, 2, &algorithm) ||
        !read_column(statement, 3, &row->ha1_hex))
        return "a column is not text";
    fault = csn_users_user_fault(row->user);
    if (fault == NULL)
        fault = csn_users_realm_fault(row->realm);
    if (fault == NULL)
        fault = csn_users_hash_fault(algorithm, &row->hash);
    if (fault == NULL)
        fault = csn_users_ha1_fault(row->ha1_hex, row->hash);
    return fault;
}

csn_status
csn_users_sqlite_rows(sqlite3 *db, csn_users_sink sink, void *context,
    csn_users_error *error)
{
    static const char sql[] = "SELECT user, realm, algorithm, ha1 FROM users"
                              " ORDER BY realm, user, algorithm";
    sqlite3_stmt *statement = NULL;
    csn_status status = CSN_OK;
    size_t number = 0;
    int code;

    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
        return csn_users_sqlite_fail(db, error);
    while (
        status == CSN_OK && (code = sqlite3_step(statement)) != SQLITE_DONE) {
        csn_users_row row;
        const char *fault;

        number++;
        if (code != SQLITE_ROW)
            status = csn_users_sqlite_fail(db, error);
        else if ((fault = read_row(statement, &row)) != NULL)
            status = csn_users_fail(error, CSN_E_SYNTAX,
                "row %zu by realm, user and algorithm: %s", number, fault);
        else
            status = sink(context, &row, number, error);
    }
    (void)sqlite3_finalize(statement);
    return status;
}

/* Make the first read, which finds out whether a change was cut off. */
static bool
was_cut_off(sqlite3 *db)
{
    return sqlite3_exec(db, "PRAGMA user_version", NULL, NULL, NULL) ==
        SQLITE_READONLY_ROLLBACK;
}

csn_status
csn_users_sqlite_read(const char *path, csn_users_sink sink, void *context,
    csn_users_error *error)
{
    sqlite3 *db = NULL;
    csn_status status = csn_users_sqlite_open(path, SQLITE_OPEN_READONLY,
        CSN_USERS_READ_WAIT_MS, &db, error);

    if (status == CSN_OK && was_cut_off(db)) {
        (void)sqlite3_close(db);
        /* Falls back to reading alone, and to its error, by itself. */
        status = csn_users_sqlite_open(path, SQLITE_OPEN_READWRITE,
            CSN_USERS_READ_WAIT_MS, &db, error);
    }
    if (status != CSN_OK)
        return status;
    status = csn_users_sqlite_check(db, error);
    if (status == CSN_OK)
        status = csn_users_sqlite_rows(db, sink, context, error);
    (void)sqlite3_close(db);
    return status;
}
