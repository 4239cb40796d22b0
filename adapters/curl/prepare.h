// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_CURL_PREPARE_H
#define COUNTERSIGN_CURL_PREPARE_H

#include <countersign/span.h>
#include <countersign/status.h>

/**
 * A user name ready to be hashed (C-40, C-41): see csn_prepare_typed_user.
 *
 * In:      `nfc_only`, Normalization Form C and no more.
 * Out:     `*ready`, new, on CSN_OK; free it.
 * Returns: CSN_OK; CSN_E_SYNTAX, not UTF-8, empty, or with a colon or a
 *          control character (C-38, C-39); CSN_E_LIMIT; CSN_E_MEMORY.
 */
CSN_NODISCARD csn_status csn_curl_prepare_user(const char *user, bool nfc_only,
    char **ready);

/** The same for a password, which may be empty and hold colons. */
CSN_NODISCARD csn_status csn_curl_prepare_password(const char *password,
    bool nfc_only, char **ready);

#endif
