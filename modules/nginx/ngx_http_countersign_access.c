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
    ngx_http_set_ctx(r, ctx, ngx_http_countersign_module);
    ngx_http_csn_request_read(r, ctx);
    return ctx;
}

/* NGX_AGAIN: to be judged when the content was read. */
static ngx_int_t
judge(ngx_http_request_t *r, ngx_http_csn_ctx_t *ctx,
    ngx_http_csn_guard_t *guard)
{
    ngx_int_t rc;

    ctx->guard = guard;
    rc = ngx_http_csn_judge(r, ctx);
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

    if (conf->realm.len == 0)
        return NGX_DECLINED;
    if (conf->guard == NULL) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
            "\"countersign %V\" has no \"countersign_users\"", &conf->realm);
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }
    ctx = ngx_http_csn_find_ctx(r);
    if (ctx == NULL)
        ctx = make_ctx(r);
    if (ctx == NULL)
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    if (ctx->guard != conf->guard && judge(r, ctx, conf->guard) == NGX_AGAIN)
        return ngx_http_csn_content_read(r, &ctx->content);
    if (ctx->delay_ms > 0)
        return ngx_http_csn_wait(r, ctx);
    if (!conf->guard->pass && ngx_http_csn_request_strip(r) != NGX_OK)
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    return ctx->rc;
}

/* `satisfy any` may have let it through before we were asked. */
ngx_int_t
ngx_http_csn_precontent(ngx_http_request_t *r)
{
    ngx_http_csn_loc_conf_t *conf = ngx_http_get_module_loc_conf(r,
        ngx_http_countersign_module);

    if (conf->guard == NULL || conf->guard->pass)
        return NGX_DECLINED;
    if (ngx_http_csn_request_strip(r) != NGX_OK)
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    return NGX_DECLINED;
}
