// SPDX-License-Identifier: MIT
#ifndef CSN_GW_VIA_H
#define CSN_GW_VIA_H

#include "request.h"

#include <countersign/client.h>

/*
 * The forward proxy as a client of the next proxy.
 *
 *     via.c          one transaction: what goes out, what comes back
 *     via_body.c     its content, kept so that it can be sent again
 *     via_session.c  the session that all transactions share
 *     via_wait.c     transactions that wait while one of them asks
 *
 * Only a 407 of the next proxy is answered by sending a request again: a
 * proxy that asks for credentials has done nothing with it.
 */

/** One transaction on its way through the next proxy. */
typedef struct csn_gw_via {
    TSHttpTxn txn;
    unsigned retries; /* repeats after a 407 */
    bool sent;        /* `attempt` is of the request that is out */
    bool heard;       /* there was an answer to it, not only 1xx */
    bool repeating;   /* its 407 is answered by the engine */
    bool is_connect;
    bool expects; /* its content waits for 100 (Continue) */
    bool once;    /* its content goes as it comes: it cannot be sent again */
    bool asks;    /* others may wait for it */
    bool over;    /* the gateway answers in place of the next proxy */
    uint64_t session; /* which session `attempt` was made in */
    csn_client_attempt attempt;
    csn_client_space *own; /* NULL: that of all */
    TSAction timer;        /* while it waits, */
    TSCont waiting;        /* who is called then, */
    TSEventThread thread;
    struct csn_gw_via *next; /* and who waits behind it */
} csn_gw_via;

/* via.c */

bool csn_gw_via_start(csn_gw_error *error);

/** Send an allowed request of the forward proxy on to the next one. */
void csn_gw_via_begin(csn_gw_request *req);

/**
 * Whether the transaction stands still until there is a session: it is let go
 * on later then.
 */
bool csn_gw_via_stands(TSHttpTxn txn);

/** Whether it goes to the next proxy. */
bool csn_gw_via_is(TSHttpTxn txn);

/** Whether the response at hand is not the client's: the request is sent
 * again, or refused. */
bool csn_gw_via_keeps(TSHttpTxn txn);

/** Whether what the client gets is the engine's: the next proxy said nothing,
 * or nothing that could be read. */
bool csn_gw_via_is_unheard(TSHttpTxn txn);

/* via_body.c */

/**
 * Take in the content first, so that it can be sent again, where it is known
 * to be short enough. False: it goes as it comes.
 */
bool csn_gw_via_holds(csn_gw_request *req);

/** There was no room for it after all. */
void csn_gw_via_lack_memory(csn_gw_request *req);

/** Have the engine send what was taken in; false: the request has content
 * that cannot be sent again. */
bool csn_gw_via_take_content(csn_gw_request *req);

/* via_session.c; all of it takes its lock for a moment, and none waits */

/** Read the login, at the start and at a reload. The session stays when it is
 * the same as before. */
bool csn_gw_via_load(csn_gw_error *error);

/** Whether a session stands, and the next proxy knew it not long ago. */
bool csn_gw_via_is_ready(void);
bool csn_gw_via_is_fresh(void);

/** Credentials for one request, appended to `out`; false: there are none. */
bool csn_gw_via_authorize(csn_gw_via *via, csn_span method, csn_span uri,
    csn_writer *out);

/** Drop the session of its own. */
void csn_gw_via_forget_own(csn_gw_via *via);

/** A 407 with these challenges; false: `*why` it is the end. */
bool csn_gw_via_challenged(csn_gw_via *via, const csn_span *lines,
    size_t count, csn_reason *why);

/** Hold the response against what was sent. */
void csn_gw_via_verify(csn_gw_via *via, unsigned status, const csn_span *infos,
    size_t count, csn_client_result *result);

/* via_wait.c */

/** Wait if another asks; else this one does, where that is needed. */
bool csn_gw_via_wait(csn_gw_via *via);

/** Nobody needs to wait for this one any more. */
void csn_gw_via_asked(csn_gw_via *via);

#endif
