// SPDX-License-Identifier: MIT
#ifndef CSN_STORES_USERS_EDIT_H
#define CSN_STORES_USERS_EDIT_H

#include "load.h"
#include "row.h"

/*
 * Changing a user file: one edit is one transaction. Between open and commit
 * nobody else's edit can begin, so none is lost; readers go on. After a crash
 * at any point the file holds all of the edit or nothing.
 *
 * SQLite files are changed in place, in a transaction of SQLite's. Text files
 * are locked (flock), read into memory, and written anew, with comments,
 * order, mode and owner kept. A file that is not there yet appears whole.
 */
typedef struct csn_users_edit csn_users_edit;

typedef enum csn_users_change {
    CSN_USERS_SAME,
    CSN_USERS_ADDED,
    CSN_USERS_CHANGED
} csn_users_change;

/*
 * Begin.
 *
 * In:      `form`, of a file that is new or empty: CSN_USERS_SQLITE or
 *          CSN_USERS_TEXT; `wait_ms`, how long to wait for another's edit.
 * Out:     `*edit` on CSN_OK; give it to csn_users_edit_close in the end.
 * Returns: CSN_OK; CSN_E_STORE, it cannot be opened, written or locked, or is
 *          a database of another kind; CSN_E_SYNTAX, CSN_E_DUPLICATE, a text
 *          file with a bad line: nothing is rewritten that was not
 *          understood; CSN_E_MEMORY.
 */
CSN_NODISCARD csn_status csn_users_edit_open(const char *path,
    csn_users_form form, int wait_ms, csn_users_edit **edit,
    csn_users_error *error);

/* CSN_USERS_SQLITE or CSN_USERS_TEXT: what the file is or will be. */
csn_users_form csn_users_edit_form(const csn_users_edit *edit);

/*
 * Add a row, or give the one of its user, realm and hash a new digest.
 *
 * Returns: CSN_OK, with what it did in `*change`; CSN_E_SYNTAX, the row breaks
 *          a rule; CSN_E_UNSUPPORTED, a text file cannot hold it;
 *          CSN_E_STORE; CSN_E_MEMORY.
 */
CSN_NODISCARD csn_status csn_users_edit_put(csn_users_edit *edit,
    const csn_users_row *row, csn_users_change *change,
    csn_users_error *error);

/* Take a row away; `*dropped` says whether there was one. */
CSN_NODISCARD csn_status csn_users_edit_drop(csn_users_edit *edit,
    csn_span realm, csn_span user, csn_hash hash, bool *dropped,
    csn_users_error *error);

/*
 * Make it so. The edit can then only be closed.
 *
 * Returns: CSN_OK, it is on disk; CSN_E_STATE, the file was not there when
 *          the edit began and is now: nothing was changed, begin again;
 *          CSN_E_STORE; CSN_E_MEMORY.
 */
CSN_NODISCARD csn_status csn_users_edit_commit(csn_users_edit *edit,
    csn_users_error *error);

/* The end; what was not committed is as if it had not been. */
void csn_users_edit_close(csn_users_edit *edit);

#endif
