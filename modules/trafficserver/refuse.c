// SPDX-License-Identifier: MIT
#include "request.h"

#include "settings/address.h"
#include "present/present.h"

#include <string.h>

/* Refusing: what the client is told, what is counted, what is logged. */

csn_span
csn_gw_status_body(unsigned status, char room[64])
{
    const char *reason = TSHttpHdrReasonLookup((TSHttpStatus)status);
    int len = snprintf(room, 64, "%u %.50s\n", status,
        reason != NULL ? reason : "Error");

    return (csn_span){ (const uint8_t *)room, (size_t)len };
}

csn_span
csn_gw_status_body_set(TSHttpTxn txn, unsigned status, char room[64])
{
    csn_span body = csn_gw_status_body(status, room);

    TSHttpTxnErrorBodySet(txn, TSstrndup(room, (int64_t)body.len), body.len,
        TSstrdup("text/plain"));
    return body;
}

void
csn_gw_refuse(TSHttpTxn txn, unsigned status)
{
    char room[64];

    (void)csn_gw_status_body_set(txn, status, room);
    TSHttpTxnStatusSet(txn, (TSHttpStatus)status);
}

void
csn_gw_refuse_plainly(csn_gw_request *req, unsigned status)
{
    if (req->held != NULL)
        req->status = status;
    else
        csn_gw_refuse(req->txn, status);
}

/* Ports are unique among listeners, see csn_gw_settings_finish. */
const csn_gw_listen *
csn_gw_find_listen(TSHttpTxn txn)
{
    const csn_gw_settings *settings = &csn_gateway.settings;
    const struct sockaddr *local = TSHttpTxnIncomingAddrGet(txn);
    uint16_t port = local != NULL ? csn_gw_sockaddr_port(local) : 0;

    for (size_t i = 0; i < settings->listen_count; i++) {
        if (csn_gw_sockaddr_port(
                (const struct sockaddr *)&settings->listens[i].address) ==
            port)
            return &settings->listens[i];
    }
    return NULL;
}

/* Printable ASCII, cut at the query and at the room there is: for the log. */
static void
copy_plain(char *to, size_t size, csn_span from)
{
    size_t len = 0;

    while (len + 1 < size && len < from.len && from.ptr[len] != '?') {
        uint8_t octet = from.ptr[len];

        to[len++] = (char)(octet >= 0x20 && octet < 0x7f ? octet : '?');
    }
    to[len] = '\0';
}

static void
log_refusal(const csn_gw_request *req, const csn_server_outcome *outcome,
    unsigned status, unsigned reason)
{
    csn_gw_refusal refusal = {
        .time_ms = (int64_t)csn_gw_wall_ms(),
        .layer = req->listen->layer,
        .status = status,
        .reason = reason,
        .has_user = outcome != NULL && outcome->user.len > 0,
        .user_known = outcome != NULL && outcome->user_known,
    };

    memcpy(refusal.client, req->peer.source, sizeof(refusal.client));
    memcpy(refusal.connection, req->peer.connection,
        sizeof(refusal.connection));
    if (refusal.user_known && outcome->user.len < sizeof(refusal.user))
        memcpy(refusal.user, outcome->user.ptr, outcome->user.len);
    if (req->header.buffer != NULL) {
        int len;
        const char *text = TSHttpHdrMethodGet(req->header.buffer,
            req->header.at, &len);

        copy_plain(refusal.method, sizeof(refusal.method),
            (csn_span){ (const uint8_t *)text, len > 0 ? (size_t)len : 0 });
    }
    copy_plain(refusal.target, sizeof(refusal.target),
        req->target.target.target);
    csn_gw_log_refusal(&refusal);
}

void
csn_gw_count_decision(const csn_gw_request *req, unsigned reason)
{
    csn_gw_count(&req->thread->decisions[req->listen->layer][reason]);
}

/* Refuse for a reason of the gateway's own. */
void
csn_gw_refuse_for(csn_gw_request *req, const csn_server_outcome *outcome,
    unsigned status, unsigned reason)
{
    csn_gw_count_decision(req, reason);
    log_refusal(req, outcome, status, reason);
    csn_gw_open_note(req->txn, reason);
    csn_gw_refuse_plainly(req, status);
}

void
csn_gw_note_engine(TSHttpTxn txn, unsigned status)
{
    csn_gw_request req = { .txn = txn,
        .thread = csn_gw_thread_self(),
        .listen = csn_gw_find_listen(txn) };

    if (req.listen == NULL || req.listen->admin)
        return;
    req.peer = csn_gw_peer_find(txn, &req.header);
    csn_gw_count_decision(&req, CSN_GW_R_ENGINE);
    log_refusal(&req, NULL, status, CSN_GW_R_ENGINE);
    csn_gw_open_note(txn, CSN_GW_R_ENGINE);
}

void
csn_gw_refuse_late(TSHttpTxn txn, unsigned status, unsigned reason)
{
    const csn_gw_txn *kept = csn_gw_txn_get(txn);
    csn_gw_request req = { .txn = txn,
        .thread = csn_gw_thread_self(),
        .listen = csn_gw_find_listen(txn) };
    csn_server_outcome outcome = { .user_known = true,
        .user = csn_gw_txn_user(kept) };
    int len = 0;

    if ((kept->inner && kept->held == NULL) || /* nobody asked for it */
        TSHttpTxnClientReqGet(txn, &req.header.buffer, &req.header.at) !=
            TS_SUCCESS) {
        csn_gw_refuse(txn, status);
        return;
    }
    if (kept->inner) {
        req.listen = csn_gw_held_request(kept->held)->listen;
        req.peer = csn_gw_held_request(kept->held)->peer;
    } else {
        req.peer = csn_gw_peer_find(txn, &req.header);
    }
    if (req.listen != NULL && req.listen->layer == CSN_LAYER_PROXY)
        csn_gw_route_restore(&req.header);
    req.target.printed = TSHttpTxnEffectiveUrlStringGet(txn, &len);
    req.target.target.target = (csn_span){ (const uint8_t *)req.target.printed,
        (size_t)len };
    csn_gw_refuse_for(&req, &outcome, status, reason);
    csn_gw_target_drop(&req.target);
    TSHandleMLocRelease(req.header.buffer, TS_NULL_MLOC, req.header.at);
}
