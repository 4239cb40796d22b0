// SPDX-License-Identifier: MIT
#include "ngx_http_countersign.h"

/*
 * The access phase. nginx itself minds `satisfy` and `auth_delay`, calls it
 * for main requests alone, and again behind each internal redirect.
 */

/* Also marks our context among the cleanups of a request's pool: a redirect
 * clears the contexts of modules, but not those. */
static void
drop(void *data)
{
    ngx_http_csn_ctx_t *ctx = data;

    ngx_http_csn_wait_end(ctx);
    ngx_http_csn_content_drop(&ctx->content);
    ngx_http_csn_forget_proof(ctx);
}

ngx_http_csn_ctx_t *
ngx_http_csn_find_ctx(ngx_http_request_t *r)
{
    ngx_http_csn_ctx_t *ctx = ngx_http_get_module_ctx(r->main,
        ngx_http_countersign_module);
    ngx_pool_cleanup_t *cleanup;

    if (ctx != NULL || (!r->main->internal && !r->main->filter_finalize))
        return ctx;
    for (cleanup = r->main->pool->cleanup; cleanup != NULL;
         cleanup = cleanup->next) {
        if (cleanup->handler == drop)
            return cleanup->data;
    }
    return NULL;
}

static ngx_http_csn_ctx_t *
make_ctx(ngx_http_request_t *r)
{
    ngx_pool_cleanup_t *cleanup = ngx_pool_cleanup_add(r->pool,
        sizeof(ngx_http_csn_ctx_t));
    ngx_http_csn_ctx_t *ctx;

    if (cleanup == NULL)
        return NULL;
    ctx = cleanup->data;
    ngx_memzero(ctx, sizeof(*ctx));
    cleanup->handler = drop;
    ctx->rc = NGX_DECLINED; /* nobody judged it yet */
    ngx_http_set_ctx(r, ctx, ngx_http_countersign_module);
    ctx->layer = ngx_http_csn_layer(r);
    ngx_http_csn_request_read(r, ctx);
    return ctx;
}

/* Whether an equal lock judged it already, before a redirect. */
static ngx_flag_t
is_judged(const ngx_http_csn_ctx_t *ctx, const ngx_http_csn_guard_t *guard,
    const ngx_str_t *realm)
{
    return ctx->guard == guard && ctx->realm.len == realm->len &&
        ngx_memcmp(ctx->realm.data, realm->data, realm->len) == 0;
}

/* NGX_AGAIN: to be judged when the content was read. */
static ngx_int_t
judge(ngx_http_request_t *r, ngx_http_csn_ctx_t *ctx,
    ngx_http_csn_guard_t *guard, const ngx_str_t *realm)
{
    const csn_server *server = ngx_http_csn_server(r, guard, ctx->layer,
        realm);
    ngx_int_t rc = NGX_ERROR;

    ctx->guard = guard;
    ctx->realm = *realm;
    if (server != NULL)
        rc = ngx_http_csn_judge(r, ctx, server);
    if (rc == NGX_ERROR)
        ctx->rc = NGX_HTTP_INTERNAL_SERVER_ERROR;
    if (rc == NGX_AGAIN) {
        ctx->guard = NULL;
        ctx->rc = NGX_AGAIN;
    }
    return rc;
}

ngx_int_t
ngx_http_csn_access(ngx_http_request_t *r)
{
    ngx_http_csn_loc_conf_t *conf = ngx_http_get_module_loc_conf(r,
        ngx_http_countersign_module);
    ngx_http_csn_ctx_t *ctx;
    ngx_str_t realm;
    ngx_int_t rc = ngx_http_csn_realm(r, &realm);

    if (rc == NGX_DECLINED)
        return NGX_DECLINED;
    if (rc != NGX_OK)
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    if (conf->guard == NULL) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
            "\"countersign %V\" has no \"countersign_users\"",
            &conf->realm->value);
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }
    ctx = ngx_http_csn_find_ctx(r);
    if (ctx == NULL)
        ctx = make_ctx(r);
    if (ctx == NULL)
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    if (!is_judged(ctx, conf->guard, &realm) &&
        judge(r, ctx, conf->guard, &realm) == NGX_AGAIN)
        return ngx_http_csn_content_read(r, &ctx->content);
    if (!conf->guard->pass &&
        ngx_http_csn_request_strip(r, ctx->layer) != NGX_OK)
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    return ctx->delay_ms > 0 ? ngx_http_csn_wait(r, ctx) : ctx->rc;
}

/* `satisfy any` may have let it through before we were asked. What came is
 * remembered first: a redirect may lead to where it is asked for. */
ngx_int_t
ngx_http_csn_precontent(ngx_http_request_t *r)
{
    ngx_http_csn_loc_conf_t *conf = ngx_http_get_module_loc_conf(r,
        ngx_http_countersign_module);

    ngx_str_t realm;

    if (conf->guard == NULL || conf->guard->pass ||
        ngx_http_csn_realm(r, &realm) == NGX_DECLINED)
        return NGX_DECLINED;
    if (r == r->main && ngx_http_csn_find_ctx(r) == NULL &&
        make_ctx(r) == NULL)
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    if (ngx_http_csn_request_strip(r, ngx_http_csn_layer(r)) != NGX_OK)
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    return NGX_DECLINED;
}
