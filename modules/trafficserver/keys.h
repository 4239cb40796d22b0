// SPDX-License-Identifier: MIT
#ifndef CSN_GW_KEYS_H
#define CSN_GW_KEYS_H

#include "settings.h"

/*
 * The nonce key file, STATE/nonce.keys, mode 0600: a line for each key,
 * `ID mint|accept|recognise SECRET`, the secret in 64 hex digits; exactly one
 * key mints. Nodes of one service share the file.
 */

#define CSN_GW_KEYS_FILE "nonce.keys"

/** Make the file with one key unless it is there. */
bool csn_gw_keys_create(const char *path, csn_gw_error *error);

/**
 * Read the file. Refused when others than its owner can read it.
 *
 * Out: `keys`, `*count` of them; to be wiped by the caller.
 */
bool csn_gw_keys_load(const char *path, csn_key keys[CSN_MAX_KEYS],
    size_t *count, csn_gw_error *error);

/**
 * Add a key that mints; the one that did is accepted, those accepted before
 * are recognised, and the oldest make way when there are CSN_MAX_KEYS. The
 * file is replaced as a whole.
 */
bool csn_gw_keys_rotate(const char *path, csn_gw_error *error);

#endif
