// SPDX-License-Identifier: MIT
#ifndef CSN_GW_HOLD_H
#define CSN_GW_HOLD_H

#include "content/content.h"
#include "request.h"

#include <countersign/crypto_openssl.h>

/*
 * A request whose content has to be judged first (C-57).
 *
 * The plugin takes the place of its destination: the engine connects to it,
 * sends header and content, with whatever framing, pace and Expect: 100-continue
 * the client has, and gets the answer. When all of the content is there and
 * was right, the plugin makes the request itself, as a client of this same
 * engine, and its answer is the answer. Nothing was connected to before.
 *
 *     client -- A --> plugin   hold_request.c: take in, judge
 *                     plugin -- B --> application   onward.c
 *
 * Transaction B is told by the engine's mark of internal requests, and finds
 * the request by a field whose value no client can give it.
 */

typedef enum csn_gw_hold_stage {
    CSN_GW_HOLD_HEADER,
    CSN_GW_HOLD_CONTENT,
    CSN_GW_HOLD_ANSWER
} csn_gw_hold_stage;

struct csn_gw_held {
    _Atomic unsigned users; /* the continuation, A, and B */
    uint64_t number;
    csn_gw_held *next;      /* in the list of all */
    _Atomic bool unframed;  /* B's answer ended with its connection */
    TSCont continuation;    /* has A's lock */
    TSHttpTxn txn;          /* A; NULL once it closed */
    csn_gw_request request; /* as it was when the header came */
    csn_gw_txn *kept;       /* for A's response, once judged */
    csn_gw_hold_stage stage;
    unsigned status; /* of a refusal that waits */
    TSAction timer;

    /* A's connection to the plugin */
    TSVConn client;
    TSIOBuffer in;
    TSIOBufferReader in_reader;
    TSVIO reading;
    TSIOBuffer out;
    TSIOBufferReader out_reader;
    TSVIO writing;

    /* the content */
    unsigned header_end; /* octets of the empty line found so far */
    bool framed;         /* there was a field that frames content */
    bool chunked;
    uint64_t left; /* not chunked: still to come */
    csn_gw_chunks chunks;
    csn_openssl_hash *sum;
    bool spoiled; /* it could not be hashed */
    TSIOBuffer content;
    TSIOBufferReader content_reader;
    size_t size;
    bool apart; /* it is not sent to B, but given to it */

    /* the plugin's connection, to B */
    TSVConn onward;
    TSIOBuffer asked;
    TSVIO asking;
    TSVIO hearing;
    char target[]; /* as received; what `request` points to */
};

/** Keep `req`, whose content is to be hashed so. False: no memory. */
bool csn_gw_hold_request(csn_gw_request *req, csn_hash hash);

/**
 * Judge a request that was held, with the world as it is now (request.c).
 * In: `content` NULL, there was no room for it. Out: `req->status`.
 */
void csn_gw_judge_held(csn_gw_request *req, const csn_content *content);

/* onward.c */

/** Give the content to B, so that every attempt of it can send it. It lives as
 * long as B. */
csn_span csn_gw_held_give(csn_gw_held *held, TSHttpTxn txn);

/** Be among those csn_gw_held_find looks through, or no more. */
void csn_gw_held_list(csn_gw_held *held);
void csn_gw_held_unlist(csn_gw_held *held);

/** Ask for it. */
bool csn_gw_held_ask(csn_gw_held *held);

/** An event of the connection to B. */
void csn_gw_onward_event(csn_gw_held *held, TSEvent event, TSVIO vio);

/** Write to A what `out` has and gets. */
void csn_gw_held_write(csn_gw_held *held);

/** Leave off; `held` may be gone then. */
void csn_gw_held_end(csn_gw_held *held, bool whole);

#endif
