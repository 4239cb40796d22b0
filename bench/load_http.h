// SPDX-License-Identifier: MIT
#ifndef CSN_BENCH_LOAD_HTTP_H
#define CSN_BENCH_LOAD_HTTP_H

/* As much HTTP/1.1 as the load needs: addresses in, responses read. */

#include <countersign/layer.h>

#include <stdbool.h>

/** http://HOST:PORT/PATH, in pieces of the text given. */
typedef struct load_url {
    csn_span host;
    uint16_t port;
    csn_span path;
} load_url;

bool load_url_read(const char *text, load_url *url);

/** Connect to HOST:PORT; ends the program where that fails. */
int load_connect(csn_span host, uint16_t port);

enum { LOAD_LINES = 8 };

/** A response's head: spans into the octets read. */
typedef struct load_head {
    unsigned status;
    size_t head_len;
    size_t body_len;
    csn_span info[LOAD_LINES];
    size_t info_count;
    csn_span challenges[LOAD_LINES];
    size_t challenge_count;
} load_head;

/**
 * False while the head is not whole. A response that has no Content-Length
 * has no body, or ends the program: what is measured sends it.
 */
bool load_head_read(csn_span octets, csn_layer layer, load_head *head);

#endif
