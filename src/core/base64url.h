// SPDX-License-Identifier: MIT
#ifndef CSN_CORE_BASE64URL_H
#define CSN_CORE_BASE64URL_H

#include <countersign/span.h>
#include <countersign/status.h>

/* base64url without padding: RFC 4648, 5. */

/* Octets needed for the text of `len` octets. */
#define CSN_BASE64URL_LEN(len) (((len)*4 + 2) / 3)

void csn_base64url_encode(const uint8_t *octets, size_t len, uint8_t *out);

/* The most that is decoded at once; nonces are the longest. */
#define CSN_BASE64URL_MAX 48

/*
 * Decode exactly `size` octets, at most CSN_BASE64URL_MAX. CSN_E_LENGTH;
 * CSN_E_SYNTAX, an octet outside the alphabet or unused bits that are not
 * zero (one text per value). `out` is written on CSN_OK only.
 */
CSN_NODISCARD csn_status csn_base64url_decode(csn_span text, uint8_t *out,
    size_t size);

#endif
