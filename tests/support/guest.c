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
guest_open(guest *g, csn_layer layer)
{
    const csn_client_key key = {
        .layer = layer,
        .scheme = CSN_SPAN("https"),
        .host = CSN_SPAN("example.org"),
        .port = 443,
        .user = CSN_SPAN(GUEST_USER),
    };

    memset(g, 0, sizeof(*g));
    g->policy.version = CSN_CLIENT_POLICY_VERSION;
    g->policy.proof = CSN_PROOF_EXPECT;
    guest_random = GUEST_RANDOM;
    assert_int_equal(csn_client_space_init(&g->space, &key), CSN_OK);
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

csn_status
guest_ask(guest *g, const char *method, const char *uri)
{
    csn_writer out = csn_writer_init((uint8_t *)g->line, sizeof(g->line) - 1);
    csn_span exact_method = check_exact(check_text(method));
    csn_span exact_uri = check_exact(check_text(uri));
    csn_status status = csn_client_authorize(&g->space, &guest_crypto,
        exact_method, exact_uri, NULL, &out, &g->attempt);

    check_drop(exact_method);
    check_drop(exact_uri);
    g->method = method;
    g->line[status == CSN_OK ? out.len : 0] = '\0';
    return status;
}

void
guest_ready(guest *g, csn_layer layer)
{
    guest_open(g, layer);
    assert_int_equal(guest_challenge(g, GUEST_CHALLENGE("n1")), CSN_OK);
    assert_int_equal(guest_ask(g, "GET", "/a"), CSN_OK);
}

void
guest_hear(guest *g, unsigned status, const char *header, const char *trailer)
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
    };

    csn_client_verify(&g->policy, &g->space, &g->attempt, &response,
        &g->result);
    check_drop(lines[0]);
    check_drop(lines[1]);
}

const char *
guest_param(const char *field, const char *name, char *out)
{
    size_t len = strlen(name);
    const char *at = strstr(field, name);
    char *to = out;

    while (at != NULL && (at[len] != '=' || (at != field && at[-1] != ' ')))
        at = strstr(at + 1, name);
    assert_non_null(at);
    at += len + 1;
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
    csn_span part = check_text(text);
    size_t size = csn_hash_size(hash);

    assert_int_equal(csn_crypto_openssl()->digest(hash, &part, 1, out),
        CSN_OK);
    for (size_t i = 0; i < size; i++)
        snprintf(hex + 2 * i, 3, "%02x", out[i]);
}

/* Joined text, hashed at once: nothing in common with compute.c. */
void
guest_digest(const char *line, const char *password, const char *method,
    char hex[65])
{
    char text[8 * GUEST_VALUE];
    char value[6][GUEST_VALUE];
    char ha1[65];
    char ha2[65];
    csn_hash hash = hash_of(line);

    snprintf(text, sizeof(text), "%s:%s:%s",
        guest_param(line, "username", value[0]),
        guest_param(line, "realm", value[1]), password);
    hash_hex(hash, text, ha1);
    snprintf(text, sizeof(text), "%s:%s", method,
        guest_param(line, "uri", value[0]));
    hash_hex(hash, text, ha2);
    guest_param(line, "nonce", value[0]);
    if (strstr(line, "qop=") == NULL)
        snprintf(text, sizeof(text), "%s:%s:%s", ha1, value[0], ha2);
    else
        snprintf(text, sizeof(text), "%s:%s:%s:%s:%s:%s", ha1, value[0],
            guest_param(line, "nc", value[1]),
            guest_param(line, "cnonce", value[2]),
            guest_param(line, "qop", value[3]), ha2);
    hash_hex(hash, text, hex);
}

void
guest_info(const char *line, const char *more, char *out)
{
    char rspauth[65];
    char cnonce[GUEST_VALUE];
    char nc[GUEST_VALUE];

    guest_digest(line, GUEST_PASSWORD, "", rspauth);
    snprintf(out, GUEST_TEXT,
        "%sqop=auth, rspauth=\"%s\", cnonce=\"%s\", nc=%s", more, rspauth,
        guest_param(line, "cnonce", cnonce), guest_param(line, "nc", nc));
}
