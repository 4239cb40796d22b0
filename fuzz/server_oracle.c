// SPDX-License-Identifier: MIT
#include "server_oracle.h"

static void
to_hex(const uint8_t *octets, uint8_t hex[CSN_MAX_DIGEST_HEX])
{
    char text[CSN_MAX_DIGEST_HEX + 1];

    for (size_t i = 0; i < CSN_MAX_DIGEST; i++)
        snprintf(text + 2 * i, 3, "%02x", octets[i]);
    memcpy(hex, text, CSN_MAX_DIGEST_HEX);
}

void
oracle_begin(oracle *it)
{
    memset(it, 0, sizeof(*it));
    require(csn_digest_ha1(crypto(), CSN_HASH_SHA_256, ORACLE_USER,
                ORACLE_REALM, CSN_SPAN("p"), it->ha1) == CSN_OK,
        "ha1");
}

void
oracle_hash_hex(csn_span content, uint8_t hex[CSN_MAX_DIGEST_HEX])
{
    uint8_t digest[CSN_MAX_DIGEST];

    require(crypto()->digest(CSN_HASH_SHA_256, &content, 1, digest) == CSN_OK,
        "hash");
    to_hex(digest, hex);
}

static void
session_key(const oracle *it, csn_span nonce, csn_span cnonce,
    uint8_t hex[CSN_MAX_DIGEST_HEX])
{
    uint8_t key[CSN_MAX_DIGEST];

    require(csn_digest_session_key(crypto(), CSN_HASH_SHA_256,
                (csn_span){ it->ha1, CSN_MAX_DIGEST_HEX }, nonce, cnonce,
                key) == CSN_OK,
        "session key");
    to_hex(key, hex);
}

/* What was let in with a session's key on that nonce, first. */
static const oracle_pair *
find_bound(const oracle *it, csn_span nonce)
{
    for (size_t i = 0; i < it->seen_count; i++) {
        if (it->seen[i].is_bound && nonce.len == ORACLE_NONCE &&
            memcmp(it->seen[i].nonce, nonce.ptr, ORACLE_NONCE) == 0)
            return &it->seen[i];
    }
    return NULL;
}

/* The credentials' values as they are hashed. */
typedef struct values {
    csn_span nonce;
    csn_span nc;
    csn_span cnonce;
    csn_span qop;
    csn_span uri;
    csn_span response;
} values;

static csn_span
plain(const csn_value *value, csn_writer *out)
{
    size_t from = out->len;

    csn_value_unescape(value, out);
    require(!out->overflow, "values longer than a field");
    return (csn_span){ out->buf + from, out->len - from };
}

static bool
is_response(const values *v, csn_span key_hex, bool has_int, csn_span content)
{
    uint8_t want[CSN_MAX_DIGEST], text[CSN_MAX_DIGEST_HEX];
    uint8_t content_hex[CSN_MAX_DIGEST_HEX];
    csn_digest_input sum = { .hash = CSN_HASH_SHA_256,
        .ha1_hex = key_hex,
        .nonce = v->nonce,
        .nc = v->nc,
        .cnonce = v->cnonce,
        .qop = v->qop,
        .method = ORACLE_METHOD,
        .uri = v->uri };

    oracle_hash_hex(content, content_hex);
    if (has_int)
        sum.content_hex = (csn_span){ content_hex, sizeof(content_hex) };
    require(csn_digest_compute(crypto(), &sum, want, NULL) == CSN_OK,
        "compute");
    to_hex(want, text);
    return csn_name_equal(v->response, (csn_span){ text, sizeof(text) });
}

void
oracle_allowed(oracle *it, csn_span line, csn_span content)
{
    static uint8_t buffer[CSN_MAX_FIELD];
    csn_writer out = csn_writer_init(buffer, sizeof(buffer));
    csn_digest_credentials c;
    csn_field_cursor cursor;
    csn_field_event event;
    uint8_t own[CSN_MAX_DIGEST_HEX];
    oracle_pair now = { .is_bound = false };
    const oracle_pair *bound;
    bool has_int, right;
    values v;

    require(csn_field_begin(&cursor, CSN_FIELD_CREDENTIALS, &line, 1) ==
                CSN_OK &&
            csn_field_next(&cursor, &event) == CSN_OK &&
            csn_digest_credentials_read(&cursor, &c) == CSN_OK,
        "a line was let in that does not parse");
    v = (values){ plain(&c.nonce, &out), plain(&c.nc, &out),
        plain(&c.cnonce, &out), plain(&c.qop, &out), plain(&c.uri, &out),
        plain(&c.response, &out) };
    require(v.nonce.len == ORACLE_NONCE, "a nonce of another size");
    has_int = c.qop_known == CSN_QOP_AUTH_INT;

    if (csn_algorithm_is_session(c.algorithm)) {
        session_key(it, v.nonce, v.cnonce, own);
        bound = find_bound(it, v.nonce);
        right = is_response(&v, (csn_span){ own, sizeof(own) }, has_int,
                    content) ||
            (bound != NULL &&
                is_response(&v,
                    (csn_span){ bound->key_hex, CSN_MAX_DIGEST_HEX }, has_int,
                    content));
        now.is_bound = bound == NULL;
        memcpy(now.key_hex, own, sizeof(own));
    } else {
        right = is_response(&v, (csn_span){ it->ha1, CSN_MAX_DIGEST_HEX },
            has_int, content);
    }
    require(right, "a wrong answer was let in");

    memcpy(now.nonce, v.nonce.ptr, ORACLE_NONCE);
    now.count = c.count;
    for (size_t i = 0; i < it->seen_count; i++)
        require(it->seen[i].count != now.count ||
                memcmp(it->seen[i].nonce, now.nonce, ORACLE_NONCE) != 0,
            "a count was accepted twice");
    if (it->seen_count < ORACLE_SEEN)
        it->seen[it->seen_count++] = now;
}

/* The user, in one of three forms. */
static int
write_user(unsigned how, char *line, size_t cap)
{
    uint8_t hex[CSN_MAX_DIGEST_HEX];

    if ((how & MAKE_HASHED) != 0) {
        require(csn_digest_userhash(crypto(), CSN_HASH_SHA_256, ORACLE_USER,
                    ORACLE_REALM, hex) == CSN_OK,
            "userhash");
        return snprintf(line, cap, "Digest username=\"%.64s\", userhash=true",
            (const char *)hex);
    }
    return snprintf(line, cap, "Digest username%s",
        (how & MAKE_EXTENDED) != 0 ? "*=UTF-8''u%C3%A9" : "=\"u\xc3\xa9\"");
}

size_t
oracle_write(const oracle *it, const char *nonce, uint32_t count, unsigned how,
    csn_span content, char line[LINE])
{
    static const char *const cnonces[] = { "c\"n", "other" };
    static const char *const quoted[] = { "c\\\"n", "other" };
    size_t which = (how & MAKE_CNONCE) != 0;
    bool has_int = (how & MAKE_INT) != 0;
    bool is_session = (how & MAKE_SESSION) != 0;
    csn_span nonce_span = { (const uint8_t *)nonce, strlen(nonce) };
    const oracle_pair *bound = find_bound(it, nonce_span);
    uint8_t key[CSN_MAX_DIGEST_HEX], content_hex[CSN_MAX_DIGEST_HEX];
    uint8_t response[CSN_MAX_DIGEST], hex[CSN_MAX_DIGEST_HEX];
    char nc[9];
    csn_digest_input sum = { .hash = CSN_HASH_SHA_256,
        .ha1_hex = { it->ha1, CSN_MAX_DIGEST_HEX },
        .nonce = nonce_span,
        .nc = { (const uint8_t *)nc, 8 },
        .cnonce = { (const uint8_t *)cnonces[which], strlen(cnonces[which]) },
        .qop = has_int ? CSN_SPAN("auth-int") : CSN_SPAN("auth"),
        .method = ORACLE_METHOD,
        .uri = ORACLE_TARGET };
    int len;

    snprintf(nc, sizeof(nc), "%08x", count);
    if (is_session) {
        session_key(it, nonce_span, sum.cnonce, key);
        if ((how & MAKE_KEPT_KEY) != 0 && bound != NULL)
            memcpy(key, bound->key_hex, sizeof(key));
        sum.ha1_hex.ptr = key;
    }
    if (has_int) {
        oracle_hash_hex(content, content_hex);
        sum.content_hex = (csn_span){ content_hex, sizeof(content_hex) };
    }
    require(csn_digest_compute(crypto(), &sum, response, NULL) == CSN_OK,
        "compute");
    to_hex(response, hex);
    len = write_user(how, line, LINE);
    len += snprintf(line + len, LINE - (size_t)len,
        ", realm=\"realm \\\"r\\\"\", nonce=\"%s\", uri=\"%s\", "
        "algorithm=SHA-256%s, cnonce=\"%s\", nc=%s, qop=%s, "
        "response=\"%.64s\"",
        nonce, (const char *)ORACLE_TARGET.ptr, is_session ? "-sess" : "",
        quoted[which], nc, has_int ? "auth-int" : "auth", (const char *)hex);
    return (size_t)len;
}
