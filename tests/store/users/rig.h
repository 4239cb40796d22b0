// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_TESTS_USERS_RIG_H
#define COUNTERSIGN_TESTS_USERS_RIG_H

/* What the tests of user files share: files of a moment, rows, digests. */

#include "check.h"

#include <countersign/stores/users.h>

#include "users/row.h"
#include "users/snapshot.h"

/* Digests that stand out: of MD5's length, and of the others'. */
#define RIG_HEX32 "0123456789abcdef0123456789abcdef"
#define RIG_HEX64 RIG_HEX32 RIG_HEX32
#define RIG_OTHER64                                                           \
    "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"

/* A row of C strings. */
csn_users_row rig_row(const char *user, const char *realm, csn_hash hash,
    const char *ha1_hex);

/* A folder of its own, removed with all in it by rig_folder_drop. */
void rig_folder_make(char folder[64]);
void rig_folder_drop(const char *folder);

/* `folder`/`name`, in a buffer that the next call but three uses again. */
const char *rig_path(const char *folder, const char *name);

/* Write a file whole, mode 0600. */
void rig_write(const char *path, csn_span content);

/* A file's content; drop it with check_drop. */
csn_span rig_read(const char *path);

/* How many entries a folder has. */
size_t rig_entries(const char *folder);

/* Run SQL on a database of its own connection. */
void rig_sql(const char *path, const char *sql);

/* H(A1) as the snapshot has it. */
csn_span rig_find(const csn_users *users, const char *realm, const char *user,
    csn_hash hash);

/* A snapshot of rows, with keys from `key_source`; NULL when `*status` is not
 * CSN_OK. */
csn_users *rig_build_with(const csn_users_row *rows, size_t count,
    csn_users_key_source key_source, csn_status *status,
    csn_users_error *error);

/* The same, which must work, with random keys. */
csn_users *rig_build(const csn_users_row *rows, size_t count);

#endif
