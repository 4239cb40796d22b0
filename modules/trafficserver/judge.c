// SPDX-License-Identifier: MIT
#include "hold.h"

#include <string.h>

/* Driving the engine. */

enum { LINES = 4 }; /* more than one is refused; four show that */

static size_t
credentials(const csn_gw_request *req, csn_span lines[LINES])
{
    return csn_gw_field_lines(&req->header,
        req->listen->layer == CSN_LAYER_ORIGIN
            ? CSN_GW_KNOWN(AUTHORIZATION)
            : CSN_GW_KNOWN(PROXY_AUTHORIZATION),
        lines, LINES);
}

bool
csn_gw_has_credentials(const csn_gw_request *req)
{
    csn_span lines[LINES];

    return credentials(req, lines) > 0;
}

static csn_secret
find_secret(const csn_users *users, const csn_secret_query *query)
{
    csn_secret secret = { .code = CSN_SECRET_UNKNOWN, .user = query->user };

    secret.ha1_hex = query->hashed
        ? csn_users_find_hashed(users, query->realm, query->user, query->hash,
              &secret.user)
        : csn_users_find(users, query->realm, query->user, query->hash);
    if (secret.ha1_hex.len > 0)
        secret.code = CSN_SECRET_FOUND;
    else
        secret.user = query->user;
    return secret;
}

/* False: too many logins failed there, or of him there. The name counts as it
 * was sent: were a hashed one brought together with the user it stands for,
 * the limit would tell that there is one (D-39). */
static bool
may_try(csn_gw_request *req, csn_span user)
{
    req->source = csn_gw_guess_source(&csn_gateway.guess, req->listen->layer,
        req->peer.source);
    csn_gw_guess_user(&csn_gateway.guess, req->listen->layer, user,
        &req->source);
    return csn_gw_guess_wait_ms(&csn_gateway.guess, &req->source,
               req->now_ms) == 0;
}

/*
 * The content as far as it is known when the header was read: there is none,
 * or too much. False: it is to come. In HTTP/2 content needs no length; what
 * follows a CONNECT is no content (C-55).
 */
static bool
know_content(const csn_gw_request *req, csn_content *content,
    uint8_t digest[CSN_MAX_DIGEST])
{
    csn_span nothing = { NULL, 0 };
    csn_span value;

    if (!csn_gw_is_connect(req)) {
        if (csn_gw_field_value(&req->header, CSN_GW_KNOWN(TRANSFER_ENCODING),
                &value))
            return false;
        if (csn_gw_field_value(&req->header, CSN_GW_KNOWN(CONTENT_LENGTH),
                &value)) {
            uint64_t length = csn_gw_length_parse(value);

            content->code = CSN_CONTENT_TOO_LARGE;
            if (length > 0)
                return length > csn_gateway.settings.content_limit;
        } else if (TSHttpTxnClientProtocolStackContains(req->txn, "h2") !=
            NULL) {
            return false;
        }
    }
    content->code = CSN_CONTENT_HASHED;
    content->digest = digest;
    return csn_gateway.crypto->digest(csn_server_hash(&req->thread->exchange),
               &nothing, 1, digest) == CSN_OK;
}

static csn_need
give_session(csn_server_exchange *exchange)
{
    csn_session_query query = csn_server_session_query(exchange);
    csn_session_result result = csn_counts_session(csn_gateway.counts, &query);
    csn_need need = csn_server_give_session(exchange, &result);

    explicit_bzero(&result, sizeof(result));
    return need;
}

static csn_need
give_count(csn_server_exchange *exchange)
{
    csn_mark mark = csn_server_count_query(exchange);
    csn_need need = csn_server_give_count(exchange,
        csn_counts_mark(csn_gateway.counts, &mark));

    explicit_bzero(&mark, sizeof(mark));
    return need;
}

/* All that is needed behind the user's name. */
static csn_gw_judged
go_through(csn_gw_request *req, const csn_gw_world *world)
{
    csn_server_exchange *exchange = &req->thread->exchange;
    csn_secret_query query = csn_server_secret_query(exchange);
    csn_secret secret = find_secret(world->users[req->listen->layer], &query);
    uint8_t digest[CSN_MAX_DIGEST];
    csn_content content = { .code = CSN_CONTENT_HASHED };
    csn_need need;

    if (!may_try(req, query.user))
        return CSN_GW_JUDGED_OVER;
    if (req->content != NULL)
        content = *req->content;
    else if (csn_server_wants_content(exchange) &&
        !know_content(req, &content, digest))
        return CSN_GW_JUDGED_LATER;
    need = csn_server_give_secret(exchange, &secret);
    if (need == CSN_NEED_SESSION)
        need = give_session(exchange);
    if (need == CSN_NEED_CONTENT)
        need = csn_server_give_content(exchange, &content);
    if (need == CSN_NEED_COUNT)
        need = give_count(exchange);
    TSAssert(need == CSN_DONE);
    return CSN_GW_JUDGED;
}

csn_gw_judged
csn_gw_judge(csn_gw_request *req, const csn_gw_world *world)
{
    csn_span lines[LINES];
    csn_server_request input = {
        .target = req->target.target,
        .lines = lines,
        .line_count = credentials(req, lines),
        .scratch = req->thread->scratch,
        .scratch_len = sizeof(req->thread->scratch),
        .compare = csn_gw_target_compare,
        .compare_context = &req->target,
    };

    req->now_ms = input.now_ms = csn_counts_now(csn_gateway.counts,
        csn_gw_wall_ms());
    memcpy(input.domain, csn_gateway.domain, sizeof(input.domain));
    if (csn_server_begin(&req->thread->exchange,
            &world->server[req->listen->layer], &input) == CSN_NEED_SECRET)
        return go_through(req, world);
    return CSN_GW_JUDGED;
}
