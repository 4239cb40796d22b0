// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_TOOLS_VERIFY_WIRE_H
#define COUNTERSIGN_TOOLS_VERIFY_WIRE_H

#include "response.h"

#include <curl/curl.h>

/*
 * One connection to the server or proxy. libcurl opens it, with TLS where the
 * URL asks for it; every octet that goes over it is ours. What comes back is
 * bounded in size and time, whatever the peer does.
 */

typedef struct verify_place {
    const char *url; /* scheme, host and port to connect to */
    const char *cacert;
    bool insecure;
    long timeout_ms; /* for a connection, and for one answer */
    int64_t end_ms;  /* when everything must be over */
    bool verbose;
    CURLcode code; /* of the last failure to connect */
} verify_place;

typedef struct verify_wire {
    CURL *easy;
    uint8_t *buffer;
    size_t len;
    size_t cap;
    bool used; /* a request went over it before */
} verify_wire;

/* Milliseconds on a clock that does not run backwards. */
int64_t verify_now_ms(void);

/* Connect unless it is; false: `place->code` says why. */
bool verify_wire_open(verify_wire *wire, verify_place *place);

void verify_wire_close(verify_wire *wire);

/* Send all of it; false when the peer is gone or takes nothing in time. */
bool verify_wire_send(verify_wire *wire, const verify_place *place,
    csn_span octets);

/*
 * Read one final response to `method`. With `stop_at_continue` a 100 is
 * handed out too.
 *
 * Out:     spans into `pool`. The connection is closed where it cannot
 *          carry another request.
 */
verify_response verify_wire_receive(verify_wire *wire,
    const verify_place *place, csn_pool *pool, csn_span method,
    bool stop_at_continue);

#endif
