// SPDX-License-Identifier: MIT
#include "vary.h"

#include "core/ct.h"

#include <countersign/limits.h>
#include <countersign/prepare.h>

#include <stdlib.h>
#include <string.h>
#include <uninorm.h>
#include <unistr.h>

/*
 * Who logged in, and with which password. All of these need the password:
 * from H(A1) nothing else can be made.
 */

static const csn_span none = { NULL, 0 };

static csn_span
capital(csn_pool *pool, csn_span text)
{
    csn_span first = { text.ptr, 1 };
    csn_span rest = { text.ptr + 1, text.len - 1 };

    return csn_pool_join(pool, csn_pool_map(pool, first, csn_octet_upper),
        csn_pool_map(pool, rest, csn_octet_lower), none, none);
}

static inspect_try
set_case(const inspect_case *in, unsigned n, csn_span *text)
{
    if (text->len == 0)
        return INSPECT_TRY_END;
    switch (n) {
    case 0:
        return inspect_vary_set(text,
            csn_pool_map(in->pool, *text, csn_octet_lower));
    case 1:
        return inspect_vary_set(text,
            csn_pool_map(in->pool, *text, csn_octet_upper));
    case 2:
        return inspect_vary_set(text, capital(in->pool, *text));
    default:
        return INSPECT_TRY_END;
    }
}

inspect_try
inspect_vary_realm_case(const inspect_case *in, unsigned n, inspect_values *v)
{
    return v->has_password ? set_case(in, n, &v->realm) : INSPECT_TRY_END;
}

inspect_try
inspect_vary_user_case(const inspect_case *in, unsigned n, inspect_values *v)
{
    return v->has_password ? set_case(in, n, &v->user) : INSPECT_TRY_END;
}

inspect_try
inspect_vary_other_realm(const inspect_case *in, unsigned n, inspect_values *v)
{
    if (!v->has_password || n > in->realm_count)
        return INSPECT_TRY_END;
    return inspect_vary_set(&v->realm,
        n == in->realm_count ? none : in->realms[n]);
}

/* The name as it travels, hashed or in its ext-value form, put into A1. */
inspect_try
inspect_vary_hashed_user(const inspect_case *in, unsigned n, inspect_values *v)
{
    const csn_span names[] = { CSN_SPAN("username"), CSN_SPAN("username*") };
    csn_span text;

    if (!v->has_password || n > 1)
        return INSPECT_TRY_END;
    text = inspect_param_text(in->credentials, names[n]);
    return text.len == 0 ? INSPECT_TRY_SKIP : inspect_vary_set(&v->user, text);
}

/* DOMAIN\user and user@domain without their domain. */
inspect_try
inspect_vary_user_domain(const inspect_case *in, unsigned n, inspect_values *v)
{
    csn_span user = v->user;
    const uint8_t *mark;

    (void)in;
    if (!v->has_password || n > 1 || user.len == 0)
        return INSPECT_TRY_END;
    mark = memchr(user.ptr, n == 0 ? '\\' : '@', user.len);
    if (mark == NULL)
        return INSPECT_TRY_SKIP;
    if (n == 0) {
        size_t before = (size_t)(mark + 1 - user.ptr);

        return inspect_vary_set(&v->user,
            (csn_span){ mark + 1, user.len - before });
    }
    return inspect_vary_set(&v->user,
        (csn_span){ user.ptr, (size_t)(mark - user.ptr) });
}

static csn_span
normalize(csn_pool *pool, uninorm_t form, csn_span text)
{
    size_t len = 0;
    uint8_t *octets;
    csn_span copy;

    if (text.len == 0 || u8_check(text.ptr, text.len) != NULL)
        return text;
    octets = u8_normalize(form, text.ptr, text.len, NULL, &len);
    if (octets == NULL)
        return text;
    copy = csn_pool_join(pool, (csn_span){ octets, len }, none, none, none);
    csn_wipe(octets, len);
    free(octets);
    return copy;
}

static csn_span
to_nfd(csn_pool *pool, csn_span text)
{
    return normalize(pool, UNINORM_NFD, text);
}

static csn_span
to_nfc(csn_pool *pool, csn_span text)
{
    return normalize(pool, UNINORM_NFC, text);
}

/* Each octet as a character of its own: what was UTF-8 already. */
static csn_span
to_utf8(csn_pool *pool, csn_span text)
{
    uint8_t *copy = csn_pool_alloc(pool, 2 * text.len);
    size_t len = 0;

    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];

        if (c >= 0x80)
            copy[len++] = (uint8_t)(0xc0 | c >> 6);
        copy[len++] = c >= 0x80 ? (uint8_t)(0x80 | (c & 0x3f)) : c;
    }
    return (csn_span){ copy, len };
}

/* ISO-8859-1; the text itself when it has a character beyond that. */
static csn_span
to_latin_1(csn_pool *pool, csn_span text)
{
    uint8_t *copy = csn_pool_alloc(pool, text.len);
    size_t len = 0;

    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];

        if (c >= 0x80) {
            if ((c & 0xfc) != 0xc0 || i + 1 == text.len)
                return text;
            c = (uint8_t)((c & 0x03) << 6 | (text.ptr[++i] & 0x3f));
        }
        copy[len++] = c;
    }
    return (csn_span){ copy, len };
}

/* User and password in another form: one of them, or both. */
static inspect_try
set_form(const inspect_case *in, unsigned n, inspect_values *v,
    csn_span (*form)(csn_pool *pool, csn_span text))
{
    inspect_try user = INSPECT_TRY_SKIP;
    inspect_try password = INSPECT_TRY_SKIP;

    if (!v->has_password || n > 2)
        return INSPECT_TRY_END;
    if (n != 1)
        user = inspect_vary_set(&v->user, form(in->pool, v->user));
    if (n != 0)
        password = inspect_vary_set(&v->password, form(in->pool, v->password));
    return user == INSPECT_TRY_IT || password == INSPECT_TRY_IT
        ? INSPECT_TRY_IT
        : INSPECT_TRY_SKIP;
}

/* What a password is to those who enrol it by RFC 8265. */
inspect_try
inspect_vary_spaces(const inspect_case *in, unsigned n, inspect_values *v)
{
    uint8_t *mapped;
    csn_writer out;

    if (!v->has_password || n != 0)
        return INSPECT_TRY_END;
    mapped = csn_pool_alloc(in->pool, CSN_MAX_VALUE);
    out = csn_writer_init(mapped, CSN_MAX_VALUE);
    if (csn_prepare_typed_password(v->password, &out, NULL) != CSN_OK)
        return INSPECT_TRY_SKIP;
    return inspect_vary_set(&v->password, csn_writer_span(&out));
}

/* NFD, as typed, and NFC where the name that was sent is not in it. */
inspect_try
inspect_vary_nfd(const inspect_case *in, unsigned n, inspect_values *v)
{
    if (!v->has_password)
        return INSPECT_TRY_END;
    if (n < 3)
        return set_form(in, n, v, to_nfd);
    if (n == 3)
        return inspect_vary_set(&v->password, in->typed_password);
    return set_form(in, n - 4, v, to_nfc);
}

inspect_try
inspect_vary_latin_1(const inspect_case *in, unsigned n, inspect_values *v)
{
    return set_form(in, n, v, to_latin_1);
}

inspect_try
inspect_vary_utf_8_twice(const inspect_case *in, unsigned n, inspect_values *v)
{
    return set_form(in, n, v, to_utf8);
}

/* What a shell, a file or a program puts behind a password. */
inspect_try
inspect_vary_password_end(const inspect_case *in, unsigned n,
    inspect_values *v)
{
    static const csn_span ends[] = { CSN_LIT("\n"), CSN_LIT("\r\n"),
        CSN_LIT("\r"), CSN_LIT(" "), CSN_LIT("\0") };

    if (!v->has_password || n >= sizeof(ends) / sizeof(ends[0]))
        return INSPECT_TRY_END;
    v->password = csn_pool_join(in->pool, v->password, ends[n], none, none);
    return INSPECT_TRY_IT;
}

inspect_try
inspect_vary_no_password(const inspect_case *in, unsigned n, inspect_values *v)
{
    (void)in;
    if (!v->has_password || n != 0)
        return INSPECT_TRY_END;
    return inspect_vary_set(&v->password, none);
}

/* The proxy's login at the origin, or the other way round. */
inspect_try
inspect_vary_other_layer(const inspect_case *in, unsigned n, inspect_values *v)
{
    if (!v->has_password || in->other_password.ptr == NULL || n > 1)
        return INSPECT_TRY_END;
    if (n == 1) {
        if (in->other_user.len == 0)
            return INSPECT_TRY_SKIP;
        v->user = in->other_user;
    }
    v->password = in->other_password;
    return INSPECT_TRY_IT;
}
