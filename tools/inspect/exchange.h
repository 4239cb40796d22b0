// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_TOOLS_INSPECT_EXCHANGE_H
#define COUNTERSIGN_TOOLS_INSPECT_EXCHANGE_H

#include "message.h"

/* A request and the final response it got; one of them may be missing. */
typedef struct inspect_exchange {
    const inspect_message *request;
    const inspect_message *response;
} inspect_exchange;

typedef struct inspect_exchanges {
    inspect_exchange *items;
    size_t count;
} inspect_exchanges;

/*
 * Pair them: by order (RFC 9112, 9.3), also where requests are pipelined; in
 * `curl -v` output, where nothing is pipelined, a response answers the newest
 * request, so that one that went down with its connection stays alone.
 * Interim responses (1xx) are left out: Digest has no business in them (F-06).
 */
inspect_exchanges inspect_pair(csn_pool *pool,
    const inspect_messages *messages);

#endif
