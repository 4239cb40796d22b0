// SPDX-License-Identifier: MIT
#include "ngx_http_countersign.h"

/*
 * What a request is judged by, and what follows. A worker has one thread that
 * judges, so one exchange serves all.
 */

static csn_server_exchange exchange;
static uint8_t scratch[CSN_SCRATCH_SIZE];

/* What csn_judge calls back with. */
typedef struct judging {
    ngx_http_request_t *r;
    ngx_http_csn_ctx_t *ctx;
} judging;

static bool
get_content(void *host, csn_hash hash, csn_content *content,
    uint8_t digest[CSN_MAX_DIGEST])
{
    const judging *at = host;

    (void)digest; /* it is kept for the next who judges */
    return ngx_http_csn_content_get(at->r, &at->ctx->content, hash, content);
}

/* Its credentials were not looked at. */
static void
refuse_over(ngx_http_request_t *r, ngx_http_csn_ctx_t *ctx, uint64_t wait_ms)
{
    ngx_memzero(&ctx->outcome, sizeof(ctx->outcome));
    ctx->rc = NGX_HTTP_TOO_MANY_REQUESTS;
    ctx->retry_ms = wait_ms;
    ngx_log_error(NGX_LOG_ERR, r->connection->log, 0, "countersign: %s",
        NGX_HTTP_CSN_TOO_MANY);
}

/* NGX_AGAIN: the content has to be read first; NGX_DONE: it was refused. */
static ngx_int_t
run(ngx_http_request_t *r, ngx_http_csn_ctx_t *ctx, const csn_server *server)
{
    const ngx_http_csn_zone_t *zone = ctx->guard->zone->data;
    judging at = { r, ctx };
    uint8_t address[16];
    csn_judged judged;
    csn_server_request request = {
        .target = ctx->target,
        .lines = ctx->lines,
        .line_count = ctx->line_count,
        .now_ms = csn_counts_now(zone->counts, ngx_http_csn_wall_ms()),
        .scratch = scratch,
        .scratch_len = sizeof(scratch),
    };
    const csn_judge judge = {
        .exchange = &exchange,
        .users = ngx_http_csn_users_now(ctx->guard->users),
        .counts = zone->counts,
        .marked = &ctx->marked,
        .throttle = zone->throttle,
        .limits = &ctx->guard->limits,
        .layer = ctx->layer,
        .address = address,
        .content = get_content,
        .host = &at,
    };

    ngx_memcpy(request.domain, zone->domain, sizeof(request.domain));
    ngx_http_csn_address(r, address);
    judged = csn_judge_request(&judge, server, &request);
    ctx->delay_ms = judged.delay_ms;
    switch (judged.code) {
    case CSN_JUDGED:
        return NGX_OK;
    case CSN_JUDGED_OVER:
        refuse_over(r, ctx, judged.wait_ms);
        return NGX_DONE;
    case CSN_JUDGED_LATER:
        break;
    }
    return NGX_AGAIN;
}

/* After auth-int the proof waits for the response's content. */
static ngx_int_t
make_proof(ngx_http_request_t *r, ngx_http_csn_ctx_t *ctx)
{
    size_t size = csn_server_proof_size(&exchange);
    uint8_t *memory = ngx_palloc(r->pool, size);
    csn_server_proof *proof = ngx_pmemalign(r->pool, sizeof(*proof),
        _Alignof(csn_server_proof));

    if (memory == NULL || proof == NULL ||
        csn_server_proof_init(proof, &exchange, memory, size) != CSN_OK)
        return NGX_ERROR;
    ctx->proof = proof;
    return NGX_OK;
}

static ngx_int_t
make_info(ngx_http_request_t *r, ngx_http_csn_ctx_t *ctx)
{
    uint8_t text[CSN_INFO_SIZE];
    csn_writer out = csn_writer_init(text, sizeof(text));

    if (ctx->outcome.qop == CSN_QOP_AUTH_INT)
        return make_proof(r, ctx);
    if (csn_server_info(&exchange, &out) != CSN_OK)
        return NGX_ERROR;
    return ngx_http_csn_keep(r->pool, csn_writer_span(&out), &ctx->info);
}

static ngx_int_t
allow(ngx_http_request_t *r, ngx_http_csn_ctx_t *ctx)
{
    ctx->rc = NGX_OK;
    if (make_info(r, ctx) != NGX_OK)
        return NGX_ERROR;
    return ngx_http_csn_keep(r->pool, ctx->outcome.user, &ctx->user);
}

static ngx_int_t
challenge(ngx_http_request_t *r, ngx_http_csn_ctx_t *ctx,
    const csn_server *server)
{
    size_t count = csn_server_challenge_count(server);

    ctx->challenges = ngx_palloc(r->pool, count * sizeof(ngx_str_t));
    if (ctx->challenges == NULL)
        return NGX_ERROR;
    for (size_t i = 0; i < count; i++) {
        uint8_t text[CSN_CHALLENGE_SIZE];
        csn_writer out = csn_writer_init(text, sizeof(text));

        if (csn_server_challenge(&exchange, i, &out) != CSN_OK ||
            ngx_http_csn_keep(r->pool, csn_writer_span(&out),
                &ctx->challenges[i]) != NGX_OK)
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
take_outcome(ngx_http_request_t *r, ngx_http_csn_ctx_t *ctx,
    const csn_server *server)
{
    ngx_int_t rc = NGX_OK;

    ctx->outcome = csn_server_get_outcome(&exchange);
    note(r, &ctx->outcome);
    switch (ctx->outcome.verdict) {
    case CSN_VERDICT_ALLOW:
        rc = allow(r, ctx);
        break;
    case CSN_VERDICT_CHALLENGE:
        ctx->rc = (ngx_int_t)ctx->outcome.http_status;
        rc = challenge(r, ctx, server);
        break;
    case CSN_VERDICT_BAD_REQUEST:
    case CSN_VERDICT_FAIL:
        ctx->rc = (ngx_int_t)ctx->outcome.http_status;
        break;
    }
    ctx->outcome.user = (csn_span){ NULL, 0 };
    return rc;
}

void
ngx_http_csn_forget_proof(ngx_http_csn_ctx_t *ctx)
{
    if (ctx->proof != NULL)
        csn_server_proof_wipe(ctx->proof);
    ctx->proof = NULL;
}

ngx_int_t
ngx_http_csn_judge(ngx_http_request_t *r, ngx_http_csn_ctx_t *ctx,
    const csn_server *server)
{
    ngx_int_t rc;

    ngx_http_csn_forget_proof(ctx);
    ngx_str_null(&ctx->info);
    ngx_str_null(&ctx->user);
    ctx->challenge_count = 0;
    rc = run(r, ctx, server);
    if (rc == NGX_OK)
        rc = take_outcome(r, ctx, server);
    csn_server_end(&exchange);
    return rc;
}
