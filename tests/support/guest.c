// SPDX-License-Identifier: MIT
#include "guest.h"

#include <countersign/crypto_openssl.h>

#include "check.h"

const char *guest_random = GUEST_RANDOM;

static csn_status
digest(csn_hash hash, const csn_span *parts, size_t count, uint8_t *out)
{
    return csn_crypto_openssl()->digest(hash, parts, count, out);
}

static csn_status
digest_pair(csn_hash hash, const csn_span *shared, size_t count,
    csn_span tail_a, csn_span tail_b, uint8_t *out_a, uint8_t *out_b)
{
    return csn_crypto_openssl()->digest_pair(hash, shared, count, tail_a,
        tail_b, out_a, out_b);
}

static csn_status
draw(uint8_t *out, size_t len)
{
    if (guest_random == NULL)
        return CSN_E_RANDOM;
    assert_int_equal(len, strlen(guest_random));
    memcpy(out, guest_random, len);
    return CSN_OK;
}

const csn_crypto guest_crypto = {
    .version = CSN_CRYPTO_VERSION,
    .digest = digest,
    .digest_pair = digest_pair,
    .random = draw,
};

void
guest_open_as(guest *g, csn_layer layer, const char *user)
{
    const csn_client_key key = {
        .layer = layer,
        .scheme = CSN_SPAN("https"),
        .host = CSN_SPAN("example.org"),
        .port = 443,
        .user = check_text(user),
    };

    memset(g, 0, sizeof(*g));
    g->policy.version = CSN_CLIENT_POLICY_VERSION;
    g->policy.proof = CSN_PROOF_EXPECT;
    guest_random = GUEST_RANDOM;
    assert_int_equal(csn_client_space_init(&g->space, &key), CSN_OK);
}

void
guest_open(guest *g, csn_layer layer)
{
    guest_open_as(g, layer, GUEST_USER);
}

csn_status
guest_challenge(guest *g, const char *line)
{
    /* Exact, and kept while `choice` points into it. */
    csn_span exact = check_exact(check_text(line ? line : ""));
    csn_status status = csn_client_choose(&g->policy,
        csn_client_space_seen(&g->space), &exact, line != NULL, &g->choice,
        &g->why);

    if (status == CSN_OK)
        status = csn_client_accept(&g->space, &guest_crypto, &g->policy,
            &g->choice, CSN_SPAN(GUEST_PASSWORD));
    check_drop(exact);
    return status;
}

static void
hash_text(csn_hash hash, const char *text, uint8_t out[CSN_MAX_DIGEST])
{
    csn_span part = check_text(text);

    assert_int_equal(csn_crypto_openssl()->digest(hash, &part, 1, out),
        CSN_OK);
}

static csn_status
ask(guest *g, const char *method, const char *uri,
    const uint8_t *content_digest)
{
    csn_writer out = csn_writer_init((uint8_t *)g->line, sizeof(g->line) - 1);
    csn_span exact_method = check_exact(check_text(method));
    csn_span exact_uri = check_exact(check_text(uri));
    csn_status status = csn_client_authorize(&g->space, &guest_crypto,
        exact_method, exact_uri, content_digest, &out, &g->attempt);

    check_drop(exact_method);
    check_drop(exact_uri);
    g->method = method;
    g->line[status == CSN_OK ? out.len : 0] = '\0';
    return status;
}

csn_status
guest_ask(guest *g, const char *method, const char *uri)
{
    return ask(g, method, uri, NULL);
}

csn_status
guest_ask_int(guest *g, const char *method, const char *uri,
    const char *content)
{
    csn_hash hash = csn_algorithm_hash(g->choice.challenge.algorithm);
    uint8_t digest_of[CSN_MAX_DIGEST];
    csn_span exact;
    csn_status status;

    hash_text(hash, content, digest_of);
    exact = check_exact((csn_span){ digest_of, csn_hash_size(hash) });
    status = ask(g, method, uri, exact.ptr);
    check_drop(exact);
    return status;
}

void
guest_ready(guest *g, csn_layer layer)
{
    guest_open(g, layer);
    assert_int_equal(guest_challenge(g, GUEST_CHALLENGE("n1")), CSN_OK);
    assert_int_equal(guest_ask(g, "GET", "/a"), CSN_OK);
}

static void
hear(guest *g, unsigned status, const char *header, const char *trailer,
    csn_span uri, const uint8_t *content_digest)
{
    csn_span lines[2] = {
        check_exact(check_text(header ? header : "")),
        check_exact(check_text(trailer ? trailer : "")),
    };
    csn_client_response response = {
        .status = status,
        .header = &lines[0],
        .header_count = header != NULL,
        .trailer = &lines[1],
        .trailer_count = trailer != NULL,
        .uri = uri,
        .content_digest = content_digest,
    };

    csn_client_verify(&g->policy, &g->space, &g->attempt, &response,
        &g->result);
    check_drop(lines[0]);
    check_drop(lines[1]);
}

void
guest_hear(guest *g, unsigned status, const char *header, const char *trailer)
{
    hear(g, status, header, trailer, (csn_span){ NULL, 0 }, NULL);
}

void
guest_hear_int(guest *g, unsigned status, const char *header, const char *uri,
    const char *content)
{
    csn_hash hash = csn_algorithm_hash(
        csn_client_attempt_algorithm(&g->attempt));
    csn_span exact_uri = check_exact(check_text(uri));
    uint8_t digest_of[CSN_MAX_DIGEST];
    csn_span exact = { NULL, 0 };

    if (content != NULL) {
        hash_text(hash, content, digest_of);
        exact = check_exact((csn_span){ digest_of, csn_hash_size(hash) });
    }
    hear(g, status, header, NULL, exact_uri, exact.ptr);
    check_drop(exact_uri);
    check_drop(exact);
}

/* The name behind a blank, or the first in the field, before its "=". */
static const char *
find_param(const char *field, const char *name)
{
    size_t len = strlen(name);
    const char *at = strstr(field, name);

    while (at != NULL && (at[len] != '=' || (at != field && at[-1] != ' ')))
        at = strstr(at + 1, name);
    return at;
}

bool
guest_has(const char *field, const char *name)
{
    return find_param(field, name) != NULL;
}

const char *
guest_param(const char *field, const char *name, char *out)
{
    const char *at = find_param(field, name);
    char *to = out;

    assert_non_null(at);
    at += strlen(name) + 1;
    if (*at == '"') {
        for (at++; *at != '"'; *to++ = *at++)
            at += *at == '\\';
    } else {
        while (*at != '\0' && *at != ',')
            *to++ = *at++;
    }
    *to = '\0';
    assert_true(to - out < GUEST_VALUE);
    return out;
}

static csn_hash
hash_of(const char *line)
{
    char name[GUEST_VALUE];

    if (strstr(line, "algorithm=") == NULL)
        return CSN_HASH_MD5;
    return csn_algorithm_hash(
        csn_algorithm_find(check_text(guest_param(line, "algorithm", name))));
}

static void
hash_hex(csn_hash hash, const char *text, char hex[65])
{
    uint8_t out[CSN_MAX_DIGEST];

    hash_text(hash, text, out);
    for (size_t i = 0; i < csn_hash_size(hash); i++)
        snprintf(hex + 2 * i, 3, "%02x", out[i]);
}

/* H(A1) of the line, or under `-sess` the key of the session. */
static void
sum_a1(const guest_sum *sum, csn_hash hash, char hex[65])
{
    const char *first = sum->first != NULL ? sum->first : sum->line;
    char text[4 * GUEST_VALUE];
    char value[2][GUEST_VALUE];

    snprintf(text, sizeof(text), "%s:%s:%s",
        sum->user != NULL ? sum->user
                          : guest_param(sum->line, "username", value[0]),
        guest_param(sum->line, "realm", value[1]), sum->password);
    hash_hex(hash, text, hex);
    if (strstr(sum->line, "-sess") == NULL)
        return;
    snprintf(text, sizeof(text), "%s:%s:%s", hex,
        guest_param(first, "nonce", value[0]),
        guest_param(first, "cnonce", value[1]));
    hash_hex(hash, text, hex);
}

static void
sum_a2(const guest_sum *sum, csn_hash hash, const char *qop, char hex[65])
{
    char text[2 * GUEST_VALUE];
    char uri[GUEST_VALUE];
    char content[65];

    guest_param(sum->line, "uri", uri);
    snprintf(text, sizeof(text), "%s:%s", sum->method, uri);
    if (strcmp(qop, "auth-int") == 0) {
        hash_hex(hash, sum->content, content);
        snprintf(text, sizeof(text), "%s:%s:%s", sum->method, uri, content);
    }
    hash_hex(hash, text, hex);
}

/* Joined text, hashed at once: nothing in common with compute.c. */
void
guest_sum_hex(const guest_sum *sum, char hex[65])
{
    char text[8 * GUEST_VALUE];
    char value[3][GUEST_VALUE];
    char qop[GUEST_VALUE] = "";
    char ha1[65];
    char ha2[65];
    csn_hash hash = hash_of(sum->line);

    if (sum->qop != NULL)
        snprintf(qop, sizeof(qop), "%s", sum->qop);
    else if (guest_has(sum->line, "qop"))
        guest_param(sum->line, "qop", qop);
    sum_a1(sum, hash, ha1);
    sum_a2(sum, hash, qop, ha2);
    guest_param(sum->line, "nonce", value[0]);
    if (qop[0] == '\0')
        snprintf(text, sizeof(text), "%s:%s:%s", ha1, value[0], ha2);
    else
        snprintf(text, sizeof(text), "%s:%s:%s:%s:%s:%s", ha1, value[0],
            guest_param(sum->line, "nc", value[1]),
            guest_param(sum->line, "cnonce", value[2]), qop, ha2);
    hash_hex(hash, text, hex);
}

void
guest_digest(const char *line, const char *password, const char *method,
    char hex[65])
{
    const guest_sum sum = { .line = line,
        .password = password,
        .method = method };

    guest_sum_hex(&sum, hex);
}

void
guest_info_of(guest_sum sum, const char *more, char *out)
{
    char rspauth[65];
    char value[3][GUEST_VALUE];

    sum.password = GUEST_PASSWORD;
    sum.method = "";
    guest_sum_hex(&sum, rspauth);
    snprintf(out, GUEST_TEXT, "%sqop=%s, rspauth=\"%s\", cnonce=\"%s\", nc=%s",
        more,
        sum.qop != NULL ? sum.qop : guest_param(sum.line, "qop", value[0]),
        rspauth, guest_param(sum.line, "cnonce", value[1]),
        guest_param(sum.line, "nc", value[2]));
}

void
guest_info(const char *line, const char *more, char *out)
{
    guest_info_of((guest_sum){ .line = line }, more, out);
}
