// SPDX-License-Identifier: MIT
#include "ngx_http_countersign.h"

#include <countersign/field.h>

/*
 * The header filter: challenges on a 401 of ours, the proof on every other
 * final status of a request that was let in, error pages included (E-05,
 * E-06); never an Info field that somebody else made (G-28).
 */

static ngx_http_output_header_filter_pt next_filter;

static ngx_int_t
push(ngx_http_request_t *r, csn_span name, const ngx_str_t *value)
{
    ngx_table_elt_t *header = ngx_list_push(&r->headers_out.headers);

    if (header == NULL)
        return NGX_ERROR;
    ngx_memzero(header, sizeof(*header));
    header->hash = 1;
    header->key.data = (u_char *)(uintptr_t)name.ptr;
    header->key.len = name.len;
    header->value = *value;
    return NGX_OK;
}

/* Each field line of that name: `seen` says whether the last was it. */
static ngx_table_elt_t *
next_line(ngx_list_part_t **part, ngx_uint_t *index, csn_span name)
{
    while (*part != NULL) {
        if (*index >= (*part)->nelts) {
            *part = (*part)->next;
            *index = 0;
        } else {
            ngx_table_elt_t *header = (ngx_table_elt_t *)(*part)->elts +
                (*index)++;

            if (header->hash != 0 &&
                csn_name_equal(ngx_http_csn_span(&header->key), name))
                return header;
        }
    }
    return NULL;
}

static void
drop_lines(ngx_http_request_t *r, csn_span name)
{
    ngx_list_part_t *part = &r->headers_out.headers.part;
    ngx_uint_t index = 0;
    ngx_table_elt_t *header;

    while ((header = next_line(&part, &index, name)) != NULL)
        header->hash = 0;
}

/* Whether a cache keeps the response from others by what it says already. */
static ngx_flag_t
is_kept_private(ngx_http_request_t *r)
{
    ngx_list_part_t *part = &r->headers_out.headers.part;
    ngx_uint_t index = 0;
    ngx_table_elt_t *header;

    while ((header = next_line(&part, &index, CSN_SPAN("Cache-Control"))) !=
        NULL) {
        u_char *end = header->value.data + header->value.len;

        if (ngx_strlcasestrn(header->value.data, end, (u_char *)"no-store",
                8 - 1) != NULL)
            return 1;
        if (ngx_strlcasestrn(header->value.data, end, (u_char *)"private",
                7 - 1) != NULL)
            return 1;
    }
    return 0;
}

static ngx_int_t
prove(ngx_http_request_t *r, const ngx_http_csn_ctx_t *ctx)
{
    static const ngx_str_t private_value = ngx_string("private");

    if (ctx->info.len == 0)
        return NGX_OK;
    if (push(r, csn_layer_info_field(CSN_LAYER_ORIGIN), &ctx->info) != NGX_OK)
        return NGX_ERROR;
    if (is_kept_private(r))
        return NGX_OK;
    return push(r, CSN_SPAN("Cache-Control"), &private_value);
}

static ngx_int_t
challenge(ngx_http_request_t *r, const ngx_http_csn_ctx_t *ctx)
{
    for (ngx_uint_t i = 0; i < ctx->challenge_count; i++) {
        if (push(r, csn_layer_challenge_field(CSN_LAYER_ORIGIN),
                &ctx->challenges[i]) != NGX_OK)
            return NGX_ERROR;
    }
    return NGX_OK;
}

static ngx_int_t
filter(ngx_http_request_t *r)
{
    const ngx_http_csn_loc_conf_t *conf = ngx_http_get_module_loc_conf(r,
        ngx_http_countersign_module);
    const ngx_http_csn_ctx_t *ctx;
    ngx_int_t rc = NGX_OK;

    if (r != r->main)
        return next_filter(r);
    ctx = ngx_http_csn_find_ctx(r);
    if (ctx != NULL || conf->guard != NULL)
        drop_lines(r, csn_layer_info_field(CSN_LAYER_ORIGIN));
    if (ctx != NULL && ctx->rc == NGX_OK)
        rc = prove(r, ctx);
    else if (ctx != NULL && r->headers_out.status == NGX_HTTP_UNAUTHORIZED)
        rc = challenge(r, ctx);
    return rc == NGX_OK ? next_filter(r) : NGX_ERROR;
}

static ngx_int_t
init(ngx_conf_t *cf)
{
    (void)cf;
    next_filter = ngx_http_top_header_filter;
    ngx_http_top_header_filter = filter;
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
