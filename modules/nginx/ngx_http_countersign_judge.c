// SPDX-License-Identifier: MIT
#include "ngx_http_countersign.h"

/*
 * Driving the engine. All it asks for is in memory, so a request is judged in
 * one go; a worker has one thread that does so, and one exchange serves all.
 */

static csn_server_exchange exchange;
static uint8_t scratch[CSN_SCRATCH_SIZE];

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

static csn_need
give_secret(const csn_users *users)
{
    csn_secret_query query = csn_server_secret_query(&exchange);
    csn_secret secret = find_secret(users, &query);

    return csn_server_give_secret(&exchange, &secret);
}

static csn_need
give_session(csn_counts *counts)
{
    csn_session_query query = csn_server_session_query(&exchange);
    csn_session_result result = csn_counts_session(counts, &query);
    csn_need need = csn_server_give_session(&exchange, &result);

    ngx_explicit_memzero(&result, sizeof(result));
    return need;
}

/* Nobody offers auth-int, so nobody gets here with it. */
static csn_need
give_content(void)
{
    const csn_content content = { .code = CSN_CONTENT_TOO_LARGE };

    return csn_server_give_content(&exchange, &content);
}

static ngx_flag_t
is_marked(const ngx_http_csn_ctx_t *ctx, const csn_mark *mark)
{
    return ctx->marked_zone == ctx->guard->zone &&
        ctx->marked.nc == mark->nc &&
        ngx_memcmp(ctx->marked.id, mark->id, sizeof(mark->id)) == 0;
}

/* A request that another location judged under the same nonce has its count
 * already: to mark it again would make a replay of it. */
static csn_need
give_count(ngx_http_csn_ctx_t *ctx, csn_counts *counts)
{
    csn_mark mark = csn_server_count_query(&exchange);

    if (!is_marked(ctx, &mark)) {
        ctx->mark_result = csn_counts_mark(counts, &mark);
        ngx_explicit_memzero(mark.session, sizeof(mark.session));
        ctx->marked = mark;
        ctx->marked_zone = ctx->guard->zone;
    }
    return csn_server_give_count(&exchange, ctx->mark_result);
}

static void
run(ngx_http_csn_ctx_t *ctx, const ngx_http_csn_zone_t *zone)
{
    csn_server_request request = {
        .target = ctx->target,
        .lines = ctx->lines,
        .line_count = ctx->line_count,
        .now_ms = csn_counts_now(zone->counts, ngx_http_csn_wall_ms()),
        .scratch = scratch,
        .scratch_len = sizeof(scratch),
    };
    csn_need need;

    ngx_memcpy(request.domain, zone->domain, sizeof(request.domain));
    need = csn_server_begin(&exchange, &ctx->guard->server, &request);
    if (need == CSN_NEED_SECRET)
        need = give_secret(ngx_http_csn_users_now(ctx->guard->users));
    if (need == CSN_NEED_SESSION)
        need = give_session(zone->counts);
    if (need == CSN_NEED_CONTENT)
        need = give_content();
    if (need == CSN_NEED_COUNT)
        (void)give_count(ctx, zone->counts);
}

static ngx_int_t
keep(ngx_http_request_t *r, csn_span text, ngx_str_t *kept)
{
    kept->len = text.len;
    kept->data = ngx_pnalloc(r->pool, text.len + 1);
    if (kept->data == NULL)
        return NGX_ERROR;
    ngx_memcpy(kept->data, text.ptr, text.len);
    return NGX_OK;
}

static ngx_int_t
allow(ngx_http_request_t *r, ngx_http_csn_ctx_t *ctx)
{
    uint8_t text[CSN_INFO_SIZE];
    csn_writer out = csn_writer_init(text, sizeof(text));

    ctx->rc = NGX_OK;
    if (csn_server_info(&exchange, &out) != CSN_OK)
        return NGX_ERROR;
    if (keep(r, csn_writer_span(&out), &ctx->info) != NGX_OK)
        return NGX_ERROR;
    return keep(r, ctx->outcome.user, &ctx->user);
}

static ngx_int_t
challenge(ngx_http_request_t *r, ngx_http_csn_ctx_t *ctx)
{
    size_t count = csn_server_challenge_count(&ctx->guard->server);

    ctx->challenges = ngx_palloc(r->pool, count * sizeof(ngx_str_t));
    if (ctx->challenges == NULL)
        return NGX_ERROR;
    for (size_t i = 0; i < count; i++) {
        uint8_t text[CSN_CHALLENGE_SIZE];
        csn_writer out = csn_writer_init(text, sizeof(text));

        if (csn_server_challenge(&exchange, i, &out) != CSN_OK ||
            keep(r, csn_writer_span(&out), &ctx->challenges[i]) != NGX_OK)
            return NGX_ERROR;
    }
    ctx->challenge_count = count;
    return NGX_OK;
}

/* Only the names of users we know: what else stands there may be a password
 * in the wrong place (H-18). */
static void
note(ngx_http_request_t *r, const csn_server_outcome *outcome)
{
    const char *reason = csn_reason_name(outcome->reason);
    ngx_uint_t level = outcome->failed_login ? NGX_LOG_ERR : NGX_LOG_INFO;

    if (outcome->verdict == CSN_VERDICT_ALLOW)
        return;
    if (outcome->user_known) {
        ngx_log_error(level, r->connection->log, 0,
            "countersign: %s, user \"%*s\"", reason, outcome->user.len,
            outcome->user.ptr);
        return;
    }
    ngx_log_error(level, r->connection->log, 0, "countersign: %s", reason);
}

static ngx_int_t
take_outcome(ngx_http_request_t *r, ngx_http_csn_ctx_t *ctx)
{
    ngx_int_t rc = NGX_OK;

    ctx->outcome = csn_server_get_outcome(&exchange);
    note(r, &ctx->outcome);
    switch (ctx->outcome.verdict) {
    case CSN_VERDICT_ALLOW:
        rc = allow(r, ctx);
        break;
    case CSN_VERDICT_CHALLENGE:
        ctx->rc = NGX_HTTP_UNAUTHORIZED;
        rc = challenge(r, ctx);
        break;
    case CSN_VERDICT_BAD_REQUEST:
    case CSN_VERDICT_FAIL:
        ctx->rc = (ngx_int_t)ctx->outcome.http_status;
        break;
    }
    ctx->outcome.user = (csn_span){ NULL, 0 };
    return rc;
}

ngx_int_t
ngx_http_csn_judge(ngx_http_request_t *r, ngx_http_csn_ctx_t *ctx)
{
    const ngx_http_csn_zone_t *zone = ctx->guard->zone->data;
    ngx_int_t rc;

    ngx_str_null(&ctx->info);
    ngx_str_null(&ctx->user);
    ctx->challenge_count = 0;
    run(ctx, zone);
    rc = take_outcome(r, ctx);
    csn_server_end(&exchange);
    return rc;
}
