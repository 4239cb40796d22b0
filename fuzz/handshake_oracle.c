// SPDX-License-Identifier: MIT
#include "handshake.h"

#include <openssl/evp.h>

/* A line's parameters, unescaped, with memory of their own. */
typedef struct said {
    csn_digest_credentials fields;
    uint8_t text[2 * CSN_MAX_FIELD];
    csn_span realm, nonce, nc, cnonce, qop, uri, response;
} said;

typedef char hex[2 * CSN_MAX_DIGEST + 1];

static csn_span
of_hex(const hex text)
{
    return (csn_span){ (const uint8_t *)text, strlen(text) };
}

/* H of the parts with colons between them. */
static void
hash_joined(csn_hash hash, const csn_span *parts, size_t count, hex out)
{
    static const char *const names[] = { [CSN_HASH_MD5] = "MD5",
        [CSN_HASH_SHA_256] = "SHA256",
        [CSN_HASH_SHA_512_256] = "SHA512-256" };
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;

    require(context != NULL &&
            EVP_DigestInit_ex(context, EVP_get_digestbyname(names[hash]),
                NULL) == 1,
        "hash");
    for (size_t i = 0; i < count; i++) {
        require((i == 0 || EVP_DigestUpdate(context, ":", 1) == 1) &&
                EVP_DigestUpdate(context, parts[i].ptr, parts[i].len) == 1,
            "hash");
    }
    require(EVP_DigestFinal_ex(context, digest, &len) == 1, "hash");
    EVP_MD_CTX_free(context);
    for (unsigned i = 0; i < len; i++)
        snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

static csn_span
plain(const csn_value *value, csn_writer *out)
{
    size_t from = out->len;

    csn_value_unescape(value, out);
    require(!out->overflow, "room");
    return (csn_span){ out->buf + from, out->len - from };
}

static bool
read_line(const char *text, size_t len, said *out)
{
    csn_span line = { (const uint8_t *)text, len };
    csn_writer room = csn_writer_init(out->text, sizeof(out->text));
    csn_field_cursor cursor;
    csn_field_event event;

    if (csn_field_begin(&cursor, CSN_FIELD_CREDENTIALS, &line, 1) != CSN_OK ||
        csn_field_next(&cursor, &event) != CSN_OK ||
        csn_digest_credentials_read(&cursor, &out->fields) != CSN_OK ||
        out->fields.algorithm >= CSN_ALG_COUNT)
        return false;
    out->realm = plain(&out->fields.realm, &room);
    out->nonce = plain(&out->fields.nonce, &room);
    out->nc = plain(&out->fields.nc, &room);
    out->cnonce = plain(&out->fields.cnonce, &room);
    out->qop = plain(&out->fields.qop, &room);
    out->uri = plain(&out->fields.uri, &room);
    out->response = plain(&out->fields.response, &room);
    return true;
}

/* H(A1) or, with `session_nonce`, the session's key. */
static void
make_key(const play *p, const said *s, csn_span password,
    csn_span session_nonce, csn_span session_cnonce, hex out)
{
    csn_hash hash = csn_algorithm_hash(s->fields.algorithm);
    const csn_span parts[] = { p->user, s->realm, password };
    hex ha1;

    hash_joined(hash, parts, 3, ha1);
    if (csn_algorithm_is_session(s->fields.algorithm)) {
        const csn_span more[] = { of_hex(ha1), session_nonce, session_cnonce };

        hash_joined(hash, more, 3, out);
    } else {
        memcpy(out, ha1, sizeof(ha1));
    }
}

/* response or, with an empty method, rspauth. */
static void
make_response(const said *s, const hex key, csn_span method,
    const uint8_t *content, size_t content_len, hex out)
{
    csn_hash hash = csn_algorithm_hash(s->fields.algorithm);
    const csn_span body = { content, content_len };
    hex h_content, ha2;
    csn_span a2[3] = { method, s->uri };

    hash_joined(hash, &body, 1, h_content);
    a2[2] = of_hex(h_content);
    hash_joined(hash, a2, s->fields.qop_known == CSN_QOP_AUTH_INT ? 3 : 2,
        ha2);
    if (s->fields.qop.present) {
        const csn_span parts[] = { of_hex(key), s->nonce, s->nc, s->cnonce,
            s->qop, of_hex(ha2) };

        hash_joined(hash, parts, 6, out);
    } else {
        const csn_span parts[] = { of_hex(key), s->nonce, of_hex(ha2) };

        hash_joined(hash, parts, 3, out);
    }
}

static bool
same(csn_span a, const uint8_t *b, size_t len)
{
    return a.len == len && (len == 0 || memcmp(a.ptr, b, len) == 0);
}

/* The two readings of RFC 7616, 3.4.2: with the nonce's first cnonce, or
 * with this request's. */
static bool
response_is_right(const play *p, const said *s, const message *m,
    csn_span first_cnonce)
{
    const csn_span cnonces[] = { s->cnonce, first_cnonce };
    hex key, want;

    for (size_t i = 0; i < 2; i++) {
        make_key(p, s, PASSWORD, s->nonce, cnonces[i], key);
        make_response(s, key, m->method, m->content, m->content_len, want);
        if (csn_name_equal(s->response, of_hex(want)))
            return true;
    }
    return false;
}

bool
oracle_lets_in(play *p, const message *m)
{
    static said s;
    const csn_target target = { m->method, m->target, CSN_SPAN("http"),
        CSN_SPAN("h") };
    csn_span first_cnonce = { NULL, 0 };
    accepted *now;

    if (!read_line(m->credentials, m->credentials_len, &s) ||
        csn_uri_compare(&target, s.uri) == CSN_URI_DIFFERENT ||
        (!s.fields.qop.present && !p->config.legacy_no_qop))
        return false;
    for (size_t i = 0; i < p->accepted_count; i++) {
        const accepted *it = &p->accepted[i];

        if (!same(s.nonce, it->nonce, it->nonce_len))
            continue;
        if (it->count == s.fields.count || it->count == 0 ||
            s.fields.count == 0)
            return false;
        if (first_cnonce.ptr == NULL)
            first_cnonce = (csn_span){ it->cnonce, it->cnonce_len };
    }
    if (!response_is_right(p, &s, m, first_cnonce))
        return false;
    require(p->accepted_count < MAX_ACCEPTED && s.nonce.len <= MAX_NONCE_SEEN,
        "too many were let in, or on a nonce that is none of ours");
    now = &p->accepted[p->accepted_count++];
    now->count = s.fields.qop.present ? s.fields.count : 0;
    now->nonce_len = s.nonce.len;
    memcpy(now->nonce, s.nonce.ptr, s.nonce.len);
    now->cnonce_len = s.cnonce.len;
    if (s.cnonce.len != 0)
        memcpy(now->cnonce, s.cnonce.ptr, s.cnonce.len);
    return true;
}

static void
make_rspauth(const play *p, const said *s, const sent *record,
    const message *m, csn_span password, hex out)
{
    hex key;

    make_key(p, s, password,
        (csn_span){ record->session_nonce, record->session_nonce_len },
        s->cnonce, key);
    make_response(s, key, CSN_SPAN(""), m->answer, m->answer_len, out);
}

/* What one section says, held against what was sent. */
static bool
section_proves(const said *s, const char *text, size_t len, const hex want)
{
    static uint8_t room[CSN_MAX_FIELD];
    csn_span line = { (const uint8_t *)text, len };
    csn_field_cursor cursor;
    csn_digest_info info;
    csn_span cnonce;

    if (csn_field_begin(&cursor, CSN_FIELD_INFO, &line, 1) != CSN_OK ||
        csn_digest_info_read(&cursor, &info) != CSN_OK ||
        !csn_name_equal(fuzz_plain(&info.rspauth, room, sizeof(room)),
            of_hex(want)))
        return false;
    cnonce = fuzz_plain(&info.cnonce, room, sizeof(room));
    return (!info.cnonce.present ||
               same(cnonce, s->cnonce.ptr, s->cnonce.len)) &&
        (!info.nc.present || info.count == s->fields.count) &&
        (!info.qop.present || info.qop_known == s->fields.qop_known);
}

bool
oracle_proves(const play *p, const sent *record, const message *m)
{
    static said s;
    hex want;

    require(read_line(record->line, record->len, &s),
        "the client's own line does not parse");
    if (!s.fields.qop.present)
        return false; /* it holds nothing fresh from the client: F-23 */
    make_rspauth(p, &s, record, m, record->password, want);
    return section_proves(&s, m->header, m->header_len, want) ||
        section_proves(&s, m->trailer, m->trailer_len, want);
}

size_t
oracle_write_info(const play *p, const sent *record, const message *m,
    csn_span password, char line[LINE])
{
    static said s;
    hex rspauth;

    require(read_line(record->line, record->len, &s),
        "the client's own line does not parse");
    make_rspauth(p, &s, record, m, password, rspauth);
    return (size_t)snprintf(line, LINE,
        "rspauth=\"%s\", qop=%.*s, cnonce=\"%.*s\", nc=%.*s", rspauth,
        (int)s.qop.len, (const char *)s.qop.ptr, (int)s.cnonce.len,
        (const char *)s.cnonce.ptr, (int)s.nc.len, (const char *)s.nc.ptr);
}
