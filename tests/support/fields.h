// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_TESTS_FIELDS_H
#define COUNTERSIGN_TESTS_FIELDS_H

#include <countersign/digest.h>

/*
 * What the Digest readers say about a field, as one line of text: each
 * parameter that is present as name=value with the value unescaped, then what
 * was made of it in brackets. `alg=MD5?` is MD5 because nothing was said.
 *
 *     realm=r nonce=n qop=[auth,auth-int] alg=SHA-256 [stale]
 *
 * Octets outside ASCII's printable range are written as \xNN. The text ends
 * with a zero and is cut at `size`.
 */
void fields_render_challenge(const csn_digest_challenge *challenge, char *out,
    size_t size);
void fields_render_credentials(const csn_digest_credentials *credentials,
    char *out, size_t size);
void fields_render_info(const csn_digest_info *info, char *out, size_t size);

/*
 * Read the field in `lines` and render it; for challenges the first one.
 * CSN_E_UNSUPPORTED for a scheme other than Digest, CSN_E_MISSING for none.
 * The text is empty unless CSN_OK; `*touched` tells whether the reader wrote
 * to its output at all.
 */
csn_status fields_read(csn_field_kind kind, const csn_span *lines,
    size_t count, char *out, size_t size, bool *touched);

/* Every value at its longest, four octets each. */
enum { FIELDS_SIZE = 5 * CSN_MAX_FIELD };

#endif
