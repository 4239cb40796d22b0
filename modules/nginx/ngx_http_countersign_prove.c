// SPDX-License-Identifier: MIT
#include "ngx_http_countersign.h"

/* What a response's header and trailer say of the proof. */

static ngx_int_t
keep_private(ngx_http_request_t *r, ngx_flag_t whole)
{
    static const csn_span name = CSN_LIT("Cache-Control");
    ngx_list_t *fields = &r->headers_out.headers;
    csn_span lines[CSN_CACHE_LINES];
    size_t count = ngx_http_csn_field_lines(fields, name, lines,
        CSN_CACHE_LINES);
    uint8_t room[CSN_CACHE_SIZE];
    ngx_str_t said;

    if (ngx_http_csn_keep(r->pool,
            csn_cache_control(lines, count, whole != 0, room),
            &said) != NGX_OK)
        return NGX_ERROR;
    ngx_http_csn_field_drop(fields, name);
    return ngx_http_csn_field_push(fields, name, ngx_http_csn_span(&said));
}

ngx_int_t
ngx_http_csn_prove(ngx_http_request_t *r, const ngx_http_csn_ctx_t *ctx,
    const ngx_str_t *info)
{
    if (info->len > 0 &&
        ngx_http_csn_field_push(&r->headers_out.headers,
            csn_layer_info_field(ctx->layer),
            ngx_http_csn_span(info)) != NGX_OK)
        return NGX_ERROR;
    if (ctx->layer == CSN_LAYER_PROXY)
        return NGX_OK;
    return keep_private(r, ctx->proof != NULL);
}

ngx_int_t
ngx_http_csn_info_make(ngx_http_request_t *r, const csn_server_proof *proof,
    csn_proof_parts parts, const uint8_t *digest, ngx_str_t *info)
{
    uint8_t text[CSN_INFO_SIZE];
    csn_writer out = csn_writer_init(text, sizeof(text));

    if (csn_server_proof_info(proof, parts, digest, &out) != CSN_OK)
        return NGX_ERROR;
    return ngx_http_csn_keep(r->pool, csn_writer_span(&out), info);
}

ngx_flag_t
ngx_http_csn_takes_trailer(ngx_http_request_t *r)
{
    const ngx_http_core_loc_conf_t *core = ngx_http_get_module_loc_conf(r,
        ngx_http_core_module);

    if (r->http_version < NGX_HTTP_VERSION_11 ||
        (r->http_version == NGX_HTTP_VERSION_11 &&
            !core->chunked_transfer_encoding))
        return 0;
    return ngx_http_csn_field_lists(&r->headers_in.headers, CSN_SPAN("TE"),
        CSN_SPAN("trailers"));
}
