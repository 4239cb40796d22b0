// SPDX-License-Identifier: MIT
#include "ngx_http_countersign.h"

/*
 * The layer of a request. nginx since 1.31 may be a proxy, for CONNECT alone,
 * and has a pointer to Proxy-Authorization then; before it knows neither.
 */

#ifdef NGX_HTTP_PROXY_AUTH_REQUIRED

csn_layer
ngx_http_csn_layer(const ngx_http_request_t *r)
{
    return ngx_http_proxy_auth(r) ? CSN_LAYER_PROXY : CSN_LAYER_ORIGIN;
}

void
ngx_http_csn_layer_point(ngx_http_request_t *r, csn_layer layer,
    ngx_table_elt_t *field)
{
    if (layer == CSN_LAYER_PROXY)
        r->headers_in.proxy_authorization = field;
    else
        r->headers_in.authorization = field;
}

#else

csn_layer
ngx_http_csn_layer(const ngx_http_request_t *r)
{
    (void)r;
    return CSN_LAYER_ORIGIN;
}

void
ngx_http_csn_layer_point(ngx_http_request_t *r, csn_layer layer,
    ngx_table_elt_t *field)
{
    (void)layer;
    r->headers_in.authorization = field;
}

#endif

ngx_uint_t
ngx_http_csn_layer_status(csn_layer layer)
{
    enum { PROXY_AUTHENTICATION_REQUIRED = 407 };

    return layer == CSN_LAYER_PROXY ? PROXY_AUTHENTICATION_REQUIRED
                                    : NGX_HTTP_UNAUTHORIZED;
}
