// SPDX-License-Identifier: MIT
#include "ngx_http_countersign.h"

/* Variables, for logs and for applications behind. */

enum { MAX_LEN = (1 << 28) - 1 }; /* of nginx's values */

static ngx_int_t
set_text(ngx_http_variable_value_t *v, csn_span text)
{
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;
    v->len = text.len & MAX_LEN;
    v->data = (u_char *)(uintptr_t)text.ptr;
    return NGX_OK;
}

static ngx_int_t
set_number(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uint64_t number)
{
    u_char *text = ngx_pnalloc(r->pool, NGX_INT64_LEN);

    if (text == NULL)
        return NGX_ERROR;
    return set_text(v,
        (csn_span){ text, (size_t)(ngx_sprintf(text, "%uL", number) - text) });
}

static ngx_int_t
get_user(ngx_http_request_t *r, ngx_http_variable_value_t *v, uintptr_t data)
{
    const ngx_http_csn_ctx_t *ctx = ngx_http_csn_find_ctx(r);

    (void)data;
    v->not_found = 1;
    if (ctx == NULL || ctx->user.len == 0)
        return NGX_OK;
    return set_text(v, ngx_http_csn_span(&ctx->user));
}

static ngx_int_t
get_result(ngx_http_request_t *r, ngx_http_variable_value_t *v, uintptr_t data)
{
    const ngx_http_csn_ctx_t *ctx = ngx_http_csn_find_ctx(r);
    const char *name;

    (void)data;
    v->not_found = 1;
    if (ctx == NULL || ctx->rc == NGX_DECLINED)
        return NGX_OK;
    name = ctx->rc == NGX_HTTP_TOO_MANY_REQUESTS
        ? NGX_HTTP_CSN_TOO_MANY
        : csn_reason_name(ctx->outcome.reason);
    return set_text(v, (csn_span){ (const uint8_t *)name, ngx_strlen(name) });
}

static ngx_int_t
get_algorithm(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data)
{
    const ngx_http_csn_ctx_t *ctx = ngx_http_csn_find_ctx(r);

    (void)data;
    v->not_found = 1;
    if (ctx == NULL || ctx->outcome.count == 0)
        return NGX_OK;
    return set_text(v, csn_algorithm_name(ctx->outcome.algorithm));
}

/* In seconds with milliseconds, as nginx's own times are. */
static ngx_int_t
get_age(ngx_http_request_t *r, ngx_http_variable_value_t *v, uintptr_t data)
{
    const ngx_http_csn_ctx_t *ctx = ngx_http_csn_find_ctx(r);
    u_char *text;

    (void)data;
    v->not_found = 1;
    if (ctx == NULL || ctx->outcome.count == 0)
        return NGX_OK;
    text = ngx_pnalloc(r->pool, NGX_INT64_LEN + 4);
    if (text == NULL)
        return NGX_ERROR;
    return set_text(v,
        (csn_span){ text,
            (size_t)(ngx_sprintf(text, "%uL.%03uL",
                         ctx->outcome.nonce_age_ms / 1000,
                         ctx->outcome.nonce_age_ms % 1000) -
                text) });
}

static ngx_int_t
get_nc(ngx_http_request_t *r, ngx_http_variable_value_t *v, uintptr_t data)
{
    const ngx_http_csn_ctx_t *ctx = ngx_http_csn_find_ctx(r);

    (void)data;
    v->not_found = 1;
    if (ctx == NULL || ctx->outcome.count == 0)
        return NGX_OK;
    return set_number(r, v, ctx->outcome.count);
}

/* nginx's own $remote_user, for Basic. */
static ngx_http_get_variable_pt basic_user;

static ngx_int_t
get_remote_user(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data)
{
    const ngx_http_csn_ctx_t *ctx = ngx_http_csn_find_ctx(r);

    if (ctx == NULL || ctx->user.len == 0)
        return basic_user(r, v, data);
    return set_text(v, ngx_http_csn_span(&ctx->user));
}

/* nginx lets no module define the name anew, so the variable that it made for
 * this configuration gets another reader. */
static void
take_remote_user(ngx_conf_t *cf)
{
    static const ngx_str_t name = ngx_string("remote_user");
    ngx_http_core_main_conf_t *core = ngx_http_conf_get_module_main_conf(cf,
        ngx_http_core_module);
    ngx_hash_key_t *keys = core->variables_keys->keys.elts;

    for (ngx_uint_t i = 0; i < core->variables_keys->keys.nelts; i++) {
        ngx_http_variable_t *variable = keys[i].value;

        if (keys[i].key.len != name.len ||
            ngx_memcmp(keys[i].key.data, name.data, name.len) != 0)
            continue;
        if (variable->get_handler != get_remote_user)
            basic_user = variable->get_handler;
        variable->get_handler = get_remote_user;
        /* Who asks before the login is not answered for those behind it. */
        variable->flags |= NGX_HTTP_VAR_NOCACHEABLE;
    }
}

static const ngx_http_variable_t variables[] = {
    { .name = ngx_string("countersign_user"), .get_handler = get_user },
    { .name = ngx_string("countersign_result"), .get_handler = get_result },
    { .name = ngx_string("countersign_algorithm"),
        .get_handler = get_algorithm },
    { .name = ngx_string("countersign_nonce_age"), .get_handler = get_age },
    { .name = ngx_string("countersign_nc"), .get_handler = get_nc },
};

ngx_int_t
ngx_http_csn_add_variables(ngx_conf_t *cf)
{
    for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
        ngx_str_t name = variables[i].name;
        ngx_http_variable_t *added = ngx_http_add_variable(cf, &name,
            NGX_HTTP_VAR_NOCACHEABLE);

        if (added == NULL)
            return NGX_ERROR;
        added->get_handler = variables[i].get_handler;
    }
    take_remote_user(cf);
    return NGX_OK;
}
