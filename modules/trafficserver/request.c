// SPDX-License-Identifier: MIT
#include "request.h"

#include <stdlib.h>
#include <string.h>

/*
 * TS_HTTP_READ_REQUEST_HDR: the decision. Everything is done here in one go:
 * the engine asks for a secret and for a count, and both are in memory. What
 * the response needs is put into a csn_gw_txn.
 */

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
keep(csn_gw_request *req, const csn_writer *out, const size_t *lens,
    size_t count, csn_span user)
{
    csn_gw_txn *kept = malloc(sizeof(*kept) + out->len + user.len);

    if (kept == NULL)
        return false;
    kept->layer = req->listen->layer;
    kept->allowed = user.len > 0;
    kept->retry_after_s = 0;
    kept->line_count = count;
    if (count > 0) {
        memcpy(kept->line_len, lens, count * sizeof(*lens));
        memcpy(kept->text, out->buf, out->len);
    }
    kept->user_len = user.len;
    if (user.len > 0)
        memcpy(kept->text + out->len, user.ptr, user.len);
    req->kept = kept;
    return true;
}

/* The user's secret; false: too many logins failed there, or of him there. */
static bool
give_secret(csn_gw_request *req, const csn_gw_world *world, csn_need *need)
{
    csn_server_exchange *exchange = &req->thread->exchange;
    csn_secret_query query = csn_server_secret_query(exchange);
    csn_secret secret = { .code = CSN_SECRET_UNKNOWN };

    req->source = csn_gw_guess_source(&csn_gateway.guess, req->listen->layer,
        req->peer.source);
    csn_gw_guess_user(&csn_gateway.guess, req->listen->layer, query.user,
        &req->source);
    if (csn_gw_guess_wait_ms(&csn_gateway.guess, &req->source, req->now_ms) >
        0)
        return false;
    secret.ha1_hex = csn_users_find(world->users[req->listen->layer],
        query.realm, query.user, query.hash);
    if (secret.ha1_hex.len > 0)
        secret.code = CSN_SECRET_FOUND;
    *need = csn_server_give_secret(exchange, &secret);
    return true;
}

/* Drive the engine: both things it may need are in memory. False: it was not
 * asked to the end, for too many logins failed. */
static bool
judge(csn_gw_request *req, const csn_gw_world *world, const csn_span *lines,
    size_t line_count)
{
    csn_layer layer = req->listen->layer;
    csn_server_exchange *exchange = &req->thread->exchange;
    csn_server_request input = {
        .target = req->target.target,
        .lines = lines,
        .line_count = line_count,
        .scratch = req->thread->scratch,
        .scratch_len = sizeof(req->thread->scratch),
        .compare = csn_gw_target_compare,
        .compare_context = &req->target,
    };
    csn_need need;

    req->now_ms = input.now_ms = csn_counts_now(csn_gateway.counts,
        csn_gw_wall_ms());
    memcpy(input.domain, csn_gateway.domain, sizeof(input.domain));
    need = csn_server_begin(exchange, &world->server[layer], &input);
    if (need == CSN_NEED_SECRET && !give_secret(req, world, &need))
        return false;
    if (need == CSN_NEED_COUNT) {
        csn_mark mark = csn_server_count_query(exchange);

        need = csn_server_give_count(exchange,
            csn_counts_mark(csn_gateway.counts, &mark));
    }
    TSAssert(need == CSN_DONE);
    return true;
}

/* Too many logins failed: when to come again, kept for the response. */
static void
keep_wait(csn_gw_request *req)
{
    enum { SECOND_MS = 1000 };
    csn_writer none = csn_writer_init(NULL, 0);
    uint64_t wait_ms = csn_gw_guess_wait_ms(&csn_gateway.guess, &req->source,
        req->now_ms);

    /* Without memory for it the field is missing, and nothing else. */
    if (keep(req, &none, NULL, 0, (csn_span){ NULL, 0 }))
        req->kept->retry_after_s = (uint32_t)((wait_ms + SECOND_MS - 1) /
            SECOND_MS);
}

/* The challenge lines, kept for the response. */
static bool
keep_challenge(csn_gw_request *req, const csn_gw_world *world)
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
keep_info(csn_gw_request *req, csn_span user)
{
    uint8_t room[CSN_INFO_SIZE];
    csn_writer out = csn_writer_init(room, sizeof(room));

    if (csn_server_info(&req->thread->exchange, &out) != CSN_OK)
        return false;
    if (csn_server_sends_nextnonce(&req->thread->exchange))
        csn_gw_count(&req->thread->nextnonces[req->listen->layer]);
    return keep(req, &out, &out.len, 1, user);
}

/* The application's side of an allowed request. The engine passes no
 * Connection on, nor obeys it; TE goes because trailers are dropped. */
static void
forward_to_origin(const csn_gw_request *req, csn_span user)
{
    const csn_gw_settings *settings = &csn_gateway.settings;
    const csn_gw_origin *origin = &settings->origin;
    csn_span header_name = { (const uint8_t *)settings->user_header,
        strlen(settings->user_header) };
    csn_span hidden[4] = { CSN_LIT("Authorization"),
        CSN_LIT("Proxy-Authorization"), CSN_LIT("TE"), header_name };

    (void)csn_gw_fields_remove(&req->header, hidden,
        header_name.len > 0 ? 4 : 3);
    if (header_name.len > 0)
        csn_gw_field_append(&req->header, header_name, user);
    (void)TSUrlSchemeSet(req->header.buffer, req->url,
        origin->tls ? "https" : "http", origin->tls ? 5 : 4);
    (void)TSUrlHostSet(req->header.buffer, req->url, origin->host,
        (int)strlen(origin->host));
    (void)TSUrlPortSet(req->header.buffer, req->url, origin->port);
}

/* What a proxy takes out: its own credentials, for it alone (G-08). The
 * client's address is for an application behind the same engine alone. */
static void
forward_to_anywhere(const csn_gw_request *req)
{
    csn_span hidden[2] = { CSN_LIT("Proxy-Authorization"), CSN_LIT("TE") };

    (void)csn_gw_fields_remove(&req->header, hidden, 2);
    if (csn_gateway.settings.origin.present)
        (void)TSHttpTxnConfigIntSet(req->txn,
            TS_CONFIG_HTTP_INSERT_SQUID_X_FORWARDED_FOR, 0);
}

static bool
is_connect(const csn_gw_request *req)
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
forward_forbids(const csn_gw_request *req)
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
allow(csn_gw_request *req, const csn_server_outcome *outcome)
{
    csn_layer layer = req->listen->layer;
    unsigned forbidden = 0;

    if (!keep_info(req, outcome->user)) {
        csn_gw_refuse_for(req, outcome, 500, CSN_R_INTERNAL);
        return;
    }
    if (layer == CSN_LAYER_PROXY)
        forbidden = forward_forbids(req);
    if (forbidden != 0) {
        csn_gw_refuse_for(req, outcome, 403, forbidden);
        return;
    }
    csn_gw_count_decision(req, CSN_R_NONE);
    if (layer == CSN_LAYER_PROXY)
        forward_to_anywhere(req);
    else
        forward_to_origin(req, outcome->user);
    csn_gw_target_restore(&req->target, req->header.buffer, req->url);
}

/* Do what the engine's outcome says. */
static void
act(csn_gw_request *req, const csn_gw_world *world)
{
    csn_server_outcome outcome = csn_server_get_outcome(
        &req->thread->exchange);

    if (outcome.verdict == CSN_VERDICT_ALLOW) {
        allow(req, &outcome);
        return;
    }
    if (outcome.verdict == CSN_VERDICT_CHALLENGE &&
        !keep_challenge(req, world)) {
        csn_gw_refuse_for(req, &outcome, 500, CSN_R_INTERNAL);
        return;
    }
    if (outcome.failed_login) {
        csn_gw_count(&req->thread->failed_logins[req->listen->layer]);
        req->delay_ms = csn_gw_guess_failed(&csn_gateway.guess, &req->source,
            req->now_ms);
    }
    csn_gw_refuse_for(req, &outcome, outcome.http_status, outcome.reason);
}

/* What cannot be asked here, with credentials or without. 0: it can. */
static unsigned
misdirected(const csn_gw_request *req, unsigned *status)
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
decide(csn_gw_request *req)
{
    enum { LINES = 4 }; /* more than one is refused; four show that */
    csn_span lines[LINES];
    csn_span name = req->listen->layer == CSN_LAYER_ORIGIN
        ? CSN_GW_KNOWN(AUTHORIZATION)
        : CSN_GW_KNOWN(PROXY_AUTHORIZATION);
    size_t count = csn_gw_field_lines(&req->header, name, lines, LINES);
    unsigned status;
    unsigned reason;

    /* Without credentials nothing will be held against the target. */
    csn_gw_target_find(req->txn, &req->header, req->url,
        count > 0 ? &req->octets : NULL, req->listen->tls, &req->target);
    reason = misdirected(req, &status);
    if (reason != 0) {
        csn_gw_refuse_for(req, NULL, status, reason);
    } else {
        const csn_gw_world *world = csn_gw_world_enter(req->thread);

        if (judge(req, world, lines, count)) {
            act(req, world);
        } else {
            keep_wait(req);
            csn_gw_refuse_for(req, NULL, 429, CSN_GW_R_TOO_MANY_FAILURES);
        }
        csn_server_end(&req->thread->exchange);
        csn_gw_world_leave(req->thread);
    }
    csn_gw_target_drop(&req->target);
}

static void
look_and_decide(csn_gw_request *req)
{
    TSMBuffer *buffer = &req->header.buffer;
    TSMLoc *at = &req->header.at;

    if (TSHttpTxnClientReqGet(req->txn, buffer, at) != TS_SUCCESS) {
        csn_gw_refuse(req->txn, 500);
        return;
    }
    if (TSHttpHdrUrlGet(*buffer, *at, &req->url) != TS_SUCCESS) {
        csn_gw_refuse(req->txn, 500);
    } else {
        req->peer = csn_gw_peer_find(req->txn, &req->header);
        csn_gw_count(&req->thread->sources[req->peer.from]);
        decide(req);
        TSHandleMLocRelease(*buffer, *at, req->url);
    }
    TSHandleMLocRelease(*buffer, TS_NULL_MLOC, *at);
}

int
csn_gw_on_request(TSHttpTxn txn)
{
    csn_gw_request req = { .txn = txn,
        .thread = csn_gw_thread_self(),
        .listen = csn_gw_find_listen(txn),
        .octets = csn_gw_section_begin(txn),
        .kept = &nothing_kept };

    csn_gw_count(&req.thread->begun);
    if (req.listen == NULL)
        csn_gw_refuse(txn, 500);
    else if (!req.listen->admin)
        look_and_decide(&req);
    csn_gw_section_end(&req.octets);
    TSUserArgSet(txn, csn_gateway.txn_index, req.kept);

    if (req.listen != NULL && req.listen->admin)
        return csn_gw_on_admin_request(txn);
    csn_gw_answer_after(txn, req.delay_ms);
    return 0;
}
