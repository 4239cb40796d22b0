// SPDX-License-Identifier: MIT
#ifndef CSN_STORES_KEYS_FILE_H
#define CSN_STORES_KEYS_FILE_H

#include <countersign/stores/keys.h>

/* What reading and writing have in common. */

enum { CSN_KEYS_STATES = CSN_KEY_RECOGNISE + 1 };

/* The word for each csn_key_state. */
extern const csn_span csn_keys_state_names[CSN_KEYS_STATES];

/* Write `error`, cut to its size. Always gives `status` back. */
__attribute__((format(printf, 3, 4))) csn_status csn_keys_fail(
    csn_keys_error *error, csn_status status, const char *format, ...);

#endif
