// SPDX-License-Identifier: MIT
#include "ngx_http_countersign.h"

#include <countersign/field.h>

/* nginx's request: what the engine wants of it, and what others must not. */

static ngx_flag_t
has_credentials(const ngx_table_elt_t *header, csn_layer layer)
{
    return csn_name_equal(ngx_http_csn_span(&header->key),
        csn_layer_credentials_field(layer));
}

/* Whether the credentials are of the scheme that we judge. */
static ngx_flag_t
is_digest(const ngx_table_elt_t *header)
{
    static const csn_span scheme = CSN_LIT("Digest");
    csn_span value = ngx_http_csn_span(&header->value);

    if (value.len < scheme.len ||
        !csn_name_equal((csn_span){ value.ptr, scheme.len }, scheme))
        return 0;
    return value.len == scheme.len || value.ptr[scheme.len] == ' ' ||
        value.ptr[scheme.len] == '\t';
}

static void
read_lines(ngx_http_request_t *r, ngx_http_csn_ctx_t *ctx)
{
    ngx_list_part_t *part = &r->headers_in.headers.part;
    ngx_uint_t index = 0;
    ngx_table_elt_t *header;

    ctx->line_count = 0;
    while ((header = ngx_http_csn_field_next(&part, &index)) != NULL &&
        ctx->line_count < NGX_HTTP_CSN_LINES) {
        if (has_credentials(header, ctx->layer))
            ctx->lines[ctx->line_count++] = ngx_http_csn_span(&header->value);
    }
}

/*
 * Method and target as they came, from the request line: nginx's own fields
 * lose an absolute-form, and an error page makes a GET of the method. In
 * HTTP/2 nginx writes such a line itself, of :method and :path as received.
 */
static void
read_line(const ngx_http_request_t *r, csn_target *target)
{
    const u_char *at = r->request_line.data;
    const u_char *end = at + r->request_line.len;

    target->method.ptr = at;
    while (at < end && *at != ' ')
        at++;
    target->method.len = (size_t)(at - target->method.ptr);
    while (at < end && *at == ' ')
        at++;
    if (r->http_version > NGX_HTTP_VERSION_9) {
        while (end > at && end[-1] != ' ')
            end--;
    }
    while (end > at && end[-1] == ' ')
        end--;
    target->target = (csn_span){ at, (size_t)(end - at) };
}

void
ngx_http_csn_request_read(ngx_http_request_t *r, ngx_http_csn_ctx_t *ctx)
{
    csn_target *target = &ctx->target;

    read_line(r, target);
    read_lines(r, ctx);
    target->scheme = CSN_SPAN("http");
#if (NGX_HTTP_SSL)
    if (r->connection->ssl != NULL)
        target->scheme = CSN_SPAN("https");
#endif
    target->authority = r->headers_in.host != NULL
        ? ngx_http_csn_span(&r->headers_in.host->value)
        : ngx_http_csn_span(&r->headers_in.server);
}

static ngx_flag_t
has_digest(ngx_http_request_t *r, csn_layer layer)
{
    ngx_list_part_t *part = &r->headers_in.headers.part;
    ngx_uint_t index = 0;
    ngx_table_elt_t *header;

    while ((header = ngx_http_csn_field_next(&part, &index)) != NULL) {
        if (has_credentials(header, layer) && is_digest(header))
            return 1;
    }
    return 0;
}

/*
 * The list is made anew without them. Nothing moves, so nginx's pointers to
 * known fields go on pointing to the fields as received.
 */
ngx_int_t
ngx_http_csn_request_strip(ngx_http_request_t *r, csn_layer layer)
{
    ngx_list_part_t *part = &r->headers_in.headers.part;
    ngx_uint_t index = 0;
    ngx_list_t kept;
    ngx_table_elt_t *header;
    ngx_table_elt_t *first = NULL;

    if (!has_digest(r, layer))
        return NGX_OK;
    if (ngx_list_init(&kept, r->pool, 20, sizeof(ngx_table_elt_t)) != NGX_OK)
        return NGX_ERROR;
    while ((header = ngx_http_csn_field_next(&part, &index)) != NULL) {
        ngx_table_elt_t *place;

        if (has_credentials(header, layer) && is_digest(header))
            continue;
        place = ngx_list_push(&kept);
        if (place == NULL)
            return NGX_ERROR;
        *place = *header;
        if (first == NULL && has_credentials(header, layer))
            first = header;
    }
    r->headers_in.headers = kept;
    if (kept.last == &kept.part)
        r->headers_in.headers.last = &r->headers_in.headers.part;
    ngx_http_csn_layer_point(r, layer, first);
    return NGX_OK;
}
