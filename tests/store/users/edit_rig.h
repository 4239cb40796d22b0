// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_TESTS_USERS_EDIT_RIG_H
#define COUNTERSIGN_TESTS_USERS_EDIT_RIG_H

/* What the tests of edits share: each step, which must work or the test
 * fails. */

#include "rig.h"

#include "users/edit.h"

/* Open for editing, which must work at once. */
csn_users_edit *edit_begin(const char *path, csn_users_form form);

/* Opening must fail with `want`, and say `words`. */
void edit_refuse(const char *path, csn_status want, const char *words);

/* Put a row; what it did. */
csn_users_change edit_put(csn_users_edit *edit, const char *user,
    const char *realm, csn_hash hash, const char *hex);

/* Take a row away; whether there was one. */
bool edit_drop(csn_users_edit *edit, const char *user, const char *realm,
    csn_hash hash);

/* Commit and close. */
void edit_commit(csn_users_edit *edit);

/* The file as a snapshot; it must be a good one. */
csn_users *edit_load(const char *path);

/* What a user's entry is in the file; empty for none. */
void edit_check_entry(const char *path, const char *user, const char *realm,
    csn_hash hash, const char *want);

/* The whole file, octet for octet. */
void edit_check_content(const char *path, const char *want);

#endif
