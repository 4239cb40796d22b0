// SPDX-License-Identifier: MIT
#include "via.h"

#include <countersign/limits.h>

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_LINES = 16 };

static int via_index;
static const csn_span credentials_field = CSN_LIT("Proxy-Authorization");

static csn_gw_via *
find(TSHttpTxn txn)
{
    return csn_gateway.settings.via.present ? TSUserArgGet(txn, via_index)
                                            : NULL;
}

bool
csn_gw_via_is(TSHttpTxn txn)
{
    return find(txn) != NULL;
}

bool
csn_gw_via_keeps(TSHttpTxn txn)
{
    const csn_gw_via *via = find(txn);

    return via != NULL && (via->repeating || via->over);
}

bool
csn_gw_via_is_unheard(TSHttpTxn txn)
{
    const csn_gw_via *via = find(txn);

    return via != NULL && !via->heard;
}

/* RFC 9110, 7.6.3: what this very process forwarded before bears its mark,
 * which the engine makes anew at each start and puts into Via. */
static bool
loops(const csn_gw_request *req)
{
    const char *mark = TSUuidStringGet(TSProcessUuidGet());
    csn_span lines[MAX_LINES];
    size_t count = csn_gw_field_lines(&req->header, CSN_GW_KNOWN(VIA), lines,
        MAX_LINES);

    for (size_t i = 0; mark != NULL && i < count; i++) {
        if (memmem(lines[i].ptr, lines[i].len, mark, strlen(mark)) != NULL)
            return true;
    }
    return count == MAX_LINES; /* nobody's chain is that long */
}

/* The engine would rather answer 502 than ask any proxy for this host. */
static bool
is_localhost(const csn_gw_request *req)
{
    static const char localhost[] = "127.0.0.1";
    int len;
    const char *host = TSUrlHostGet(req->header.buffer, req->url, &len);

    return len == (int)strlen(localhost) &&
        memcmp(host, localhost, strlen(localhost)) == 0;
}

static void
refuse_early(csn_gw_request *req, unsigned status, unsigned reason)
{
    csn_server_outcome outcome = { .user_known = true,
        .user = csn_gw_txn_user(req->kept) };

    csn_gw_refuse_for(req, &outcome, status, reason);
}

void
csn_gw_via_begin(csn_gw_request *req)
{
    const csn_gw_origin *proxy = &csn_gateway.settings.via;
    csn_gw_via *via;
    csn_span expect;

    if (!proxy->present)
        return;
    if (loops(req)) {
        refuse_early(req, 508, CSN_GW_R_LOOP);
        return;
    }
    if (is_localhost(req)) {
        refuse_early(req, 403, CSN_GW_R_DESTINATION);
        return;
    }
    via = calloc(1, sizeof(*via));
    if (via == NULL) {
        csn_gw_refuse(req->txn, 500);
        return;
    }
    via->txn = req->txn;
    TSUserArgSet(req->txn, via_index, via);
    TSHttpTxnParentProxySet(req->txn, proxy->host, proxy->port);
    via->is_connect = csn_gw_is_connect(req);
    via->once = !via->is_connect && !csn_gw_via_take_content(req);
    if (via->once &&
        csn_gw_field_value(&req->header, CSN_GW_KNOWN(EXPECT), &expect)) {
        via->expects = true;
        via->once = false;
    }
}

bool
csn_gw_via_stands(TSHttpTxn txn)
{
    csn_gw_via *via = find(txn);

    return via != NULL && csn_gw_via_wait(via);
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

/* A broken connection makes the engine send anew: with a count of its own. */
static void
authorize(csn_gw_via *via, const csn_gw_header *header)
{
    uint8_t room[CSN_CREDENTIALS_SIZE];
    csn_writer out = csn_writer_init(room, sizeof(room));
    csn_span method;
    csn_span uri;
    char *text;

    via->sent = false;
    via->heard = false;
    via->repeating = false;
    (void)csn_gw_fields_remove(header, &credentials_field, 1);
    if (find_line(header, &text, &method, &uri)) {
        if (via->is_connect)
            name_target(header, uri);
        via->sent = csn_gw_via_authorize(via, method, uri, &out);
        if (via->sent)
            csn_gw_field_append(header, credentials_field,
                csn_writer_span(&out));
    }
    free(text);
}

/* Answer the client 502 in place of what the next proxy said. */
static void
refuse(csn_gw_via *via, csn_reason reason)
{
    via->over = true;
    csn_gw_refuse_late(via->txn, 502, reason);
}

/* What the engine does next; it stays as it was said until it is said anew. */
static void
direct(const csn_gw_via *via, bool again)
{
    const csn_gw_origin *proxy = &csn_gateway.settings.via;
    TSResponseAction action = { .hostname = proxy->host,
        .hostname_len = strlen(proxy->host),
        .port = proxy->port,
        .parentIsProxy = true,
        .nextHopExists = true,
        .responseIsRetryable = again };

    TSHttpTxnResponseActionSet(via->txn, &action);
}

static void
send_again(csn_gw_via *via)
{
    via->retries++;
    via->repeating = true;
    direct(via, true);
}

static void
take_challenge(csn_gw_via *via, const csn_gw_header *header)
{
    csn_span lines[MAX_LINES];
    size_t count = csn_gw_field_lines(header,
        csn_layer_challenge_field(CSN_LAYER_PROXY), lines, MAX_LINES);
    csn_reason why = CSN_R_NONE;

    csn_gw_count(&csn_gw_thread_self()->via_challenges);
    if (!csn_gw_via_challenged(via, lines, count, &why))
        refuse(via, why);
    else if (via->once)
        refuse(via, CSN_R_CONTENT_TOO_LARGE);
    else
        send_again(via);
}

static void
take_response(csn_gw_via *via, const csn_gw_header *header, unsigned status)
{
    const csn_span hidden[2] = { CSN_LIT("Proxy-Authentication-Info"),
        CSN_LIT("Proxy-Authenticate") };
    csn_span lines[MAX_LINES];
    size_t count = csn_gw_field_lines(header,
        csn_layer_info_field(CSN_LAYER_PROXY), lines, MAX_LINES);
    csn_client_result result;

    csn_gw_via_verify(via, status, lines, count, &result);
    if (result.proof == CSN_PROOF_PROVED)
        csn_gw_count(&csn_gw_thread_self()->via_proofs);
    if (!result.deliver)
        refuse(via, result.reason);
    else
        (void)csn_gw_fields_remove(header, hidden, 2); /* G-13, G-16 */
}

/* The engine cannot pass on what is no tunnel (9.2 waits without end); the
 * client is told the status. */
static void
answer_connect(csn_gw_via *via, unsigned status)
{
    if (status / 100 == 2 || via->over)
        return;
    via->over = true;
    csn_gw_refuse(via->txn, status >= 400 && status != 401 ? status : 502);
}

static void
receive(csn_gw_via *via, const csn_gw_header *header)
{
    unsigned status = TSHttpHdrStatusGet(header->buffer, header->at);

    if (via->retries > 0)
        direct(via, false);
    if (status / 100 == 1 && status != 101) {
        via->once = via->once || via->expects;
        return; /* F-06 */
    }
    via->heard = true;
    if (status == 407) {
        take_challenge(via, header);
    } else {
        take_response(via, header, status);
        if (via->is_connect)
            answer_connect(via, status);
    }
    csn_gw_via_asked(via);
}

static void
drop(csn_gw_via *via)
{
    csn_gw_via_asked(via);
    csn_client_attempt_wipe(&via->attempt);
    csn_gw_via_forget_own(via);
    TSUserArgSet(via->txn, via_index, NULL);
    free(via);
}

static int
on_event(TSCont continuation, TSEvent event, void *data)
{
    TSHttpTxn txn = data;
    csn_gw_via *via = find(txn);
    csn_gw_header header;

    (void)continuation;
    if (via == NULL) {
        TSHttpTxnReenable(txn, TS_EVENT_HTTP_CONTINUE);
        return 0;
    }
    if (event == TS_EVENT_HTTP_SEND_REQUEST_HDR &&
        TSHttpTxnServerReqGet(txn, &header.buffer, &header.at) == TS_SUCCESS) {
        authorize(via, &header);
        TSHandleMLocRelease(header.buffer, TS_NULL_MLOC, header.at);
    } else if (event == TS_EVENT_HTTP_READ_RESPONSE_HDR &&
        TSHttpTxnServerRespGet(txn, &header.buffer, &header.at) ==
            TS_SUCCESS) {
        receive(via, &header);
        TSHandleMLocRelease(header.buffer, TS_NULL_MLOC, header.at);
    } else if (event == TS_EVENT_HTTP_TXN_CLOSE) {
        drop(via);
        via = NULL;
    }
    TSHttpTxnReenable(txn,
        via != NULL && via->over ? TS_EVENT_HTTP_ERROR
                                 : TS_EVENT_HTTP_CONTINUE);
    return 0;
}

/* Called for all transactions, so that it comes before what hooks itself to
 * one. */
bool
csn_gw_via_start(csn_gw_error *error)
{
    TSCont continuation;

    if (!csn_gateway.settings.via.present)
        return true;
    if (TSUserArgIndexReserve(TS_USER_ARGS_TXN, "countersign-via",
            "what the next proxy is asked", &via_index) != TS_SUCCESS)
        return csn_gw_fail(error, "the engine has no room for a transaction");
    continuation = TSContCreate(on_event, NULL);
    TSHttpHookAdd(TS_HTTP_SEND_REQUEST_HDR_HOOK, continuation);
    TSHttpHookAdd(TS_HTTP_READ_RESPONSE_HDR_HOOK, continuation);
    TSHttpHookAdd(TS_HTTP_TXN_CLOSE_HOOK, continuation);
    return true;
}
