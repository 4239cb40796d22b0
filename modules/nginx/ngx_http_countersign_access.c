// SPDX-License-Identifier: MIT
#include "ngx_http_countersign.h"

/*
 * The access phase. nginx itself minds `satisfy` and `auth_delay`, calls it
 * for main requests alone, and again behind each internal redirect.
 */

/* Marks our context among the cleanups of a request's pool: a redirect clears
 * the contexts of modules, but not those. */
static void
mark(void *data)
{
    (void)data;
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
        if (cleanup->handler == mark)
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
    cleanup->handler = mark;
    ngx_http_set_ctx(r, ctx, ngx_http_countersign_module);
    ngx_http_csn_request_read(r, ctx);
    return ctx;
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
    if (ctx->guard != conf->guard) {
        ctx->guard = conf->guard;
        if (ngx_http_csn_judge(r, ctx) != NGX_OK)
            ctx->rc = NGX_HTTP_INTERNAL_SERVER_ERROR;
    }
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
