// SPDX-License-Identifier: MIT
#include "present/present.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_LINES = 16 };

static int present_index;

static csn_gw_present *
find(TSHttpTxn txn)
{
    return csn_gw_hops_present() ? TSUserArgGet(txn, present_index) : NULL;
}

const csn_gw_hop *
csn_gw_present_next(const csn_gw_present *present)
{
    return present->legs[0].hop;
}

bool
csn_gw_present_is_via(TSHttpTxn txn)
{
    const csn_gw_present *present = find(txn);

    return present != NULL &&
        csn_gw_present_next(present)->layer == CSN_LAYER_PROXY;
}

bool
csn_gw_present_is_origin(TSHttpTxn txn)
{
    const csn_gw_present *present = find(txn);

    return present != NULL &&
        csn_gw_present_next(present)->layer == CSN_LAYER_ORIGIN;
}

bool
csn_gw_present_keeps(TSHttpTxn txn)
{
    const csn_gw_present *present = find(txn);

    return present != NULL &&
        (present->repeating || present->over || !present->heard);
}

bool
csn_gw_present_is_unheard(TSHttpTxn txn)
{
    const csn_gw_present *present = find(txn);

    return present != NULL && !present->heard;
}

const csn_gw_hop *
csn_gw_present_blamed(TSHttpTxn txn)
{
    const csn_gw_present *present = find(txn);

    if (present == NULL)
        return NULL;
    return present->blamed != NULL ? present->blamed
                                   : csn_gw_present_next(present);
}

void
csn_gw_present_replace(TSHttpTxn txn, const csn_gw_header *header)
{
    static const char reason[] = "Bad Gateway";
    const csn_gw_present *present = find(txn);

    if (present == NULL || !csn_gw_withheld_is_refused(present))
        return;
    csn_gw_fields_clear(header);
    csn_gw_field_append(header, CSN_GW_KNOWN(CONTENT_TYPE),
        CSN_SPAN("text/plain"));
    (void)TSHttpHdrStatusSet(header->buffer, header->at,
        TS_HTTP_STATUS_BAD_GATEWAY);
    (void)TSHttpHdrReasonSet(header->buffer, header->at, reason,
        (int)strlen(reason));
}

void
csn_gw_present_end(TSHttpTxn txn, unsigned status)
{
    csn_gw_present *present = find(txn);

    if (present != NULL)
        csn_gw_patience_lost(present, status);
}

/* Whether its content, if any, can be sent a second time. */
static void
look_at_content(csn_gw_present *present, csn_gw_request *req)
{
    csn_span expect;

    present->is_connect = csn_gw_is_connect(req);
    present->has_content = present->is_connect ||
        csn_gw_present_take_content(req, &present->content);
    present->once = !present->has_content;
    if (present->once &&
        csn_gw_field_value(&req->header, CSN_GW_KNOWN(EXPECT), &expect)) {
        present->expects = true;
        present->once = false;
    }
}

void
csn_gw_present_begin(csn_gw_request *req)
{
    csn_gw_present *present;

    if (csn_gw_route_is_refused(req))
        return;
    csn_gw_route_begin(req);
    if (req->hop_count == 0)
        return;
    present = calloc(1, sizeof(*present));
    if (present == NULL) {
        csn_gw_refuse(req->txn, 500);
        return;
    }
    present->txn = req->txn;
    present->listen = req->listen;
    present->probe = req->probes;
    present->is_head = req->target.target.method.len == 4 &&
        memcmp(req->target.target.method.ptr, "HEAD", 4) == 0;
    for (unsigned i = 0; i < req->hop_count; i++) {
        present->legs[i].hop = req->hops[i];
        present->legs[i].bare = req->hops[i] == req->renewed;
    }
    TSUserArgSet(req->txn, present_index, present);
    look_at_content(present, req);
    csn_gw_route_set(req->txn, req->hops[0], false);
    csn_gw_patience_begin(present, req);
}

bool
csn_gw_present_stands(TSHttpTxn txn)
{
    csn_gw_present *present = find(txn);

    return present != NULL && csn_gw_present_wait(present);
}

void
csn_gw_present_refuse(csn_gw_present *present, const csn_gw_leg *leg,
    csn_reason reason)
{
    present->blamed = leg->hop;
    present->over = true;
    csn_gw_refuse_late(present->txn, 502, reason);
}

static void
send_again(csn_gw_present *present, csn_gw_leg *leg)
{
    leg->retries++;
    present->repeating = true;
    csn_gw_route_set(present->txn, csn_gw_present_next(present), true);
}

static bool
is_last(const csn_gw_present *present, const csn_gw_leg *leg)
{
    return leg == &present->legs[CSN_GW_LEGS - 1] || leg[1].hop == NULL;
}

/* It has what it came for. */
static void
end_probe(csn_gw_present *present)
{
    present->over = true;
    csn_gw_refuse(present->txn, 502);
}

static void
take_challenge(csn_gw_present *present, csn_gw_leg *leg,
    const csn_gw_header *header)
{
    csn_span lines[MAX_LINES];
    size_t count = csn_gw_field_lines(header,
        csn_layer_challenge_field(leg->hop->layer), lines, MAX_LINES);
    csn_reason why = CSN_R_NONE;

    csn_gw_count(&csn_gw_thread_self()->hop_challenges[leg->hop->layer]);
    if (!csn_gw_leg_challenged(leg, lines, count, &why))
        csn_gw_present_refuse(present, leg, why);
    else if (present->once)
        csn_gw_present_refuse(present, leg, CSN_R_CONTENT_TOO_LARGE);
    else if (present->probe && is_last(present, leg))
        end_probe(present);
    else
        send_again(present, leg);
}

/* Whether such a response has no content by nature (C-55). */
static bool
is_bare(const csn_gw_present *present, const csn_gw_header *header,
    unsigned status)
{
    csn_span length;

    return present->is_head || status == 204 || status == 304 ||
        present->is_connect ||
        (csn_gw_field_value(header, CSN_GW_KNOWN(CONTENT_LENGTH), &length) &&
            csn_gw_length_parse(length) == 0);
}

/* Whether the hop proved itself, as far as it must and as is known yet; what
 * is between the two goes no further (G-13, G-16). */
static bool
verify(csn_gw_present *present, csn_gw_leg *leg, const csn_gw_header *header,
    unsigned status)
{
    const csn_span hidden[2] = { csn_layer_info_field(leg->hop->layer),
        csn_layer_challenge_field(leg->hop->layer) };
    csn_span lines[MAX_LINES];
    size_t count = csn_gw_field_lines(header, hidden[0], lines, MAX_LINES);
    csn_client_result result = { .deliver = true };

    if (csn_gw_leg_covers_content(leg) && !is_bare(present, header, status)) {
        result.deliver = csn_gw_leg_suspend(leg, status, lines, count);
        result.reason = CSN_R_INTERNAL;
    } else {
        csn_gw_leg_verify(leg, status, lines, count, &result);
    }
    if (!leg->pending && result.proof == CSN_PROOF_PROVED)
        csn_gw_count(&csn_gw_thread_self()->hop_proofs[leg->hop->layer]);
    if (!result.deliver) {
        csn_gw_present_refuse(present, leg, result.reason);
        return false;
    }
    (void)csn_gw_fields_remove(header, hidden, 2);
    return true;
}

/* Each hop on the way answers for itself: the nearest first. */
static void
take_response(csn_gw_present *present, const csn_gw_header *header,
    unsigned status)
{
    bool pending = false;

    for (unsigned i = 0; i < CSN_GW_LEGS; i++) {
        csn_gw_leg *leg = &present->legs[i];

        if (leg->hop == NULL)
            continue;
        if (status == (leg->hop->layer == CSN_LAYER_PROXY ? 407 : 401)) {
            take_challenge(present, leg, header);
            return;
        }
        if (!verify(present, leg, header, status))
            return;
        pending = pending || leg->pending;
    }
    if (pending && !csn_gw_withhold(present))
        csn_gw_present_refuse(present, &present->legs[0], CSN_R_INTERNAL);
}

/* The engine cannot pass on what is no tunnel (9.2 waits without end); the
 * client is told the status. */
static void
answer_connect(csn_gw_present *present, unsigned status)
{
    if (status / 100 == 2 || present->over || present->repeating)
        return;
    present->over = true;
    csn_gw_refuse(present->txn, status >= 400 && status != 401 ? status : 502);
}

static void
asked(csn_gw_present *present)
{
    for (unsigned i = 0; i < CSN_GW_LEGS; i++)
        csn_gw_leg_asked(&present->legs[i]);
}

/* An interim response is not proved (F-06): what its hop says in it, and the
 * engine would put into its own answer to a CONNECT too, goes no further. */
static void
make_bare(const csn_gw_header *header)
{
    const csn_span kept[] = { CSN_LIT("Connection"), CSN_LIT("Date"),
        CSN_LIT("Content-Length"), CSN_LIT("Transfer-Encoding") };
    const char *reason = TSHttpHdrReasonLookup(
        TSHttpHdrStatusGet(header->buffer, header->at));

    csn_gw_fields_clear(header);
    (void)csn_gw_fields_remove(header, kept, sizeof(kept) / sizeof(kept[0]));
    (void)TSHttpHdrReasonSet(header->buffer, header->at, reason,
        (int)strlen(reason));
}

/* The engine (9.2) takes any but 100, 101 and 103 for the final one. */
static void
refuse_interim(csn_gw_present *present)
{
    present->blamed = csn_gw_present_next(present);
    present->over = true;
    csn_gw_refuse_late(present->txn, 502, CSN_GW_R_ENGINE);
}

static void
receive(csn_gw_present *present, const csn_gw_header *header)
{
    unsigned status = TSHttpHdrStatusGet(header->buffer, header->at);

    if (status == 0) /* the engine's word for none, or none that it reads */
        return;
    csn_gw_route_set(present->txn, csn_gw_present_next(present), false);
    if (status == 100 || status == 103) {
        present->once = present->once || present->expects;
        make_bare(header);
        return; /* F-06 */
    }
    present->heard = true;
    csn_gw_patience_answered(present);
    if (status / 100 == 1 && status != 101)
        refuse_interim(present);
    else
        take_response(present, header, status);
    if (present->probe && !present->repeating)
        end_probe(present); /* also of a content without an end */
    if (present->is_connect)
        answer_connect(present, status);
    asked(present);
}

static void
drop(csn_gw_present *present)
{
    asked(present);
    for (unsigned i = 0; i < CSN_GW_LEGS; i++) {
        csn_client_attempt_wipe(&present->legs[i].attempt);
        csn_gw_leg_forget_own(&present->legs[i]);
        free(present->legs[i].info);
        free(present->legs[i].uri);
    }
    csn_gw_withheld_close(present);
    TSUserArgSet(present->txn, present_index, NULL);
    free(present);
}

static int
on_event(TSCont continuation, TSEvent event, void *data)
{
    TSHttpTxn txn = data;
    csn_gw_present *present = find(txn);
    csn_gw_header header;

    (void)continuation;
    if (present == NULL) {
        TSHttpTxnReenable(txn, TS_EVENT_HTTP_CONTINUE);
        return 0;
    }
    if (event == TS_EVENT_HTTP_OS_DNS) {
        if (!csn_gw_patience_try(present))
            return 0;
    } else if (event == TS_EVENT_HTTP_SEND_REQUEST_HDR &&
        csn_gw_present_leads_astray(present)) {
        present->over = true;
        csn_gw_refuse_late(txn, 403, CSN_GW_R_DESTINATION);
    } else if (event == TS_EVENT_HTTP_SEND_REQUEST_HDR &&
        TSHttpTxnServerReqGet(txn, &header.buffer, &header.at) == TS_SUCCESS) {
        csn_gw_present_authorize(present, &header);
        TSHandleMLocRelease(header.buffer, TS_NULL_MLOC, header.at);
    } else if (event == TS_EVENT_HTTP_READ_RESPONSE_HDR &&
        TSHttpTxnServerRespGet(txn, &header.buffer, &header.at) ==
            TS_SUCCESS) {
        receive(present, &header);
        TSHandleMLocRelease(header.buffer, TS_NULL_MLOC, header.at);
    } else if (event == TS_EVENT_HTTP_TXN_CLOSE) {
        drop(present);
        present = NULL;
    }
    TSHttpTxnReenable(txn,
        present != NULL && present->over ? TS_EVENT_HTTP_ERROR
                                         : TS_EVENT_HTTP_CONTINUE);
    return 0;
}

/* Called for all transactions, so that it comes before what hooks itself to
 * one. */
bool
csn_gw_present_start(csn_gw_error *error)
{
    TSCont continuation;

    if (!csn_gw_hops_present())
        return true;
    if (TSUserArgIndexReserve(TS_USER_ARGS_TXN, "countersign-present",
            "what the hops behind are asked", &present_index) != TS_SUCCESS)
        return csn_gw_fail(error, "the engine has no room for a transaction");
    continuation = TSContCreate(on_event, NULL);
    TSHttpHookAdd(TS_HTTP_OS_DNS_HOOK, continuation);
    TSHttpHookAdd(TS_HTTP_SEND_REQUEST_HDR_HOOK, continuation);
    TSHttpHookAdd(TS_HTTP_READ_RESPONSE_HDR_HOOK, continuation);
    TSHttpHookAdd(TS_HTTP_TXN_CLOSE_HOOK, continuation);
    return true;
}
