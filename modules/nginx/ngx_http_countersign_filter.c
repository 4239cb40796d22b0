// SPDX-License-Identifier: MIT
#include "ngx_http_countersign.h"

/*
 * The filters: challenges on a 401 of ours, the proof on every other final
 * status of a request that was let in, error pages included (E-05, E-06);
 * never an Info field that somebody else made (G-28).
 */

static ngx_http_output_header_filter_pt next_header;
static ngx_http_output_body_filter_pt next_body;

ngx_int_t
ngx_http_csn_next_header(ngx_http_request_t *r)
{
    return next_header(r);
}

ngx_int_t
ngx_http_csn_next_body(ngx_http_request_t *r, ngx_chain_t *in)
{
    return next_body(r, in);
}

static ngx_int_t
challenge(ngx_http_request_t *r, const ngx_http_csn_ctx_t *ctx)
{
    for (ngx_uint_t i = 0; i < ctx->challenge_count; i++) {
        if (ngx_http_csn_field_push(&r->headers_out.headers,
                csn_layer_challenge_field(ctx->layer),
                ngx_http_csn_span(&ctx->challenges[i])) != NGX_OK)
            return NGX_ERROR;
    }
    return next_header(r);
}

static ngx_int_t
prove(ngx_http_request_t *r, ngx_http_csn_ctx_t *ctx)
{
    if (ctx->proof != NULL)
        return ngx_http_csn_hold_header(r, ctx);
    if (ngx_http_csn_prove(r, ctx, &ctx->info) != NGX_OK)
        return NGX_ERROR;
    return next_header(r);
}

/* G-28: nobody makes an Info field but us, where we ask for logins; a proxy
 * lets pass what an origin proves. That of a proxy is of the hop behind
 * us alone (G-15, G-16). */
static void
drop_info(ngx_http_request_t *r, const ngx_http_csn_ctx_t *ctx,
    ngx_list_t *fields)
{
    ngx_str_t realm;

    if (ctx == NULL && ngx_http_csn_realm(r, &realm) == NGX_DECLINED)
        return;
    ngx_http_csn_field_drop(fields, csn_layer_info_field(CSN_LAYER_PROXY));
    if (ngx_http_csn_layer(r) == CSN_LAYER_ORIGIN)
        ngx_http_csn_field_drop(fields,
            csn_layer_info_field(CSN_LAYER_ORIGIN));
}

static ngx_int_t
filter_header(ngx_http_request_t *r)
{
    ngx_http_csn_ctx_t *ctx;
    ngx_flag_t unauthorized;

    if (r != r->main)
        return next_header(r);
    ctx = ngx_http_csn_find_ctx(r);
    drop_info(r, ctx, &r->headers_out.headers);
    /* E-10: no proof in 1xx, which 101 is. */
    if (ctx == NULL || r->headers_out.status < NGX_HTTP_OK)
        return next_header(r);
    unauthorized = r->headers_out.status ==
        ngx_http_csn_layer_status(ctx->layer);
    if (ctx->rc == NGX_OK && !unauthorized)
        return prove(r, ctx);
    if (ctx->rc != NGX_OK && unauthorized)
        return challenge(r, ctx);
    if (ctx->rc == NGX_HTTP_TOO_MANY_REQUESTS &&
        r->headers_out.status == NGX_HTTP_TOO_MANY_REQUESTS &&
        ngx_http_csn_retry_after(r, ctx) != NGX_OK)
        return NGX_ERROR;
    return next_header(r);
}

/* An application may send trailers. */
static void
drop_trailer(ngx_http_request_t *r, const ngx_chain_t *in)
{
    for (; in != NULL && r == r->main; in = in->next) {
        if (in->buf->last_buf)
            drop_info(r, ngx_http_csn_find_ctx(r), &r->headers_out.trailers);
    }
}

static ngx_int_t
filter_body(ngx_http_request_t *r, ngx_chain_t *in)
{
    ngx_http_csn_hold_t *hold = ngx_http_get_module_ctx(r,
        ngx_http_countersign_filter_module);

    drop_trailer(r, in);
    if (hold == NULL || in == NULL)
        return next_body(r, in);
    return ngx_http_csn_hold_body(r, hold, in);
}

static ngx_int_t
init(ngx_conf_t *cf)
{
    (void)cf;
    next_header = ngx_http_top_header_filter;
    ngx_http_top_header_filter = filter_header;
    next_body = ngx_http_top_body_filter;
    ngx_http_top_body_filter = filter_body;
    return NGX_OK;
}

static ngx_http_module_t module_ctx = { .postconfiguration = init };

ngx_module_t ngx_http_countersign_filter_module = {
    NGX_MODULE_V1,
    &module_ctx,
    NULL,
    NGX_HTTP_MODULE,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    NGX_MODULE_V1_PADDING,
};
