// SPDX-License-Identifier: MIT
#include "present/present.h"

#include <countersign/limits.h>

#include <stdlib.h>
#include <string.h>

enum { MAX_LINES = 16 };

static int present_index;

static csn_gw_present *
find(TSHttpTxn txn)
{
    return csn_gw_hops_present() ? TSUserArgGet(txn, present_index) : NULL;
}

/* The hop that the engine connects to. */
static const csn_gw_hop *
next_hop(const csn_gw_present *present)
{
    return present->legs[0].hop;
}

bool
csn_gw_present_is_via(TSHttpTxn txn)
{
    const csn_gw_present *present = find(txn);

    return present != NULL && next_hop(present)->layer == CSN_LAYER_PROXY;
}

bool
csn_gw_present_is_origin(TSHttpTxn txn)
{
    const csn_gw_present *present = find(txn);

    return present != NULL && next_hop(present)->layer == CSN_LAYER_ORIGIN;
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
    return present->blamed != NULL ? present->blamed : next_hop(present);
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

/*
 * The request line as the engine will send it: `method` and `uri` point into
 * `text`, to be freed.
 */
static bool
find_line(const csn_gw_header *header, char **text, csn_span *method,
    csn_span *uri)
{
    TSIOBuffer buffer = TSIOBufferCreate();
    TSIOBufferReader reader = TSIOBufferReaderAlloc(buffer);
    const char *end = NULL;
    const char *blank;
    int64_t size;

    TSHttpHdrPrint(header->buffer, header->at, buffer);
    size = TSIOBufferReaderAvail(reader);
    *text = malloc((size_t)size + 1);
    if (*text != NULL) {
        (void)TSIOBufferReaderCopy(reader, *text, size);
        (*text)[size] = '\0';
        end = strstr(*text, " HTTP/");
    }
    TSIOBufferDestroy(buffer);
    blank = end != NULL ? strchr(*text, ' ') : NULL;
    if (blank == NULL || blank == end)
        return false;
    *method = (csn_span){ (const uint8_t *)*text, (size_t)(blank - *text) };
    *uri = (csn_span){ (const uint8_t *)blank + 1, (size_t)(end - blank - 1) };
    return true;
}

/* The engine names the proxy in a CONNECT's Host (RFC 9112, 3.2). */
static void
name_target(const csn_gw_header *header, csn_span authority)
{
    csn_span host = CSN_GW_KNOWN(HOST);

    (void)csn_gw_fields_remove(header, &host, 1);
    csn_gw_field_append(header, host, authority);
}

/* What an origin gets to see when a proxy is asked in absolute-form: what
 * stands behind the authority (RFC 9112, 3.2.1). The engine prints a path. */
static csn_span
origin_form(csn_span uri)
{
    const uint8_t *authority = memmem(uri.ptr, uri.len, "://", 3);
    const uint8_t *end = uri.ptr + uri.len;
    const uint8_t *path;

    if (uri.ptr[0] == '/' || authority == NULL)
        return uri;
    authority += 3;
    path = memchr(authority, '/', (size_t)(end - authority));
    return path != NULL ? (csn_span){ path, (size_t)(end - path) }
                        : CSN_SPAN("/");
}

static void
authorize_leg(const csn_gw_present *present, csn_gw_leg *leg,
    const csn_gw_header *header, csn_span method, csn_span uri)
{
    uint8_t room[CSN_CREDENTIALS_SIZE];
    csn_writer out = csn_writer_init(room, sizeof(room));
    csn_span name = csn_layer_credentials_field(leg->hop->layer);

    (void)csn_gw_fields_remove(header, &name, 1);
    if (leg->hop->layer == CSN_LAYER_ORIGIN)
        uri = origin_form(uri);
    leg->sent = !leg->bare &&
        csn_gw_leg_authorize(leg, method, uri,
            present->has_content ? &present->content : NULL, &out);
    free(leg->uri);
    leg->uri = csn_gw_leg_covers_content(leg)
        ? strndup((const char *)uri.ptr, uri.len)
        : NULL;
    leg->pending = false;
    if (leg->sent)
        csn_gw_field_append(header, name, csn_writer_span(&out));
}

/* An origin's name may have meant another address when it was judged. */
static bool
leads_astray(const csn_gw_present *present)
{
    const csn_gw_txn *kept = csn_gw_txn_get(present->txn);
    const struct sockaddr *address = TSHttpTxnNextHopAddrGet(present->txn);

    return next_hop(present)->layer == CSN_LAYER_ORIGIN &&
        kept->layer == CSN_LAYER_PROXY &&
        (address == NULL ||
            !csn_gw_destination_allowed(&csn_gateway.settings, address));
}

/* A broken connection makes the engine send anew: with a count of its own. */
static void
authorize(csn_gw_present *present, const csn_gw_header *header)
{
    csn_span method;
    csn_span uri;
    char *text;

    present->heard = false;
    present->repeating = false;
    csn_gw_patience_sent(present);
    for (unsigned i = 0; i < CSN_GW_LEGS; i++)
        present->legs[i].sent = false;
    if (present->probe && !present->is_head)
        csn_gw_field_append(header, CSN_GW_KNOWN(MAX_FORWARDS), CSN_SPAN("0"));
    if (next_hop(present)->layer == CSN_LAYER_PROXY)
        csn_gw_route_restore(header);
    if (find_line(header, &text, &method, &uri)) {
        if (present->is_connect)
            name_target(header, uri);
        for (unsigned i = 0; i < CSN_GW_LEGS; i++) {
            if (present->legs[i].hop != NULL)
                authorize_leg(present, &present->legs[i], header, method, uri);
        }
    }
    free(text);
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
    csn_gw_route_set(present->txn, next_hop(present), true);
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

static void
receive(csn_gw_present *present, const csn_gw_header *header)
{
    unsigned status = TSHttpHdrStatusGet(header->buffer, header->at);

    if (status == 0) /* the engine's word for none, or none that it reads */
        return;
    csn_gw_route_set(present->txn, next_hop(present), false);
    if (status / 100 == 1 && status != 101) {
        present->once = present->once || present->expects;
        return; /* F-06 */
    }
    present->heard = true;
    csn_gw_patience_answered(present);
    take_response(present, header, status);
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
        leads_astray(present)) {
        present->over = true;
        csn_gw_refuse_late(txn, 403, CSN_GW_R_DESTINATION);
    } else if (event == TS_EVENT_HTTP_SEND_REQUEST_HDR &&
        TSHttpTxnServerReqGet(txn, &header.buffer, &header.at) == TS_SUCCESS) {
        authorize(present, &header);
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
