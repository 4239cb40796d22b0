// SPDX-License-Identifier: MIT
#include "vary.h"

#include <string.h>

/* How things are hashed: algorithm, session key, A2, counts, content. */

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

inspect_try
inspect_vary_set(csn_span *value, csn_span other)
{
    if (csn_text_same(*value, other))
        return INSPECT_TRY_SKIP;
    *value = other;
    return INSPECT_TRY_IT;
}

static inspect_try
set_hash(unsigned n, inspect_values *v, inspect_hash hash)
{
    if (n != 0 || v->hash == hash)
        return INSPECT_TRY_END;
    v->hash = hash;
    return INSPECT_TRY_IT;
}

inspect_try
inspect_vary_sha_512_cut(const inspect_case *in, unsigned n, inspect_values *v)
{
    (void)in;
    return set_hash(n, v, INSPECT_SHA_512_CUT);
}

inspect_try
inspect_vary_sha_256(const inspect_case *in, unsigned n, inspect_values *v)
{
    (void)in;
    return set_hash(n, v, INSPECT_SHA_256);
}

inspect_try
inspect_vary_md5(const inspect_case *in, unsigned n, inspect_values *v)
{
    (void)in;
    return set_hash(n, v, INSPECT_MD5);
}

inspect_try
inspect_vary_sha_512_256(const inspect_case *in, unsigned n, inspect_values *v)
{
    (void)in;
    return set_hash(n, v, INSPECT_SHA_512_256);
}

static inspect_try
set_a2(unsigned n, inspect_values *v, inspect_a2 a2)
{
    if (n != 0 || v->a2 != INSPECT_A2_PLAIN)
        return INSPECT_TRY_END;
    v->a2 = a2;
    return INSPECT_TRY_IT;
}

inspect_try
inspect_vary_a2_no_colon(const inspect_case *in, unsigned n, inspect_values *v)
{
    (void)in;
    return set_a2(n, v, INSPECT_A2_NO_COLON);
}

inspect_try
inspect_vary_a2_two_colons(const inspect_case *in, unsigned n,
    inspect_values *v)
{
    (void)in;
    return set_a2(n, v, INSPECT_A2_TWO_COLONS);
}

static inspect_try
set_parts(inspect_values *v, unsigned parts)
{
    if (v->parts == parts)
        return INSPECT_TRY_SKIP;
    v->parts = parts;
    return INSPECT_TRY_IT;
}

inspect_try
inspect_vary_no_counts(const inspect_case *in, unsigned n, inspect_values *v)
{
    (void)in;
    return n != 0 ? INSPECT_TRY_END : set_parts(v, INSPECT_LAST);
}

inspect_try
inspect_vary_some_counts(const inspect_case *in, unsigned n, inspect_values *v)
{
    static const unsigned left_out[] = { INSPECT_NC, INSPECT_CNONCE,
        INSPECT_QOP, INSPECT_NC | INSPECT_CNONCE, INSPECT_NC | INSPECT_QOP,
        INSPECT_CNONCE | INSPECT_QOP };

    (void)in;
    if (n >= COUNT_OF(left_out))
        return INSPECT_TRY_END;
    return set_parts(v, v->parts & ~left_out[n]);
}

inspect_try
inspect_vary_cut_after_nonce(const inspect_case *in, unsigned n,
    inspect_values *v)
{
    (void)in;
    return n != 0 ? INSPECT_TRY_END : set_parts(v, 0);
}

inspect_try
inspect_vary_counts_added(const inspect_case *in, unsigned n,
    inspect_values *v)
{
    (void)in;
    if (n != 0 || v->parts != INSPECT_LAST || v->nc.len == 0)
        return INSPECT_TRY_END;
    if (v->qop.len == 0)
        v->qop = CSN_SPAN("auth");
    return set_parts(v, INSPECT_COUNTS | INSPECT_LAST);
}

inspect_try
inspect_vary_no_session(const inspect_case *in, unsigned n, inspect_values *v)
{
    (void)in;
    if (n != 0 || !v->session)
        return INSPECT_TRY_END;
    v->session = false;
    return INSPECT_TRY_IT;
}

inspect_try
inspect_vary_session_added(const inspect_case *in, unsigned n,
    inspect_values *v)
{
    (void)in;
    if (n != 0 || v->session)
        return INSPECT_TRY_END;
    v->session = true;
    v->first_nonce = v->nonce;
    v->first_cnonce = v->cnonce;
    return INSPECT_TRY_IT;
}

inspect_try
inspect_vary_session_rebuilt(const inspect_case *in, unsigned n,
    inspect_values *v)
{
    (void)in;
    if (n != 0 || !v->session ||
        (csn_text_same(v->first_nonce, v->nonce) &&
            csn_text_same(v->first_cnonce, v->cnonce)))
        return INSPECT_TRY_END;
    v->first_nonce = v->nonce;
    v->first_cnonce = v->cnonce;
    return INSPECT_TRY_IT;
}

/* A session key of before a challenge: the newest nonces and cnonces. */
inspect_try
inspect_vary_session_kept(const inspect_case *in, unsigned n,
    inspect_values *v)
{
    enum { NEWEST = 6 };

    if (!v->session || n >= NEWEST * NEWEST)
        return INSPECT_TRY_END;
    if (n / NEWEST >= in->nonce_count || n % NEWEST >= in->cnonce_count)
        return INSPECT_TRY_SKIP;
    v->first_nonce = in->nonces[n / NEWEST];
    v->first_cnonce = in->cnonces[n % NEWEST];
    return INSPECT_TRY_IT;
}

/* Which intermediate hashes, in the order they are tried. */
static const unsigned hashes[] = { INSPECT_INNER, INSPECT_HA1, INSPECT_HA2,
    INSPECT_HA1 | INSPECT_HA2, INSPECT_INNER | INSPECT_HA1,
    INSPECT_INNER | INSPECT_HA1 | INSPECT_HA2 };

static inspect_try
set_hashes(unsigned n, const inspect_values *v, unsigned *bits)
{
    if (n >= COUNT_OF(hashes))
        return INSPECT_TRY_END;
    if ((hashes[n] & INSPECT_INNER) != 0 && !v->session)
        return INSPECT_TRY_SKIP;
    *bits = hashes[n];
    return INSPECT_TRY_IT;
}

inspect_try
inspect_vary_raw_hash(const inspect_case *in, unsigned n, inspect_values *v)
{
    (void)in;
    return set_hashes(n, v, &v->raw);
}

inspect_try
inspect_vary_upper_hex(const inspect_case *in, unsigned n, inspect_values *v)
{
    (void)in;
    return set_hashes(n, v, &v->upper);
}

inspect_try
inspect_vary_no_content(const inspect_case *in, unsigned n, inspect_values *v)
{
    (void)in;
    if (n != 0 || !v->with_content)
        return INSPECT_TRY_END;
    v->with_content = false;
    return INSPECT_TRY_IT;
}

inspect_try
inspect_vary_empty_content(const inspect_case *in, unsigned n,
    inspect_values *v)
{
    (void)in;
    if (n != 0 || !v->with_content || v->content.len == 0)
        return INSPECT_TRY_END;
    v->content = CSN_SPAN("");
    return INSPECT_TRY_IT;
}

static csn_span
content_of(const inspect_message *message)
{
    return message == NULL ? (csn_span){ NULL, 0 } : message->content;
}

/* Content hashed although qop is not auth-int. */
inspect_try
inspect_vary_content_added(const inspect_case *in, unsigned n,
    inspect_values *v)
{
    if (n > 1 || v->with_content)
        return INSPECT_TRY_END;
    v->with_content = true;
    v->content = n == 1
        ? CSN_SPAN("")
        : content_of(in->is_rspauth ? in->response : in->request);
    return INSPECT_TRY_IT;
}

inspect_try
inspect_vary_content_of_other(const inspect_case *in, unsigned n,
    inspect_values *v)
{
    if (n != 0 || !v->with_content)
        return INSPECT_TRY_END;
    return inspect_vary_set(&v->content,
        content_of(in->is_rspauth ? in->request : in->response));
}

/* LF for CR LF. */
static csn_span
to_lf(csn_pool *pool, csn_span text)
{
    uint8_t *copy = csn_pool_alloc(pool, text.len);
    size_t len = 0;

    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] != '\r')
            copy[len++] = text.ptr[i];
    }
    return (csn_span){ copy, len };
}

/* CR LF for LF. */
static csn_span
to_crlf(csn_pool *pool, csn_span text)
{
    uint8_t *copy = csn_pool_alloc(pool, 2 * text.len);
    size_t len = 0;

    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '\n' && (i == 0 || text.ptr[i - 1] != '\r'))
            copy[len++] = '\r';
        copy[len++] = text.ptr[i];
    }
    return (csn_span){ copy, len };
}

inspect_try
inspect_vary_content_ends(const inspect_case *in, unsigned n,
    inspect_values *v)
{
    const csn_span none = { NULL, 0 };
    csn_span end = { v->content.ptr, v->content.len };

    if (!v->with_content || v->content.len == 0 ||
        v->content.len > INSPECT_SMALL_CONTENT)
        return INSPECT_TRY_END;
    switch (n) {
    case 0: /* without the last line end */
    case 1:
        if (end.ptr[end.len - 1] == '\n')
            end.len--;
        if (n == 1 && end.len > 0 && end.ptr[end.len - 1] == '\r')
            end.len--;
        return inspect_vary_set(&v->content, end);
    case 2:
        v->content = csn_pool_join(in->pool, end, CSN_SPAN("\n"), none, none);
        return INSPECT_TRY_IT;
    case 3:
        v->content = csn_pool_join(in->pool, end, CSN_SPAN("\r\n"), none,
            none);
        return INSPECT_TRY_IT;
    case 4:
        return inspect_vary_set(&v->content, to_lf(in->pool, end));
    case 5:
        return inspect_vary_set(&v->content, to_crlf(in->pool, end));
    default:
        return INSPECT_TRY_END;
    }
}
