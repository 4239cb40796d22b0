// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_TOOLS_PASSWD_PASSWD_H
#define COUNTERSIGN_TOOLS_PASSWD_PASSWD_H

#include "options.h"
#include "prepare.h"

#include "stores/users/edit.h"
#include "stores/users/snapshot.h"

/*
 * `countersign passwd`: each action is one function that gives the exit code
 * and has said why when it is not 0.
 */
int passwd_set(const passwd_options *options);
int passwd_list(const passwd_options *options);
int passwd_remove(const passwd_options *options);
int passwd_verify(const passwd_options *options);
int passwd_import(const passwd_options *options);
int passwd_export(const passwd_options *options);

/* How long to wait for another program's change. */
enum { PASSWD_WAIT_MS = 10000 };

/*
 * Read FILE, and note when others than its owner can (H-22).
 *
 * Out:     `*users`, to be released; NULL when `may_miss` and it is not there.
 * Returns: an exit code.
 */
int passwd_load(const char *path, bool may_miss, csn_users **users);

/*
 * The realm to work in: --realm, or the only one in the file.
 *
 * In:      `users` may be NULL: no file yet.
 * Out:     `*realm`, as long as options and users live.
 * Returns: an exit code.
 */
int passwd_realm(const passwd_options *options, const csn_users *users,
    csn_span *realm);

/* --algorithm, or the default. */
unsigned passwd_hashes(const passwd_options *options);

/* The user as FILE spells him: octet for octet, or else prepared. */
int passwd_known_user(const passwd_options *options, const csn_users *users,
    csn_span realm, passwd_text *user);

/* The password from where the options say; `ask` is for a prompt. */
bool passwd_read(const passwd_options *options, const char *ask,
    csn_secret_text *password);

/* H(A1) of one user; `hex` has room for CSN_MAX_DIGEST_HEX digits. */
int passwd_ha1(csn_hash hash, csn_span user, csn_span realm, csn_span password,
    uint8_t *hex);

/* An edit's failure as a note and an exit code. */
int passwd_failed(const char *path, csn_status status,
    const csn_users_error *error);

/*
 * Change FILE in one edit. When the file appears while a new one is made, the
 * edit is made again on what is there now.
 *
 * In:      `apply` puts and drops; CSN_END ends without a change.
 * Returns: an exit code; CSN_EXIT_OK also for CSN_END.
 */
typedef csn_status (*passwd_apply)(csn_users_edit *edit, void *context,
    csn_users_error *error);
int passwd_edit(const passwd_options *options, passwd_apply apply,
    void *context);

/* A C string's octets. */
csn_span passwd_span(const char *text);

#endif
