// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_TOOLS_PASSWD_PREPARE_H
#define COUNTERSIGN_TOOLS_PASSWD_PREPARE_H

#include <countersign/span.h>

#include "common/secret.h"

/* Names and passwords as they are hashed: <countersign/prepare.h>. */

/* A prepared text in the caller's memory; csn_secret_wipe it when secret. */
typedef csn_secret_text passwd_text;

/*
 * Each prepares `text`, which is a C string's octets.
 *
 * Out:     `*ready`, when NULL is returned.
 * Returns: NULL, or what is wrong with it.
 */

/* A user name about to be enrolled: UsernameCasePreserved. */
const char *passwd_prepare_user(csn_span text, passwd_text *ready);

/* A password about to be enrolled: OpaqueString, or empty. */
const char *passwd_prepare_password(csn_span text, passwd_text *ready);

/* What somebody else may have enrolled, as clients send it. */
const char *passwd_typed_user(csn_span text, passwd_text *ready);
const char *passwd_typed_password(csn_span text, passwd_text *ready);

/* Whether `ready` is another text than `text` in NFC, which is all that many
 * clients do. */
bool passwd_is_more_than_nfc(csn_span text, const passwd_text *ready);

#endif
