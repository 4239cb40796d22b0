// SPDX-License-Identifier: MIT
#ifndef CSN_STORES_USERS_EDIT_PRIVATE_H
#define CSN_STORES_USERS_EDIT_PRIVATE_H

#include "buffer.h"
#include "edit.h"
#include "sqlite.h"

#include <sys/stat.h>

/*
 * Every edit works on a database: the file's own, or one in memory that a
 * text file's lines were put into, or that a new file's content will be.
 */
struct csn_users_edit {
    sqlite3 *db;
    sqlite3_stmt *update;
    sqlite3_stmt *insert;
    sqlite3_stmt *drop;
    csn_users_form form;
    bool in_memory;
    bool is_new;
    char *path;
    int lock;         /* text: the locked file; else -1 */
    struct stat like; /* text: what the new file must be like */
};

/* Run statements that give no rows. */
CSN_NODISCARD csn_status csn_users_edit_run(csn_users_edit *edit,
    const char *sql, csn_users_error *error);

/*
 * Lock a text file against other edits; `path` may be a symbolic link, the
 * edit's path becomes what it points to.
 *
 * Returns: CSN_OK, `edit->lock` reads the file that has the name now;
 *          CSN_E_STORE, also when somebody else holds it for `wait_ms`.
 */
CSN_NODISCARD csn_status csn_users_edit_lock(csn_users_edit *edit,
    const char *path, int wait_ms, csn_users_error *error);

/* Put a text file's lines, comments too, into the database. */
CSN_NODISCARD csn_status csn_users_edit_take_lines(csn_users_edit *edit,
    csn_span content, csn_users_error *error);

/* The database as lines: old ones where they were, a user's new ones beside
 * his old ones, new users at the end. */
CSN_NODISCARD csn_status csn_users_edit_give_lines(csn_users_edit *edit,
    csn_users_buffer *content, csn_users_error *error);

#endif
