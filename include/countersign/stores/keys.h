// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_STORES_KEYS_H
#define COUNTERSIGN_STORES_KEYS_H

#include <countersign/crypto.h>
#include <countersign/key.h>

CSN_BEGIN_C

/*
 * The nonce key file: what csn_server_init wants, kept over restarts and
 * shared by the nodes of one service (H-04). One line for each key,
 *
 *     ID mint|accept|recognise SECRET
 *
 * ID is 0..255, SECRET 64 hex digits; words are parted by blanks. Lines that
 * are empty or start with `#` are skipped. Exactly one key mints, no ID stands
 * twice, and there are CSN_MAX_KEYS keys at the most.
 *
 * Whoever has a key can mint nonces, so a file that others than its owner may
 * read or write is refused. Files are replaced as a whole: a reader finds the
 * old keys or the new.
 */

/** Where and why a key file was refused; for a person. Never has a secret. */
typedef struct csn_keys_error {
    char text[256];
} csn_keys_error;

/**
 * Read a key file.
 *
 * Out:     `keys` and `*count`, on CSN_OK only; secrets, to be wiped after
 *          use. Otherwise `*error`, with the line.
 * Returns: CSN_OK; CSN_E_STORE, it cannot be opened or read; CSN_E_REFUSED,
 *          others may read or write it; CSN_E_SYNTAX, a line is not as above;
 *          CSN_E_DUPLICATE, an ID stands twice; CSN_E_CONFIG, not exactly one
 *          key mints; CSN_E_LIMIT, too many keys, or a file beyond 16 KiB.
 * Threads: may block on disk: not for event threads.
 */
CSN_API CSN_NODISCARD csn_status csn_keys_load(const char *path,
    csn_key keys[CSN_MAX_KEYS], size_t *count, csn_keys_error *error);

/**
 * Make a file with one key that mints, mode 0600, unless there is a file. Of
 * several that try at once one makes it, and all then read that one.
 *
 * Out:     `*error`, on failure.
 * Returns: CSN_OK, also when it was there; CSN_E_STORE; CSN_E_RANDOM.
 * Threads: as csn_keys_load.
 */
CSN_API CSN_NODISCARD csn_status csn_keys_create(const char *path,
    const csn_crypto *crypto, csn_keys_error *error);

/**
 * Add a key that mints; the one that did is accepted, those that were
 * accepted are recognised, and the last in the file makes way when there are
 * CSN_MAX_KEYS. For one node: several take csn_keys_announce, lest one meets
 * a nonce whose key it does not know yet.
 *
 * Out:     `*error`, on failure; the file is then as it was.
 * Returns: CSN_OK; what csn_keys_load returns; CSN_E_RANDOM.
 * Threads: as csn_keys_load. Of two at once one may be lost.
 */
CSN_API CSN_NODISCARD csn_status csn_keys_rotate(const char *path,
    const csn_crypto *crypto, csn_keys_error *error);

/**
 * csn_keys_rotate in two steps, for several nodes (key.h): add a key that is
 * accepted, in front of the others; and, once every node has read that, have
 * it mint.
 *
 * Returns: as csn_keys_rotate; csn_keys_promote also CSN_E_STATE, the first
 *          key of the file is not one that is accepted.
 * Threads: as csn_keys_rotate.
 */
CSN_API CSN_NODISCARD csn_status csn_keys_announce(const char *path,
    const csn_crypto *crypto, csn_keys_error *error);
CSN_API CSN_NODISCARD csn_status csn_keys_promote(const char *path,
    csn_keys_error *error);

CSN_END_C

#endif
