// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_TOOLS_VERIFY_RUN_H
#define COUNTERSIGN_TOOLS_VERIFY_RUN_H

#include "offer.h"
#include "options.h"
#include "wire.h"

#include "inspect/report.h"

#include <countersign/layer.h>

/* How requests name what they ask for. */
typedef enum verify_mode {
    VERIFY_ORIGIN,  /* GET /path, to the origin */
    VERIFY_FORWARD, /* GET http://host/path, to a proxy */
    VERIFY_TUNNEL   /* CONNECT host:port, to a proxy */
} verify_mode;

/* What stands between "in" and "refused", for one answer. */
typedef enum verify_outcome {
    VERIFY_LET_IN,
    VERIFY_ASKED,   /* challenged: 401, or 407 of a proxy */
    VERIFY_BAD,     /* another 4xx that refuses: 400, 413, 431 ... */
    VERIFY_LIMITED, /* 429: too many wrong answers */
    VERIFY_BROKE,   /* 5xx */
    VERIFY_SILENT   /* no whole response */
} verify_outcome;

/* Everything that a run knows; checks get it. */
typedef struct verify_run {
    const verify_options *options;
    const csn_crypto *crypto;
    csn_pool pool;    /* as long as the run */
    csn_pool scratch; /* as long as one check */
    verify_place place;
    verify_wire wires[2]; /* the usual connection, and another one */
    csn_layer layer;
    verify_mode mode;
    csn_span scheme;    /* of the URL: "http" or "https" */
    csn_span authority; /* host[:port] as the URL has it */
    csn_span host_port; /* with its port, for CONNECT */
    csn_span path;      /* and query */
    csn_span user;
    csn_span password;  /* prepared; wiped with the pool */
    verify_offer offer; /* of the first answer */
    unsigned first_status;
    verify_challenge base; /* the challenge that is answered */
    unsigned base_status;  /* of a request that was let in */
    bool is_in;            /* a right login is let in */
    bool can_connect;      /* the proxy takes CONNECT to that port */
    unsigned connect_status;
    unsigned silent; /* exchanges in a row without an answer */
    size_t exchanges;
    verify_challenge old[3]; /* --wait: challenges of the beginning */
    /* --wait: a nextnonce came, what it got (without fields), and whether the
     * nonce before it was good still. */
    bool has_next;
    bool is_grace;
    verify_response next;
} verify_run;

/* A request; what is not set is left out. */
typedef struct verify_request {
    csn_span method;
    csn_span target;
    csn_span host;
    csn_span lines[2]; /* of credentials, each a whole value */
    size_t line_count;
    csn_span extra; /* whole lines */
    csn_span content;
    bool has_content;
    bool expect; /* 100-continue: the content waits for it */
} verify_request;

/* A request in the run's mode: GET, or CONNECT. */
verify_request verify_request_new(verify_run *run);

/* The target of `path` in a mode: path, URL, or host and port. */
csn_span verify_target(verify_run *run, verify_mode mode, csn_span path);

/*
 * One exchange on connection `which`. A connection that the peer closed
 * before it answered anything is opened anew, once.
 *
 * Out:  lives in the scratch pool.
 */
verify_response verify_exchange(verify_run *run, size_t which,
    const verify_request *request);

/* Forget the connection: the next exchange opens another one. */
void verify_hang_up(verify_run *run, size_t which);

/* What an answer to `method` means at the run's layer. */
verify_outcome verify_outcome_of(verify_run *run, csn_span method,
    const verify_response *response);

/* "401", "closed the connection"; in the pool. */
const char *verify_describe(verify_run *run, const verify_response *response);

/* Whether the run must end: no time left, or nobody answers any more. */
bool verify_is_over(const verify_run *run);

/* A fresh challenge like `run->base`, by a request without credentials. */
bool verify_ask(verify_run *run, size_t which, verify_mode mode,
    verify_challenge *challenge);

#endif
