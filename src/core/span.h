// SPDX-License-Identifier: MIT
#ifndef CSN_CORE_SPAN_H
#define CSN_CORE_SPAN_H

#include <countersign/span.h>

#include <string.h>

/* Octet for octet; not for secrets (ct.h). */
static inline bool
csn_span_equal(csn_span a, csn_span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* The same for two of one length, ASCII case aside. */
bool csn_span_equal_folded(const uint8_t *a, const uint8_t *b, size_t len);

/* Without regard to ASCII case; nearly always peers copy our spelling. */
static inline bool
csn_span_equal_nocase(csn_span a, csn_span b)
{
    if (a.len != b.len)
        return false;
    return csn_span_equal(a, b) || csn_span_equal_folded(a.ptr, b.ptr, a.len);
}

/* The part from `offset` on, at most `len` octets; clipped to the span. */
csn_span csn_span_slice(csn_span text, size_t offset, size_t len);

/* Without SP and HTAB at both ends. */
csn_span csn_span_trim(csn_span text);

#endif
