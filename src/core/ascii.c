// SPDX-License-Identifier: MIT
#include "core/ascii.h"

/*
 * token         = 1*tchar
 * tchar         = "!" / "#" / "$" / "%" / "&" / "'" / "*" / "+" / "-" / "." /
 *                 "^" / "_" / "`" / "|" / "~" / DIGIT / ALPHA
 * quoted-string = DQUOTE *( qdtext / quoted-pair ) DQUOTE
 * qdtext        = HTAB / SP / %x21 / %x23-5B / %x5D-7E / obs-text
 * quoted-pair   = "\" ( HTAB / SP / VCHAR / obs-text )
 * token68       = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="
 *
 * RFC 9110, 5.6.2, 5.6.4 and 11.2.
 */
enum {
    C = CSN_CLASS_CONTROL,
    V = CSN_CLASS_QDTEXT | CSN_CLASS_QPAIR, /* visible, and obs-text */
    Q = CSN_CLASS_QPAIR,                    /* '"' and '\' */
    S = V | CSN_CLASS_BLANK,
    H = S | CSN_CLASS_CONTROL,
    T = V | CSN_CLASS_TCHAR,
    L = V | CSN_CLASS_TOKEN68,
    A = T | CSN_CLASS_TOKEN68
};

const uint8_t csn_ascii_class[256] = {
    C, C, C, C, C, C, C, C, C, H, C, C, C, C, C, C, /* 00 */
    C, C, C, C, C, C, C, C, C, C, C, C, C, C, C, C, /* 10 */
    S, T, Q, T, T, T, T, T, V, V, T, A, V, A, A, L, /* 20 */
    A, A, A, A, A, A, A, A, A, A, V, V, V, V, V, V, /* 30 */
    V, A, A, A, A, A, A, A, A, A, A, A, A, A, A, A, /* 40 */
    A, A, A, A, A, A, A, A, A, A, A, V, Q, V, T, A, /* 50 */
    T, A, A, A, A, A, A, A, A, A, A, A, A, A, A, A, /* 60 */
    A, A, A, A, A, A, A, A, A, A, A, V, T, V, A, C, /* 70 */
    V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, /* 80 */
    V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, /* 90 */
    V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, /* a0 */
    V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, /* b0 */
    V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, /* c0 */
    V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, /* d0 */
    V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, /* e0 */
    V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, /* f0 */
};
