// SPDX-License-Identifier: MIT
#ifndef CSN_STORES_KEYS_FILE_H
#define CSN_STORES_KEYS_FILE_H

#include <countersign/stores/keys.h>

/* What reading and writing have in common. */

enum { CSN_KEYS_STATES = CSN_KEY_RECOGNISE + 1 };

/* The word for each csn_key_state. */
extern const csn_span csn_keys_state_names[CSN_KEYS_STATES];

/*
 * Understand a file's content.
 *
 * Out:     up to CSN_MAX_KEYS `keys`, `*count` of them; of use on CSN_OK.
 * Returns: as csn_keys_load, files aside.
 */
CSN_NODISCARD csn_status csn_keys_read(csn_span content, csn_key *keys,
    size_t *count, csn_keys_error *error);

/* Octets of a line with a key, and of what stands above them. */
enum {
    CSN_KEYS_LINE = 16 + 2 * CSN_KEY_SIZE,
    CSN_KEYS_FILE = 256 + CSN_MAX_KEYS * CSN_KEYS_LINE
};

/* Write a file's content: at most CSN_KEYS_FILE octets. */
void csn_keys_write(csn_writer *out, const csn_key *keys, size_t count);

/* Write `error`, cut to its size. Always gives `status` back. */
__attribute__((format(printf, 3, 4))) csn_status csn_keys_fail(
    csn_keys_error *error, csn_status status, const char *format, ...);

#endif
