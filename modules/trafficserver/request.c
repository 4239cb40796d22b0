// SPDX-License-Identifier: MIT
#include "content/hold.h"
#include "content/prove.h"
#include "present/present.h"
#include "relay.h"

#include <string.h>

/*
 * TS_HTTP_READ_REQUEST_HDR: the decision. Everything is done here in one go:
 * the engine asks for a secret, a session and a count, and all are in memory;
 * but a request whose content is to be judged waits for that (hold.h). What
 * the response needs is put into a csn_gw_txn.
 */

/* In: `kept`, whether there was memory for what the response needs. */
static void
allow(csn_gw_request *req, const csn_server_outcome *outcome, bool kept)
{
    csn_layer layer = req->listen->layer;
    unsigned forbidden = 0;

    if (!kept) {
        csn_gw_refuse_for(req, outcome, 500, CSN_R_INTERNAL);
        return;
    }
    if (layer == CSN_LAYER_PROXY)
        forbidden = req->held != NULL ? req->forbidden
                                      : csn_gw_forward_forbids(req);
    if (forbidden != 0) {
        csn_gw_refuse_for(req, outcome, 403, forbidden);
        return;
    }
    csn_gw_count_decision(req, CSN_R_NONE);
    if (req->held != NULL || csn_gw_present_holds(req))
        return; /* it is made anew, with its content */
    if (req->kept->proving != NULL)
        csn_gw_hook(req->txn, TS_HTTP_READ_RESPONSE_HDR_HOOK);
    csn_gw_forward(req, outcome->user);
}

/* Do what the engine's outcome says. */
static void
act(csn_gw_request *req, const csn_gw_world *world)
{
    csn_server_outcome outcome = csn_server_get_outcome(
        &req->thread->exchange);

    if (outcome.verdict == CSN_VERDICT_ALLOW) {
        allow(req, &outcome, csn_gw_keep_info(req, &outcome));
        return;
    }
    if (outcome.verdict == CSN_VERDICT_CHALLENGE &&
        !csn_gw_keep_challenge(req, world)) {
        csn_gw_refuse_for(req, &outcome, 500, CSN_R_INTERNAL);
        return;
    }
    if (outcome.failed_login)
        csn_gw_count(&req->thread->failed_logins[req->listen->layer]);
    csn_gw_refuse_for(req, &outcome, outcome.http_status, outcome.reason);
}

/* What cannot be asked here, with credentials or without. 0: it can. */
static unsigned
misdirected(const csn_gw_request *req, unsigned *status)
{
    int host_len;

    (void)TSUrlHostGet(req->header.buffer, req->url, &host_len);
    if (csn_gateway.settings.open_count > 0 && !csn_gw_open_admits(req->txn)) {
        *status = 403;
        return CSN_GW_R_FOREIGN_USER;
    }
    if (req->listen->layer == CSN_LAYER_ORIGIN && csn_gw_is_connect(req)) {
        *status = 405;
        return CSN_GW_R_CONNECT_NOT_HERE;
    }
    if (req->listen->layer == CSN_LAYER_PROXY && host_len <= 0) {
        *status = 400;
        return CSN_GW_R_NOT_A_PROXY_REQUEST;
    }
    return 0;
}

/* Judge it in the world as it is now, and do what follows. */
static void
settle(csn_gw_request *req)
{
    const csn_gw_world *world = csn_gw_world_enter(req->thread);
    csn_judged judged = csn_gw_judge(req, world);

    switch (judged.code) {
    case CSN_JUDGED:
        req->delay_ms = judged.delay_ms;
        act(req, world);
        break;
    case CSN_JUDGED_OVER:
        csn_gw_keep_wait(req, judged.wait_ms);
        csn_gw_refuse_for(req, NULL, 429, CSN_GW_R_TOO_MANY_FAILURES);
        break;
    case CSN_JUDGED_LATER:
        if (!csn_gw_hold_request(req, csn_server_hash(&req->thread->exchange)))
            csn_gw_refuse_for(req, NULL, 500, CSN_R_INTERNAL);
        break;
    }
    csn_server_end(&req->thread->exchange);
    csn_gw_world_leave(req->thread);
}

static void
decide(csn_gw_request *req)
{
    const csn_server_outcome nobody = { .verdict = CSN_VERDICT_ALLOW };
    unsigned status;
    unsigned reason;

    /* Without credentials nothing will be held against the target. */
    csn_gw_target_find(req->txn, &req->header, req->url,
        csn_gw_has_credentials(req) ? &req->octets : NULL, req->listen->tls,
        &req->target);
    csn_gw_hops_find(req);
    reason = misdirected(req, &status);
    if (reason != 0)
        csn_gw_refuse_for(req, NULL, status, reason);
    else if (csn_gateway.settings.open_count > 0)
        allow(req, &nobody, csn_gw_keep_open(req));
    else if (csn_gw_relays(req))
        allow(req, &nobody, csn_gw_keep_relayed(req));
    else
        settle(req);
    csn_gw_target_drop(&req->target);
}

/* Method and host anew: the engine moves what it has of a request. */
static void
renew_target(csn_gw_request *req)
{
    csn_target *target = &req->target.target;
    int len;
    const char *text = TSHttpHdrMethodGet(req->header.buffer, req->header.at,
        &len);

    target->method = (csn_span){ (const uint8_t *)text,
        len > 0 ? (size_t)len : 0 };
    if (!csn_gw_field_value(&req->header, CSN_GW_KNOWN(HOST),
            &target->authority))
        target->authority = (csn_span){ NULL, 0 };
}

/* A request that was held and judged comes back, made by the plugin. */
static void
go_on(csn_gw_request *req)
{
    csn_gw_held *held;
    const csn_gw_request *first;

    if (csn_gw_probe_begin(req))
        return;
    held = csn_gw_held_find(req->txn, &req->header);
    if (held == NULL) { /* its client is gone */
        csn_gw_refuse(req->txn, 500);
        return;
    }
    first = csn_gw_held_request(held);
    req->listen = first->listen;
    req->target = first->target;
    renew_target(req);
    req->peer = first->peer;
    memcpy(req->hops, first->hops, sizeof(req->hops));
    req->hop_count = first->hop_count;
    req->via = first->via;
    if (!csn_gw_keep_inner(req, held)) {
        csn_gw_held_drop(held);
        csn_gw_refuse(req->txn, 500);
        return;
    }
    csn_gw_hook(req->txn, TS_HTTP_READ_RESPONSE_HDR_HOOK);
    csn_gw_forward(req, csn_gw_txn_user(req->kept));
}

/* Do `what` with header and URL of the request. */
static void
look_and(csn_gw_request *req, void (*what)(csn_gw_request *))
{
    TSMBuffer *buffer = &req->header.buffer;
    TSMLoc *at = &req->header.at;

    if (TSHttpTxnClientReqGet(req->txn, buffer, at) != TS_SUCCESS) {
        csn_gw_refuse_plainly(req, 500);
        return;
    }
    if (TSHttpHdrUrlGet(*buffer, *at, &req->url) != TS_SUCCESS) {
        csn_gw_refuse_plainly(req, 500);
    } else {
        what(req);
        TSHandleMLocRelease(*buffer, *at, req->url);
    }
    TSHandleMLocRelease(*buffer, TS_NULL_MLOC, *at);
}

static void
find_peer_and_decide(csn_gw_request *req)
{
    req->peer = csn_gw_peer_find(req->txn, &req->header);
    csn_gw_count(&req->thread->sources[req->peer.from]);
    decide(req);
}

static void
renew_and_settle(csn_gw_request *req)
{
    renew_target(req);
    if (req->content != NULL) {
        settle(req);
    } else {
        csn_gw_keep_wait(req, 1000);
        csn_gw_refuse_for(req, NULL, 503, CSN_GW_R_CONTENT_MEMORY);
    }
}

void
csn_gw_judge_held(csn_gw_request *req, const csn_content *content)
{
    req->thread = csn_gw_thread_self();
    req->kept = csn_gw_txn_none();
    req->content = content;
    req->status = 0;
    look_and(req, renew_and_settle);
}

int
csn_gw_on_request(TSHttpTxn txn)
{
    csn_gw_request req = { .txn = txn,
        .thread = csn_gw_thread_self(),
        .listen = csn_gw_find_listen(txn),
        .kept = csn_gw_txn_none() };

    csn_gw_count(&req.thread->begun);
    if (TSHttpTxnIsInternal(txn)) {
        look_and(&req, go_on);
    } else if (req.listen == NULL) {
        csn_gw_refuse(txn, 500);
    } else {
        req.octets = csn_gw_section_begin(txn);
        if (!req.listen->admin)
            look_and(&req, find_peer_and_decide);
        csn_gw_section_end(&req.octets);
    }
    TSUserArgSet(txn, csn_gateway.txn_index, req.kept);

    if (req.listen != NULL && req.listen->admin)
        return csn_gw_on_admin_request(txn);
    if (csn_gw_present_stands(txn))
        return 0;
    csn_gw_answer_after(txn, req.delay_ms);
    return 0;
}
