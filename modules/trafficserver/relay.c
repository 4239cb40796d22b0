// SPDX-License-Identifier: MIT
#include "relay.h"

#include "present/present.h"

#include <string.h>

/*
 * The engine takes credentials and challenges out, as what ends at each hop;
 * they are copied from one side to the other, line by line, as received. A
 * proof it would pass, but for CONNECT: what is not 2xx there it cannot pass
 * on at all (9.2 waits without end), so the gateway answers in its place.
 */

enum { MAX_LINES = 16 };

static TSCont relay;

bool
csn_gw_relays(const csn_gw_request *req)
{
    return req->via && csn_gateway.settings.via_relay;
}

/* Put the lines that one header has of a field in place of the other's. */
static void
copy_lines(const csn_gw_header *to, const csn_gw_header *from, csn_span name)
{
    csn_span lines[MAX_LINES];
    size_t count = csn_gw_field_lines(from, name, lines, MAX_LINES);

    (void)csn_gw_fields_remove(to, &name, 1);
    for (size_t i = 0; i < count; i++)
        csn_gw_field_append(to, name, lines[i]);
}

static bool
is_connect(const csn_gw_header *request)
{
    int len;
    const char *method = TSHttpHdrMethodGet(request->buffer, request->at,
        &len);

    return len == TS_HTTP_LEN_CONNECT &&
        memcmp(method, TS_HTTP_METHOD_CONNECT, (size_t)len) == 0;
}

/* False: the gateway answers, with the status and the fields of this one. */
static bool
come_back(TSHttpTxn txn, csn_gw_txn *kept, const csn_gw_header *response,
    const csn_gw_header *client)
{
    unsigned status = TSHttpHdrStatusGet(response->buffer, response->at);
    bool goes_on = !is_connect(client) || status / 100 <= 2;
    bool is_mine = status < 400 || status == 401; /* nothing to answer */

    kept->answered = status / 100 != 1 && (goes_on || !is_mine);
    if (!goes_on)
        csn_gw_refuse(txn, is_mine ? 502 : status);
    return goes_on;
}

static int
on_event(TSCont continuation, TSEvent event, void *data)
{
    TSHttpTxn txn = data;
    csn_gw_txn *kept = csn_gw_txn_get(txn);
    csn_gw_header client;
    csn_gw_header other;
    bool goes_on = true;

    (void)continuation;
    if (TSHttpTxnClientReqGet(txn, &client.buffer, &client.at) == TS_SUCCESS) {
        if (event == TS_EVENT_HTTP_SEND_REQUEST_HDR &&
            TSHttpTxnServerReqGet(txn, &other.buffer, &other.at) ==
                TS_SUCCESS) {
            /* Also a second time, where it has to connect anew. */
            csn_gw_route_restore(&other);
            copy_lines(&other, &client,
                csn_layer_credentials_field(CSN_LAYER_PROXY));
            TSHandleMLocRelease(other.buffer, TS_NULL_MLOC, other.at);
        } else if (event == TS_EVENT_HTTP_READ_RESPONSE_HDR &&
            TSHttpTxnServerRespGet(txn, &other.buffer, &other.at) ==
                TS_SUCCESS) {
            goes_on = come_back(txn, kept, &other, &client);
            TSHandleMLocRelease(other.buffer, TS_NULL_MLOC, other.at);
        }
        TSHandleMLocRelease(client.buffer, TS_NULL_MLOC, client.at);
    }
    TSHttpTxnReenable(txn,
        goes_on ? TS_EVENT_HTTP_CONTINUE : TS_EVENT_HTTP_ERROR);
    return 0;
}

void
csn_gw_relay_start(void)
{
    if (csn_gateway.settings.via_relay)
        relay = TSContCreate(on_event, NULL);
}

/* The next proxy may learn whom it serves, for it limits guessing by address;
 * but what it believes this one it must have from this one. */
void
csn_gw_relay_begin(csn_gw_request *req)
{
    bool tells = csn_gateway.settings.via_address;
    const csn_span words[2] = { CSN_LIT("Forwarded"),
        CSN_LIT("X-Forwarded-For") };

    (void)csn_gw_fields_remove(&req->header, words, tells ? 1 : 2);
    TSHttpTxnHookAdd(req->txn, TS_HTTP_SEND_REQUEST_HDR_HOOK, relay);
    TSHttpTxnHookAdd(req->txn, TS_HTTP_READ_RESPONSE_HDR_HOOK, relay);
    (void)TSHttpTxnConfigIntSet(req->txn,
        TS_CONFIG_HTTP_INSERT_SQUID_X_FORWARDED_FOR, tells ? 1 : 0);
}

void
csn_gw_relay_answer(TSHttpTxn txn, const csn_gw_header *header,
    const csn_gw_txn *kept)
{
    csn_span info = csn_layer_info_field(CSN_LAYER_PROXY);
    csn_gw_header upstream;

    if (!kept->answered ||
        TSHttpTxnServerRespGet(txn, &upstream.buffer, &upstream.at) !=
            TS_SUCCESS)
        return;
    copy_lines(header, &upstream, csn_layer_challenge_field(CSN_LAYER_PROXY));
    copy_lines(header, &upstream, info);
    if (csn_gw_connection_lists(&upstream, info))
        (void)csn_gw_fields_remove(header, &info, 1); /* G-18 */
    TSHandleMLocRelease(upstream.buffer, TS_NULL_MLOC, upstream.at);
}
