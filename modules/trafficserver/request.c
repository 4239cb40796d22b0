// SPDX-License-Identifier: MIT
#include "plugin.h"

#include "address.h"

#include <stdlib.h>
#include <string.h>

/*
 * TS_HTTP_READ_REQUEST_HDR: the decision. Everything is done here in one go:
 * the engine asks for a secret and for a count, and both are in memory. What
 * the response needs is put into a csn_gw_txn.
 */

/* One request while it is being judged. */
typedef struct request {
    TSHttpTxn txn;
    csn_gw_thread *thread;
    const csn_gw_listen *listen;
    csn_gw_header header;
    TSMLoc url;
    csn_gw_target target;
} request;

/* What to tell the client about the reason: the status, and no more. */
static const char *
status_body(unsigned status)
{
    switch (status) {
    case 400:
        return "400 Bad Request\n";
    case 401:
        return "401 Unauthorized\n";
    case 403:
        return "403 Forbidden\n";
    case 405:
        return "405 Method Not Allowed\n";
    case 407:
        return "407 Proxy Authentication Required\n";
    case 429:
        return "429 Too Many Requests\n";
    case 431:
        return "431 Request Header Fields Too Large\n";
    case 503:
        return "503 Service Unavailable\n";
    default:
        return "500 Internal Server Error\n";
    }
}

void
csn_gw_refuse(TSHttpTxn txn, unsigned status)
{
    const char *body = status_body(status);

    TSHttpTxnErrorBodySet(txn, TSstrdup(body), strlen(body),
        TSstrdup("text/plain"));
    TSHttpTxnStatusSet(txn, (TSHttpStatus)status);
}

/* Stands for a request that left nothing: it was begun all the same. */
static csn_gw_txn nothing_kept;

void
csn_gw_txn_free(csn_gw_txn *kept)
{
    if (kept != &nothing_kept)
        free(kept);
}

csn_gw_txn *
csn_gw_txn_get(TSHttpTxn txn)
{
    return TSUserArgGet(txn, csn_gateway.txn_index);
}

/* Keep `out`'s lines, and the user, for the response; false: no memory. */
static bool
keep(const request *req, const csn_writer *out, const size_t *lens,
    size_t count, csn_span user)
{
    csn_gw_txn *kept = malloc(sizeof(*kept) + out->len + user.len);

    if (kept == NULL)
        return false;
    kept->layer = req->listen->layer;
    kept->allowed = user.len > 0;
    kept->line_count = count;
    memcpy(kept->line_len, lens, count * sizeof(*lens));
    memcpy(kept->text, out->buf, out->len);
    kept->user_len = user.len;
    if (user.len > 0)
        memcpy(kept->text + out->len, user.ptr, user.len);
    TSUserArgSet(req->txn, csn_gateway.txn_index, kept);
    return true;
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
log_refusal(const request *req, const csn_server_outcome *outcome,
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
    const struct sockaddr *client = TSHttpTxnClientAddrGet(req->txn);

    if (client != NULL && client->sa_family == AF_INET6)
        memcpy(&refusal.client, client, sizeof(struct sockaddr_in6));
    else if (client != NULL && client->sa_family == AF_INET)
        memcpy(&refusal.client, client, sizeof(struct sockaddr_in));
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

static void
count_decision(const request *req, unsigned reason)
{
    csn_gw_count(&req->thread->decisions[req->listen->layer][reason]);
}

/* Refuse for a reason of the gateway's own. */
static void
refuse(const request *req, const csn_server_outcome *outcome, unsigned status,
    unsigned reason)
{
    count_decision(req, reason);
    log_refusal(req, outcome, status, reason);
    csn_gw_refuse(req->txn, status);
}

/* Drive the engine: both things it may need are in memory. */
static void
judge(request *req, const csn_gw_world *world, const csn_span *lines,
    size_t line_count)
{
    csn_layer layer = req->listen->layer;
    csn_server_exchange *exchange = &req->thread->exchange;
    csn_server_request input = {
        .target = req->target.target,
        .lines = lines,
        .line_count = line_count,
        .now_ms = csn_counts_now(csn_gateway.counts, csn_gw_wall_ms()),
        .scratch = req->thread->scratch,
        .scratch_len = sizeof(req->thread->scratch),
        .compare = csn_gw_target_compare,
        .compare_context = &req->target,
    };
    csn_need need;

    memcpy(input.domain, csn_gateway.domain, sizeof(input.domain));
    need = csn_server_begin(exchange, &world->server[layer], &input);
    if (need == CSN_NEED_SECRET) {
        csn_secret_query query = csn_server_secret_query(exchange);
        csn_secret secret = { .code = CSN_SECRET_UNKNOWN };

        secret.ha1_hex = csn_users_find(world->users[layer], query.realm,
            query.user, query.hash);
        if (secret.ha1_hex.len > 0)
            secret.code = CSN_SECRET_FOUND;
        need = csn_server_give_secret(exchange, &secret);
    }
    if (need == CSN_NEED_COUNT) {
        csn_mark mark = csn_server_count_query(exchange);

        need = csn_server_give_count(exchange,
            csn_counts_mark(csn_gateway.counts, &mark));
    }
    TSAssert(need == CSN_DONE);
}

/* The challenge lines, kept for the response. */
static bool
keep_challenge(const request *req, const csn_gw_world *world)
{
    uint8_t room[CSN_ALG_COUNT * CSN_CHALLENGE_SIZE];
    csn_writer out = csn_writer_init(room, sizeof(room));
    size_t lens[CSN_ALG_COUNT];
    size_t count = csn_server_challenge_count(
        &world->server[req->listen->layer]);

    for (size_t i = 0; i < count; i++) {
        size_t before = out.len;

        if (csn_server_challenge(&req->thread->exchange, i, &out) != CSN_OK)
            return false;
        lens[i] = out.len - before;
    }
    return keep(req, &out, lens, count, (csn_span){ NULL, 0 });
}

static bool
keep_info(const request *req, csn_span user)
{
    uint8_t room[CSN_INFO_SIZE];
    csn_writer out = csn_writer_init(room, sizeof(room));

    if (csn_server_info(&req->thread->exchange, &out) != CSN_OK)
        return false;
    if (csn_server_sends_nextnonce(&req->thread->exchange))
        csn_gw_count(&req->thread->nextnonces[req->listen->layer]);
    return keep(req, &out, &out.len, 1, user);
}

/* The application's side of an allowed request. TE goes because trailers
 * are dropped (see response.c). */
static void
forward_to_origin(const request *req, csn_span user)
{
    const csn_gw_settings *settings = &csn_gateway.settings;
    const csn_gw_origin *origin = &settings->origin;
    csn_span header_name = { (const uint8_t *)settings->user_header,
        strlen(settings->user_header) };
    csn_span hidden[4] = { CSN_LIT("Authorization"),
        CSN_LIT("Proxy-Authorization"), CSN_LIT("TE"), header_name };

    csn_gw_fields_remove(&req->header, hidden, header_name.len > 0 ? 4 : 3);
    if (header_name.len > 0) {
        csn_gw_connection_remove(&req->header, header_name);
        csn_gw_field_append(&req->header, header_name, user);
    }
    (void)TSUrlSchemeSet(req->header.buffer, req->url,
        origin->tls ? "https" : "http", origin->tls ? 5 : 4);
    (void)TSUrlHostSet(req->header.buffer, req->url, origin->host,
        (int)strlen(origin->host));
    (void)TSUrlPortSet(req->header.buffer, req->url, origin->port);
}

/* What a proxy takes out: its own credentials, for it alone (G-08). */
static void
forward_to_anywhere(const request *req)
{
    csn_span hidden[2] = { CSN_LIT("Proxy-Authorization"), CSN_LIT("TE") };

    csn_gw_fields_remove(&req->header, hidden, 2);
    csn_gw_connection_remove(&req->header, hidden[0]);
}

static bool
is_connect(const request *req)
{
    return req->target.target.method.len == 7 &&
        memcmp(req->target.target.method.ptr, "CONNECT", 7) == 0;
}

static bool
connect_port_allowed(int port)
{
    const csn_gw_settings *settings = &csn_gateway.settings;

    for (size_t i = 0; i < settings->connect_port_count; i++) {
        if (settings->connect_ports[i] == port)
            return true;
    }
    return false;
}

/* What a verified user of the proxy still may not do. 0: nothing. */
static unsigned
forward_forbids(const request *req)
{
    int len;
    const char *scheme;

    if (is_connect(req))
        return connect_port_allowed(TSUrlPortGet(req->header.buffer, req->url))
            ? 0
            : CSN_GW_R_CONNECT_PORT;
    scheme = TSUrlSchemeGet(req->header.buffer, req->url, &len);
    return len == 4 && strncasecmp(scheme, "http", 4) == 0 ? 0
                                                           : CSN_GW_R_SCHEME;
}

static void
allow(request *req, const csn_server_outcome *outcome)
{
    csn_layer layer = req->listen->layer;
    unsigned forbidden = 0;

    if (!keep_info(req, outcome->user)) {
        refuse(req, outcome, 500, CSN_R_INTERNAL);
        return;
    }
    if (layer == CSN_LAYER_PROXY)
        forbidden = forward_forbids(req);
    if (forbidden != 0) {
        refuse(req, outcome, 403, forbidden);
        return;
    }
    count_decision(req, CSN_R_NONE);
    if (layer == CSN_LAYER_PROXY)
        forward_to_anywhere(req);
    else
        forward_to_origin(req, outcome->user);
    csn_gw_target_restore(&req->target, req->header.buffer, req->url);
}

/* Do what the engine's outcome says. */
static void
act(request *req, const csn_gw_world *world)
{
    csn_server_outcome outcome = csn_server_get_outcome(
        &req->thread->exchange);

    if (outcome.verdict == CSN_VERDICT_ALLOW) {
        allow(req, &outcome);
        return;
    }
    if (outcome.verdict == CSN_VERDICT_CHALLENGE &&
        !keep_challenge(req, world)) {
        refuse(req, &outcome, 500, CSN_R_INTERNAL);
        return;
    }
    refuse(req, &outcome, outcome.http_status, outcome.reason);
}

/* What cannot be asked here, with credentials or without. 0: it can. */
static unsigned
misdirected(const request *req, unsigned *status)
{
    int host_len;

    (void)TSUrlHostGet(req->header.buffer, req->url, &host_len);
    if (req->listen->layer == CSN_LAYER_ORIGIN && is_connect(req)) {
        *status = 405;
        return CSN_GW_R_CONNECT_NOT_HERE;
    }
    if (req->listen->layer == CSN_LAYER_PROXY && host_len <= 0) {
        *status = 400;
        return CSN_GW_R_NOT_A_PROXY_REQUEST;
    }
    return 0;
}

static void
decide(request *req)
{
    enum { LINES = 4 }; /* more than one is refused; four show that */
    csn_span lines[LINES];
    csn_span name = csn_layer_credentials_field(req->listen->layer);
    size_t count = csn_gw_field_lines(&req->header, name, lines, LINES);
    unsigned status;
    unsigned reason;

    /* Without credentials nothing will be held against the target. */
    csn_gw_target_find(req->txn, &req->header, req->url, count > 0,
        req->listen->tls, &req->target);
    reason = misdirected(req, &status);
    if (reason != 0) {
        refuse(req, NULL, status, reason);
    } else {
        const csn_gw_world *world = csn_gw_world_enter(req->thread);

        judge(req, world, lines, count);
        act(req, world);
        csn_server_end(&req->thread->exchange);
        csn_gw_world_leave(req->thread);
    }
    csn_gw_target_drop(&req->target);
}

/* Ports are unique among listeners, see csn_gw_settings_finish. */
static const csn_gw_listen *
find_listen(TSHttpTxn txn)
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

void
csn_gw_note_engine(TSHttpTxn txn, unsigned status)
{
    request req = { .txn = txn,
        .thread = csn_gw_thread_self(),
        .listen = find_listen(txn) };

    if (req.listen == NULL || req.listen->admin)
        return;
    count_decision(&req, CSN_GW_R_ENGINE);
    log_refusal(&req, NULL, status, CSN_GW_R_ENGINE);
}

void
csn_gw_refuse_destination(TSHttpTxn txn, const csn_gw_txn *kept)
{
    request req = { .txn = txn,
        .thread = csn_gw_thread_self(),
        .listen = find_listen(txn) };
    csn_server_outcome outcome = { .user_known = true };
    size_t offset = 0;
    int len = 0;

    for (size_t i = 0; i < kept->line_count; i++)
        offset += kept->line_len[i];
    outcome.user = (csn_span){ (const uint8_t *)kept->text + offset,
        kept->user_len };

    if (TSHttpTxnClientReqGet(txn, &req.header.buffer, &req.header.at) !=
        TS_SUCCESS) {
        csn_gw_refuse(txn, 403);
        return;
    }
    req.target.printed = TSHttpTxnEffectiveUrlStringGet(txn, &len);
    req.target.target.target = (csn_span){ (const uint8_t *)req.target.printed,
        (size_t)len };
    refuse(&req, &outcome, 403, CSN_GW_R_DESTINATION);
    csn_gw_target_drop(&req.target);
    TSHandleMLocRelease(req.header.buffer, TS_NULL_MLOC, req.header.at);
}

int
csn_gw_on_request(TSHttpTxn txn)
{
    request req = { .txn = txn, .thread = csn_gw_thread_self() };

    csn_gw_count(&req.thread->begun);
    TSUserArgSet(txn, csn_gateway.txn_index, &nothing_kept);
    req.listen = find_listen(txn);
    if (req.listen != NULL && req.listen->admin)
        return csn_gw_on_admin_request(txn);

    if (req.listen == NULL ||
        TSHttpTxnClientReqGet(txn, &req.header.buffer, &req.header.at) !=
            TS_SUCCESS) {
        csn_gw_refuse(txn, 500);
    } else if (TSHttpHdrUrlGet(req.header.buffer, req.header.at, &req.url) !=
        TS_SUCCESS) {
        csn_gw_refuse(txn, 500);
        TSHandleMLocRelease(req.header.buffer, TS_NULL_MLOC, req.header.at);
    } else {
        decide(&req);
        TSHandleMLocRelease(req.header.buffer, req.header.at, req.url);
        TSHandleMLocRelease(req.header.buffer, TS_NULL_MLOC, req.header.at);
    }
    csn_gw_section_drop(txn);
    TSHttpTxnReenable(txn, TS_EVENT_HTTP_CONTINUE);
    return 0;
}
