// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_TOOLS_PASSWD_PREPARE_H
#define COUNTERSIGN_TOOLS_PASSWD_PREPARE_H

#include <countersign/span.h>

#include "common/secret.h"

/*
 * Names and passwords as they are hashed: UTF-8 in Normalization Form C
 * (RFC 7616, 4). The profiles of RFC 8265 do more (they map wide letters and
 * unusual spaces), and clients do not do it, so at enrolment everything that
 * the profiles would change beyond NFC is refused (C-44): then all clients
 * that bring a name to NFC hash the same octets. No case is folded (C-45).
 */

/* A prepared text in the caller's memory; csn_secret_wipe it when secret. */
typedef csn_secret_text passwd_text;

/*
 * Each prepares `text`, which is a C string's octets.
 *
 * Out:     `*ready`, when NULL is returned.
 * Returns: NULL, or what is wrong with it.
 */

/* A user name about to be enrolled: also C-38, C-39. */
const char *passwd_prepare_user(csn_span text, passwd_text *ready);

/* A password about to be enrolled. */
const char *passwd_prepare_password(csn_span text, passwd_text *ready);

/* Anything that somebody else may have enrolled: NFC and nothing else. */
const char *passwd_normalize(csn_span text, passwd_text *ready);

#endif
