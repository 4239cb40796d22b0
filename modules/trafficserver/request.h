// SPDX-License-Identifier: MIT
#ifndef CSN_GW_REQUEST_H
#define CSN_GW_REQUEST_H

#include "../common/judge.h"
#include "plugin.h"

/* The next proxy, and the origin. */
enum { CSN_GW_LEGS = 2 };

/* One request while it is being judged. */
typedef struct csn_gw_request {
    TSHttpTxn txn;
    csn_gw_thread *thread;
    const csn_gw_listen *listen;
    csn_gw_header header;
    TSMLoc url;
    csn_gw_octets octets;
    csn_gw_target target;
    csn_gw_txn *kept; /* what the response will need */
    csn_gw_peer peer;
    uint64_t now_ms;
    uint32_t delay_ms;          /* how long the answer waits */
    struct csn_gw_held *held;   /* NULL, or where the request waits, */
    const csn_content *content; /* what came of its content, */
    unsigned status;            /* and the refusal, 0: allowed; */
    unsigned forbidden;         /* even to a verified user, by then */
    bool via;                   /* it goes to the next proxy */
    struct csn_gw_hop *hops[CSN_GW_LEGS]; /* whom the gateway logs in to, */
    unsigned hop_count;                   /* the nearest first */
    bool probes;                /* it is the gateway's own (present/), */
    struct csn_gw_hop *renewed; /* without a login at this hop */
} csn_gw_request;

typedef struct csn_gw_held csn_gw_held;

/** The listener a transaction came in by; NULL: none of ours. */
const csn_gw_listen *csn_gw_find_listen(TSHttpTxn txn);

void csn_gw_count_decision(const csn_gw_request *req, unsigned reason);

/** Refuse, count and log. In: `outcome` NULL before the user is known. */
void csn_gw_refuse_for(csn_gw_request *req, const csn_server_outcome *outcome,
    unsigned status, unsigned reason);

/** Refuse, no more. */
void csn_gw_refuse_plainly(csn_gw_request *req, unsigned status);

/* judge.c */

csn_judged csn_gw_judge(csn_gw_request *req, const csn_gw_world *world);

bool csn_gw_has_credentials(const csn_gw_request *req);

/* keep.c: false where there is no memory */

csn_gw_txn *csn_gw_txn_none(void);
void csn_gw_keep_wait(csn_gw_request *req, uint64_t wait_ms);
bool csn_gw_keep_held(csn_gw_request *req, csn_gw_held *held);
bool csn_gw_keep_inner(csn_gw_request *req, csn_gw_held *held);
bool csn_gw_keep_challenge(csn_gw_request *req, const csn_gw_world *world);
bool csn_gw_keep_info(csn_gw_request *req, const csn_server_outcome *outcome);
bool csn_gw_keep_open(csn_gw_request *req);
bool csn_gw_keep_relayed(csn_gw_request *req);

/* open.c: where nobody logs in */

bool csn_gw_open_start(csn_gw_error *error);

/** Whether the connection is that of the user who is let in; asked once for
 * each connection. */
bool csn_gw_open_admits(TSHttpTxn txn);

/** Keep why the request is refused, to be told. */
void csn_gw_open_note(TSHttpTxn txn, unsigned reason);

/** Tell, in the gateway's own answer: who reads it is who runs it. */
void csn_gw_open_tell(TSHttpTxn txn, const csn_gw_header *header,
    unsigned status);

/* forward.c */

bool csn_gw_is_connect(const csn_gw_request *req);

/** What a verified user of the proxy still may not do. 0: nothing. */
unsigned csn_gw_forward_forbids(const csn_gw_request *req);

/** Make of the request what its destination is to see. */
void csn_gw_forward(csn_gw_request *req, csn_span user);

/* content/hold_request.c */

csn_gw_held *csn_gw_held_hold(csn_gw_held *held);
void csn_gw_held_drop(csn_gw_held *held);

/** What the response to the client needs; NULL before it was judged. */
csn_gw_txn *csn_gw_held_kept(const csn_gw_held *held);
const csn_gw_request *csn_gw_held_request(const csn_gw_held *held);

/** Its transaction has closed. */
void csn_gw_held_close(csn_gw_held *held);

/** The answer to it is only framed by its connection. */
void csn_gw_held_note_unframed(csn_gw_held *held);
bool csn_gw_held_is_unframed(const csn_gw_held *held);

/* content/onward.c */

/** The request that a transaction of the plugin's own is made for; to be
 * dropped. NULL: it ended. Takes the field that says so out. */
csn_gw_held *csn_gw_held_find(TSHttpTxn txn, const csn_gw_header *header);

#endif
