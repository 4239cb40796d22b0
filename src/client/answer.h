// SPDX-License-Identifier: MIT
#ifndef CSN_CLIENT_ANSWER_H
#define CSN_CLIENT_ANSWER_H

#include <countersign/digest.h>

/* Reading Info fields, for verify.c. */

/*
 * A parameter with its escapes undone: in the caller's line, or in `octets`
 * when it had any. Copied nowhere, for then the pointer would be wrong.
 */
struct client_text {
    csn_span text;
    bool present;
    uint8_t octets[CSN_MAX_NONCE];
};

/* What one section says; no longer of use when the lines are gone. */
struct client_answer {
    csn_digest_info info;
    struct client_text nextnonce;
    struct client_text rspauth;
    struct client_text cnonce;
};

_Static_assert(CSN_MAX_NONCE >= CSN_MAX_CNONCE &&
        CSN_MAX_NONCE >= CSN_MAX_DIGEST_HEX,
    "a text holds every parameter");

/* Read one section's lines; anything but CSN_OK makes the field useless. */
CSN_NODISCARD csn_status csn_client_answer_read(struct client_answer *answer,
    const csn_span *lines, size_t count);

/* Take over what `from` alone has; false where both differ (F-07). */
bool csn_client_answer_join(struct client_answer *into,
    const struct client_answer *from);

/* Whether none of the parameters is there. */
bool csn_client_answer_is_empty(const struct client_answer *answer);

#endif
