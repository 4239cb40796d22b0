// SPDX-License-Identifier: MIT
#ifndef CSN_STORES_USERS_ROW_H
#define CSN_STORES_USERS_ROW_H

#include <countersign/stores/users.h>

/* One entry of a user file: what the readers give and the writers take. */
typedef struct csn_users_row {
    csn_span user;
    csn_span realm;
    csn_hash hash;
    csn_span ha1_hex; /* csn_hash_size x 2 digits */
} csn_users_row;

/*
 * Where a reader hands its rows, one by one, already checked.
 *
 * In:      `row`, borrowed for the call; `number`, its line or row, from 1.
 * Returns: CSN_OK, or what ends the reading and is returned by the reader;
 *          `*error` then says why.
 */
typedef csn_status (*csn_users_sink)(void *context, const csn_users_row *row,
    size_t number, csn_users_error *error);

/* Write `error`, cut to its size. Always gives `status` back. */
__attribute__((format(printf, 3, 4))) csn_status csn_users_fail(
    csn_users_error *error, csn_status status, const char *format, ...);

#endif
