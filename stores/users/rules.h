// SPDX-License-Identifier: MIT
#ifndef CSN_STORES_USERS_RULES_H
#define CSN_STORES_USERS_RULES_H

#include "row.h"

/*
 * What may stand in a user file. Each gives NULL when all is well, and
 * otherwise what is wrong, as the end of a sentence; none repeats the
 * content, which may be a secret in the wrong column (H-18).
 */

/* A hash's name in a user file, as registered (RFC 7616, 6.1), and how many
 * hex digits its digests have. */
csn_span csn_users_hash_name(csn_hash hash);
size_t csn_users_hash_digits(csn_hash hash);

/* C-38, C-39: no colon, no control character, UTF-8, 1..CSN_MAX_USER. */
const char *csn_users_user_fault(csn_span user);

/* The same with colons allowed, 1..CSN_MAX_REALM. */
const char *csn_users_realm_fault(csn_span realm);

/* A hash by its algorithm's name, in any case. */
const char *csn_users_hash_fault(csn_span name, csn_hash *hash);

/* C-13: as many hex digits as the hash has. */
const char *csn_users_ha1_fault(csn_span ha1_hex, csn_hash hash);

#endif
