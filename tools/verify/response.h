// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_TOOLS_VERIFY_RESPONSE_H
#define COUNTERSIGN_TOOLS_VERIFY_RESPONSE_H

#include "wire.h"

/* Taking a response apart as its octets come in (RFC 9112). */

typedef enum verify_progress {
    VERIFY_MORE, /* not all of it has come */
    VERIFY_WHOLE,
    VERIFY_BROKEN
} verify_progress;

/*
 * Read the response at the start of `octets`, as far as they go.
 *
 * In:      `ended`, nothing will follow: that may be what ends it.
 * Out:     `*response`, on VERIFY_WHOLE, copied into `pool`; `*used`, how
 *          many octets were it.
 */
verify_progress verify_response_read(inspect_pool *pool, csn_span octets,
    csn_span method, bool ended, verify_response *response, size_t *used);

#endif
