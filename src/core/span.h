// SPDX-License-Identifier: MIT
#ifndef CSN_CORE_SPAN_H
#define CSN_CORE_SPAN_H

#include <countersign/span.h>

/* Octet for octet; not for secrets (ct.h). */
bool csn_span_equal(csn_span a, csn_span b);

/* Without regard to ASCII case. */
bool csn_span_equal_nocase(csn_span a, csn_span b);

/* The part from `offset` on, at most `len` octets; clipped to the span. */
csn_span csn_span_slice(csn_span text, size_t offset, size_t len);

/* Without SP and HTAB at both ends. */
csn_span csn_span_trim(csn_span text);

#endif
