// SPDX-License-Identifier: MIT
#include "lines.h"
#include "vary.h"

#include <stddef.h>
#include <string.h>

/* What is hashed of the request and of the field that was sent. */

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static const csn_span none = { NULL, 0 };

/* Parameters whose text is hashed, and where it goes. */
static const struct {
    csn_span name;
    size_t offset;
} slots[] = {
    { CSN_LIT("nonce"), offsetof(inspect_values, nonce) },
    { CSN_LIT("uri"), offsetof(inspect_values, uri) },
    { CSN_LIT("realm"), offsetof(inspect_values, realm) },
    { CSN_LIT("username"), offsetof(inspect_values, user) },
    { CSN_LIT("cnonce"), offsetof(inspect_values, cnonce) },
    { CSN_LIT("nc"), offsetof(inspect_values, nc) },
    { CSN_LIT("qop"), offsetof(inspect_values, qop) },
};

static bool
is_login(size_t slot)
{
    return slots[slot].offset == offsetof(inspect_values, user) ||
        slots[slot].offset == offsetof(inspect_values, realm);
}

/*
 * One slot for each n, then realm and user, then everything that was quoted.
 * `other` makes the other text; an empty pointer means it has none.
 */
static inspect_try
change(const inspect_case *in, unsigned n, inspect_values *v,
    csn_span (*other)(csn_pool *pool, const inspect_param *param))
{
    inspect_try result = INSPECT_TRY_SKIP;

    if (n > COUNT_OF(slots) + 1)
        return INSPECT_TRY_END;
    for (size_t i = 0; i < COUNT_OF(slots); i++) {
        const inspect_param *param = inspect_param_find(in->credentials,
            slots[i].name);
        csn_span text;

        if (n < COUNT_OF(slots) ? i != n
                                : n == COUNT_OF(slots) && !is_login(i))
            continue;
        if (param == NULL || (is_login(i) && !v->has_password))
            continue;
        if (n > COUNT_OF(slots) && !param->value.quoted)
            continue;
        text = other(in->pool, param);
        if (text.ptr != NULL) {
            memcpy((char *)v + slots[i].offset, &text, sizeof(text));
            result = INSPECT_TRY_IT;
        }
    }
    return result;
}

static csn_span
with_quotes(csn_pool *pool, const inspect_param *param)
{
    return csn_pool_join(pool, CSN_SPAN("\""), param->value.text,
        CSN_SPAN("\""), none);
}

static csn_span
with_escapes(csn_pool *pool, const inspect_param *param)
{
    (void)pool;
    return param->value.escaped ? param->value.text : none;
}

static csn_span
unescaped_again(csn_pool *pool, const inspect_param *param)
{
    const csn_value value = { .text = param->text, .escaped = true };
    uint8_t *copy;
    csn_writer out;

    if (param->text.len == 0 ||
        memchr(param->text.ptr, '\\', param->text.len) == NULL)
        return none;
    copy = csn_pool_alloc(pool, param->text.len);
    out = csn_writer_init(copy, param->text.len);
    csn_value_unescape(&value, &out);
    return csn_writer_span(&out);
}

inspect_try
inspect_vary_quotes(const inspect_case *in, unsigned n, inspect_values *v)
{
    return change(in, n, v, with_quotes);
}

inspect_try
inspect_vary_escapes_left(const inspect_case *in, unsigned n,
    inspect_values *v)
{
    return change(in, n, v, with_escapes);
}

inspect_try
inspect_vary_escapes_twice(const inspect_case *in, unsigned n,
    inspect_values *v)
{
    return change(in, n, v, unescaped_again);
}

/* The request's own method, in rspauth's A2. */
inspect_try
inspect_vary_method_left(const inspect_case *in, unsigned n, inspect_values *v)
{
    if (n != 0)
        return INSPECT_TRY_END;
    return inspect_vary_set(&v->method, in->method);
}

inspect_try
inspect_vary_method_missing(const inspect_case *in, unsigned n,
    inspect_values *v)
{
    (void)in;
    return n != 0 ? INSPECT_TRY_END : inspect_vary_set(&v->method, none);
}

inspect_try
inspect_vary_other_method(const inspect_case *in, unsigned n,
    inspect_values *v)
{
    static const csn_span methods[] = { CSN_LIT("GET"), CSN_LIT("POST"),
        CSN_LIT("HEAD"), CSN_LIT("PUT"), CSN_LIT("CONNECT"),
        CSN_LIT("OPTIONS"), CSN_LIT("DELETE"), CSN_LIT("PATCH"),
        CSN_LIT("PROPFIND"), CSN_LIT("TRACE") };

    if (n < COUNT_OF(methods))
        return inspect_vary_set(&v->method, methods[n]);
    if (n == COUNT_OF(methods))
        return inspect_vary_set(&v->method,
            csn_pool_map(in->pool, v->method, csn_octet_lower));
    return INSPECT_TRY_END;
}

inspect_try
inspect_vary_no_query(const inspect_case *in, unsigned n, inspect_values *v)
{
    (void)in;
    if (n > 1)
        return INSPECT_TRY_END;
    return inspect_vary_set(&v->uri,
        inspect_until(v->uri, n == 0 ? '?' : '#', '#'));
}

inspect_try
inspect_vary_target_hashed(const inspect_case *in, unsigned n,
    inspect_values *v)
{
    if (n != 0 || in->target.len == 0)
        return INSPECT_TRY_END;
    return inspect_vary_set(&v->uri, in->target);
}

static int
hex_digit(uint8_t c)
{
    c = csn_octet_lower(c);
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static csn_span
percent_decoded(csn_pool *pool, csn_span text)
{
    uint8_t *copy = csn_pool_alloc(pool, text.len);
    size_t len = 0;

    for (size_t i = 0; i < text.len; i++) {
        int high = i + 2 < text.len ? hex_digit(text.ptr[i + 1]) : -1;
        int low = i + 2 < text.len ? hex_digit(text.ptr[i + 2]) : -1;

        if (text.ptr[i] == '%' && high >= 0 && low >= 0) {
            copy[len++] = (uint8_t)(high * 16 + low);
            i += 2;
        } else {
            copy[len++] = text.ptr[i];
        }
    }
    return (csn_span){ copy, len };
}

/* Behind scheme and authority of an absolute URI; none for another. */
static csn_span
path_of(csn_span uri)
{
    const uint8_t *mark = uri.len == 0 ? NULL
                                       : memmem(uri.ptr, uri.len, "://", 3);
    csn_span rest;
    size_t host;

    if (mark == NULL)
        return uri;
    rest.ptr = mark + 3;
    rest.len = uri.len - (size_t)(rest.ptr - uri.ptr);
    host = inspect_until(rest, '/', '?').len;
    if (host == rest.len)
        return CSN_SPAN("/");
    return (csn_span){ rest.ptr + host, rest.len - host };
}

inspect_try
inspect_vary_uri_form(const inspect_case *in, unsigned n, inspect_values *v)
{
    const csn_span schemes[] = { CSN_SPAN("http://"), CSN_SPAN("https://") };

    switch (n) {
    case 0:
    case 1:
        if (in->authority.len == 0 || v->uri.len == 0 || v->uri.ptr[0] != '/')
            return INSPECT_TRY_SKIP;
        v->uri = csn_pool_join(in->pool, schemes[n], in->authority, v->uri,
            none);
        return INSPECT_TRY_IT;
    case 2:
        return inspect_vary_set(&v->uri, path_of(v->uri));
    case 3:
        return inspect_vary_set(&v->uri, percent_decoded(in->pool, v->uri));
    case 4:
        return inspect_vary_set(&v->uri,
            csn_pool_map(in->pool, v->uri, csn_octet_lower));
    case 5:
        return inspect_vary_set(&v->uri, CSN_SPAN("/"));
    default:
        return INSPECT_TRY_END;
    }
}

inspect_try
inspect_vary_nc_case(const inspect_case *in, unsigned n, inspect_values *v)
{
    if (n > 1)
        return INSPECT_TRY_END;
    return inspect_vary_set(&v->nc,
        csn_pool_map(in->pool, v->nc,
            n == 0 ? csn_octet_lower : csn_octet_upper));
}

static bool
read_nc(csn_span text, uint32_t *count)
{
    uint64_t value = 0;

    if (text.len == 0 || text.len > 8)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        int digit = hex_digit(text.ptr[i]);

        if (digit < 0)
            return false;
        value = value * 16 + (unsigned)digit;
    }
    *count = (uint32_t)value;
    return true;
}

inspect_try
inspect_vary_nc_form(const inspect_case *in, unsigned n, inspect_values *v)
{
    uint32_t count;

    if (!read_nc(v->nc, &count))
        return INSPECT_TRY_END;
    switch (n) {
    case 0:
        return inspect_vary_set(&v->nc,
            csn_text_of(csn_pool_format(in->pool, "%x", count)));
    case 1:
        return inspect_vary_set(&v->nc,
            csn_text_of(csn_pool_format(in->pool, "%u", count)));
    case 2:
        return inspect_vary_set(&v->nc,
            csn_text_of(csn_pool_format(in->pool, "%08u", count)));
    case 3:
        return inspect_vary_set(&v->nc,
            csn_text_of(csn_pool_format(in->pool, "0x%x", count)));
    case 4:
        return inspect_vary_set(&v->nc,
            csn_text_of(csn_pool_format(in->pool, "%08x", count)));
    default:
        return INSPECT_TRY_END;
    }
}

/* The count before, the next one, the first one, and the Info field's. */
inspect_try
inspect_vary_nc_count(const inspect_case *in, unsigned n, inspect_values *v)
{
    uint32_t count;

    if (n > 3 || !read_nc(v->nc, &count))
        return INSPECT_TRY_END;
    if (n == 3) {
        csn_span said = in->info == NULL
            ? none
            : inspect_param_text(in->info, CSN_SPAN("nc"));

        return said.len == 0 ? INSPECT_TRY_SKIP
                             : inspect_vary_set(&v->nc, said);
    }
    count = n == 0 ? count - 1 : n == 1 ? count + 1 : 1;
    return inspect_vary_set(&v->nc,
        csn_text_of(csn_pool_format(in->pool, "%08x", count)));
}

inspect_try
inspect_vary_other_qop(const inspect_case *in, unsigned n, inspect_values *v)
{
    const csn_span qops[] = { CSN_SPAN("auth"), CSN_SPAN("auth-int"),
        in->challenge_qop, CSN_SPAN("") };

    if (n >= COUNT_OF(qops) || v->qop.len == 0)
        return INSPECT_TRY_END;
    return inspect_vary_set(&v->qop, qops[n]);
}

inspect_try
inspect_vary_other_nonce(const inspect_case *in, unsigned n, inspect_values *v)
{
    if (n >= in->nonce_count)
        return INSPECT_TRY_END;
    return inspect_vary_set(&v->nonce, in->nonces[n]);
}

inspect_try
inspect_vary_other_cnonce(const inspect_case *in, unsigned n,
    inspect_values *v)
{
    if (n > in->cnonce_count)
        return INSPECT_TRY_END;
    return inspect_vary_set(&v->cnonce,
        n == in->cnonce_count ? none : in->cnonces[n]);
}
