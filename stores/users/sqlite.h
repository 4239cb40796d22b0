// SPDX-License-Identifier: MIT
#ifndef CSN_STORES_USERS_SQLITE_H
#define CSN_STORES_USERS_SQLITE_H

#include "row.h"

#include <sqlite3.h>

/*
 * The SQLite form: one table `users`, one row per user, realm and algorithm.
 * `application_id` marks the file as ours ("csnU") and `user_version` is the
 * schema's version; what is newer than this program is refused, not guessed.
 */
#define CSN_USERS_APPLICATION_ID 0x63736e55
#define CSN_USERS_SCHEMA_VERSION 1

/* How long a reader waits for a writer's commit. */
#define CSN_USERS_READ_WAIT_MS 5000

/* What an SQLite file begins with (sqlite.org/fileformat.html, 1.3.1). */
#define CSN_USERS_SQLITE_MAGIC "SQLite format 3"

/*
 * Open with our settings: extended codes, no trust in what a schema may
 * call, values no longer than a row can need.
 *
 * In:      `flags`, SQLITE_OPEN_READONLY or the like.
 * Out:     `*db` on CSN_OK; close it with sqlite3_close.
 * Returns: CSN_OK; CSN_E_STORE; CSN_E_MEMORY.
 */
CSN_NODISCARD csn_status csn_users_sqlite_open(const char *path, int flags,
    int wait_ms, sqlite3 **db, csn_users_error *error);

/* A failed call as status and words; never gives CSN_OK. */
csn_status csn_users_sqlite_fail(sqlite3 *db, csn_users_error *error);

/* Whether the schema is ours and one we know. CSN_OK; CSN_E_STORE. */
CSN_NODISCARD csn_status csn_users_sqlite_check(sqlite3 *db,
    csn_users_error *error);

/* Hand all rows, ordered by realm, user and algorithm, to `sink`. */
CSN_NODISCARD csn_status csn_users_sqlite_rows(sqlite3 *db,
    csn_users_sink sink, void *context, csn_users_error *error);

/*
 * Read a whole file without changing it. When a writer was cut off in the
 * middle of a commit, its half is undone first, which needs the right to
 * write; without it this fails and says so.
 *
 * Returns: CSN_OK; CSN_E_STORE; CSN_E_SYNTAX, a bad row; what `sink` returns.
 */
CSN_NODISCARD csn_status csn_users_sqlite_read(const char *path,
    csn_users_sink sink, void *context, csn_users_error *error);

#endif
