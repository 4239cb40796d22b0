// SPDX-License-Identifier: MIT
#include "present/present.h"

#include <string.h>

/* Which way the engine is sent. */

enum { MAX_LINES = 16 };

/* Whose certificate the next proxy must have; the engine keeps the pointer. */
static char proxy_name[sizeof(((csn_gw_origin *)NULL)->host) + 1];
static TSCont before_attempt;

static void
set_https(const csn_gw_header *header, TSMLoc url)
{
    (void)TSUrlSchemeSet(header->buffer, url, TS_URL_SCHEME_HTTPS,
        TS_URL_LEN_HTTPS);
}

/* TS_HTTP_OS_DNS, before each attempt: the request that went out in the one
 * before may be there still. */
static int
on_attempt(TSCont continuation, TSEvent event, void *data)
{
    csn_gw_header header;
    TSMLoc url;

    (void)continuation;
    (void)event;
    if (TSHttpTxnServerReqGet(data, &header.buffer, &header.at) ==
        TS_SUCCESS) {
        if (TSHttpHdrUrlGet(header.buffer, header.at, &url) == TS_SUCCESS) {
            set_https(&header, url);
            TSHandleMLocRelease(header.buffer, header.at, url);
        }
        TSHandleMLocRelease(header.buffer, TS_NULL_MLOC, header.at);
    }
    TSHttpTxnReenable(data, TS_EVENT_HTTP_CONTINUE);
    return 0;
}

void
csn_gw_route_start(void)
{
    before_attempt = TSContCreate(on_attempt, NULL);
    snprintf(proxy_name, sizeof(proxy_name), "@%s",
        csn_gateway.settings.via.host);
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

/* What cannot be asked of a next proxy. */
bool
csn_gw_route_is_refused(csn_gw_request *req)
{
    if (!req->via)
        return false;
    if (loops(req))
        refuse_early(req, 508, CSN_GW_R_LOOP);
    else if (is_localhost(req))
        refuse_early(req, 403, CSN_GW_R_DESTINATION);
    else
        return false;
    return true;
}

static void
set_parent(TSHttpTxn txn, const csn_gw_origin *where, bool is_proxy,
    bool again)
{
    TSResponseAction action = { .hostname = where->host,
        .hostname_len = strlen(where->host),
        .port = where->port,
        .parentIsProxy = is_proxy,
        .nextHopExists = true,
        .responseIsRetryable = again };

    TSHttpTxnResponseActionSet(txn, &action);
}

void
csn_gw_route_set(TSHttpTxn txn, const csn_gw_hop *hop, bool again)
{
    set_parent(txn, &hop->where, hop->layer == CSN_LAYER_PROXY, again);
}

/*
 * The engine repeats a request to a "parent" alone, and where there is a next
 * proxy it looks up no other name: so an origin becomes a parent that is no
 * proxy. It asks no parent for 127.0.0.1, which is spelled in another way then.
 * Who is connected to, what Host says, and whose certificate is looked for do
 * not hang on that.
 */
static void
lead_to_origin(const csn_gw_request *req, const csn_gw_origin *where)
{
    static const char another[] = "[::ffff:127.0.0.1]";
    static const char name[] = "@127.0.0.1";

    if (is_localhost(req)) {
        (void)TSUrlHostSet(req->header.buffer, req->url, another,
            (int)strlen(another));
        (void)TSHttpTxnConfigStringSet(req->txn,
            TS_CONFIG_SSL_CLIENT_SNI_POLICY, name, (int)strlen(name));
    }
    set_parent(req->txn, where, false, false);
}

/* The engine speaks TLS to whom the URL says so of, also to a parent; what
 * goes out bears the scheme that was asked for again. */
static void
secure(const csn_gw_request *req)
{
    set_https(&req->header, req->url);
    TSHttpTxnHookAdd(req->txn, TS_HTTP_OS_DNS_HOOK, before_attempt);
    (void)TSHttpTxnConfigIntSet(req->txn,
        TS_CONFIG_HTTP_PER_PARENT_CONNECT_ATTEMPTS, 1);
    (void)TSHttpTxnConfigStringSet(req->txn, TS_CONFIG_SSL_CLIENT_SNI_POLICY,
        proxy_name, (int)strlen(proxy_name));
}

void
csn_gw_route_restore(const csn_gw_header *header)
{
    TSMLoc url;
    int len;
    const char *method;

    if (!csn_gateway.settings.via.tls ||
        TSHttpHdrUrlGet(header->buffer, header->at, &url) != TS_SUCCESS)
        return;
    method = TSHttpHdrMethodGet(header->buffer, header->at, &len);
    if (len == TS_HTTP_LEN_CONNECT &&
        memcmp(method, TS_HTTP_METHOD_CONNECT, (size_t)len) == 0)
        (void)TSUrlSchemeSet(header->buffer, url, NULL, 0);
    else
        (void)TSUrlSchemeSet(header->buffer, url, TS_URL_SCHEME_HTTP,
            TS_URL_LEN_HTTP);
    TSHandleMLocRelease(header->buffer, header->at, url);
}

/* A relayed request has nobody who waits for the next proxy (patience.c): it
 * is tried again at once, where the engine may send it again. */
static void
try_twice(const csn_gw_request *req)
{
    (void)TSHttpTxnConfigIntSet(req->txn,
        TS_CONFIG_HTTP_PARENT_PROXY_TOTAL_CONNECT_ATTEMPTS, 2);
    (void)TSHttpTxnConfigIntSet(req->txn,
        TS_CONFIG_HTTP_PER_PARENT_CONNECT_ATTEMPTS, 1);
    set_parent(req->txn, &csn_gateway.settings.via, true, false);
}

void
csn_gw_route_begin(csn_gw_request *req)
{
    const csn_gw_settings *settings = &csn_gateway.settings;

    if (req->via) {
        TSHttpTxnParentProxySet(req->txn, settings->via.host,
            settings->via.port);
        csn_gw_address_find(req);
        if (settings->via.tls)
            secure(req);
        if (settings->via_relay)
            try_twice(req);
    } else if (req->hop_count > 0) {
        lead_to_origin(req, &req->hops[0]->where);
    } else if (settings->via.present &&
        req->listen->layer == CSN_LAYER_ORIGIN) {
        lead_to_origin(req, &settings->origin);
    }
}
