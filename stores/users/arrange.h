// SPDX-License-Identifier: MIT
#ifndef CSN_STORES_USERS_ARRANGE_H
#define CSN_STORES_USERS_ARRANGE_H

#include "snapshot.h"

/* Two rows, numbered from 1, for one user, realm and hash. */
typedef struct csn_users_repeat {
    uint32_t before;
    uint32_t again;
} csn_users_repeat;

/*
 * Make the index of names of a snapshot that has all its rows.
 *
 * In:      `key_source`, csn_users_key_random outside tests.
 * Out:     `*repeat` with CSN_E_DUPLICATE, and `*error` with all others.
 * Returns: CSN_OK; CSN_E_DUPLICATE; CSN_E_RANDOM; CSN_E_MEMORY.
 */
CSN_NODISCARD csn_status csn_users_arrange(csn_users *users,
    csn_users_key_source key_source, csn_users_repeat *repeat,
    csn_users_error *error);

/*
 * Make the index of hashed names, once the other one is there (D-40).
 *
 * Returns: CSN_OK; CSN_E_CRYPTO; CSN_E_RANDOM; CSN_E_MEMORY.
 */
CSN_NODISCARD csn_status csn_users_arrange_hashed(csn_users *users,
    const csn_crypto *crypto, csn_users_key_source key_source,
    csn_users_error *error);

#endif
