// SPDX-License-Identifier: MIT
#define _GNU_SOURCE /* memmem */
#include "check.h"
#include "host.h"

#include <countersign/crypto_openssl.h>

/*
 * The server's half once the response's content is known: sections E.2, E.3
 * and E.5. host_send makes every proof after its exchange has ended.
 */

static void
everything(csn_server_config *config)
{
    config->qops = CSN_QOP_AUTH | CSN_QOP_AUTH_INT;
    config->algorithms[0] = CSN_ALG_SHA_256;
    config->algorithms[1] = CSN_ALG_SHA_256_SESS;
    config->algorithms[2] = CSN_ALG_MD5;
    config->algorithm_count = 3;
    config->allow_md5 = true;
    config->legacy_no_qop = true;
    config->userhash = true;
}

/* The fields of one response, by formula. */
typedef struct fields {
    char rspauth[300]; /* qop, rspauth, cnonce and nc */
    char next[80];     /* `nextnonce="..."` or nothing */
} fields;

static void
expect(host *h, const host_ask *ask, const host_answer *answer, fields *want)
{
    char hex[65], next[64];
    const char *qop = ask->qop == NULL ? "auth" : ask->qop;

    host_response(h, ask, "", hex);
    if (qop == host_absent)
        snprintf(want->rspauth, sizeof(want->rspauth), "rspauth=\"%s\"", hex);
    else
        snprintf(want->rspauth, sizeof(want->rspauth),
            "qop=%s, rspauth=\"%s\", cnonce=\"%s\", nc=%s", qop, hex,
            ask->cnonce, ask->nc);
    host_param(answer->proof, "nextnonce", next, sizeof(next));
    want->next[0] = '\0';
    if (answer->nextnonce)
        snprintf(want->next, sizeof(want->next), "nextnonce=\"%s\"", next);
}

static const struct row {
    const char *name;
    host_ask ask;
    bool late; /* near the end of the nonce's life: nextnonce is sent */
} rows[] = {
    { "E-15 E-19 E-27 rspauth over the response's content",
        { .qop = "auth-int", .body = "in", .reply = "out" }, false },
    { "E-15 rspauth over no content", { .qop = "auth-int", .body = "in" },
        false },
    { "E-15 E-27 E-40 with nextnonce",
        { .qop = "auth-int", .body = "in", .reply = "out" }, true },
    { "E-15 MD5", { .qop = "auth-int", .reply = "out", .algorithm = "MD5" },
        true },
    { "E-16 with a session's key",
        { .qop = "auth-int", .reply = "out", .algorithm = "SHA-256-sess" },
        false },
    { "E-24 a hashed name",
        { .qop = "auth-int", .reply = "out", .userhash = true }, false },
    { "E-24 username*",
        { .qop = "auth-int", .reply = "out", .extended = true }, false },
    { "E-24 a hashed name under auth", { .userhash = true }, false },
    { "E-14 auth takes no notice of contents",
        { .body = "in", .reply = "out" }, false },
    { "E-21 E-40 auth with nextnonce", { .reply = "out" }, true },
    { "E-20 without qop",
        { .qop = host_absent,
            .nc = host_absent,
            .cnonce = host_absent,
            .algorithm = "MD5" },
        false },
    { "E-20 without qop, though cnonce and nc came",
        { .qop = host_absent, .algorithm = "MD5" }, false },
};

static void
check_text_is(const char *name, const char *got, const char *first,
    const char *second)
{
    char want[400];

    snprintf(want, sizeof(want), "%s%s%s", first,
        first[0] != '\0' && second[0] != '\0' ? ", " : "", second);
    CHECK_SPAN(name, check_text(got), check_text(want));
}

static void
run_row(void **state)
{
    const struct row *row = *state;
    host_ask ask = row->ask;
    host_answer answer;
    char nonce[64];
    fields want;
    host h;
    bool waits = ask.qop != NULL && strcmp(ask.qop, "auth-int") == 0;

    host_open(&h, everything);
    host_nonce(&h, nonce);
    ask.nonce = nonce;
    ask.cnonce = ask.cnonce != NULL ? ask.cnonce : "c n";
    ask.nc = ask.nc != NULL ? ask.nc : "0000000A";
    if (row->late)
        h.now_ms += CSN_NONCE_LIFE_MS;
    host_send(&h, &ask, &answer);
    CHECK_EQ(row->name, answer.outcome.reason, CSN_R_NONE);
    CHECK_EQ(row->name, answer.nextnonce, row->late);
    expect(&h, &ask, &answer, &want);

    check_text_is(row->name, answer.proof, want.next, want.rspauth);
    /* E-27: what is true without the content. */
    check_text_is(row->name, answer.blind, want.next,
        waits ? "" : want.rspauth);
    check_text_is(row->name, answer.info, want.next,
        waits ? "" : want.rspauth);
    /* E-40: rspauth in one place only, nextnonce in the header. */
    check_text_is(row->name, answer.header, want.next, "");
    check_text_is(row->name, answer.trailer, "", want.rspauth);
    host_close(&h);
}

/* K-14: the proof is made with the key that the request was made with. */
static void
session_keys(void **state)
{
    char nonce[64];
    host_ask ask = { .nonce = nonce,
        .algorithm = "SHA-256-sess",
        .qop = "auth-int",
        .cnonce = "first",
        .nc = "00000001",
        .reply = "out" };
    host_answer answer;
    fields want;
    host h;

    (void)state;
    host_open(&h, everything);
    host_nonce(&h, nonce);
    host_send(&h, &ask, &answer);
    assert_int_equal(answer.outcome.reason, CSN_R_NONE);
    for (int reading = 0; reading < 2; reading++) {
        ask.cnonce = reading ? "third" : "second";
        ask.nc = reading ? "00000003" : "00000002";
        ask.first_cnonce = reading ? NULL : "first";
        host_send(&h, &ask, &answer);
        assert_int_equal(answer.outcome.reason, CSN_R_NONE);
        expect(&h, &ask, &answer, &want);
        assert_string_equal(answer.proof, want.rspauth);
    }
    host_close(&h);
}

/* An exchange of alice's that was allowed, ready for a proof. */
static void
allow(host *h, host_ask *ask, char line[4096], csn_server_exchange *x)
{
    static uint8_t scratch[CSN_SCRATCH_SIZE];
    static csn_span value;
    csn_server_request request = {
        .target = { CSN_SPAN("GET"), CSN_SPAN("/a?b=c"), CSN_SPAN("http"),
            CSN_SPAN("www.example.org") },
        .lines = &value,
        .line_count = 1,
        .now_ms = h->now_ms,
        .scratch = scratch,
        .scratch_len = sizeof(scratch),
    };
    uint8_t ha1[CSN_MAX_DIGEST_HEX], digest[CSN_MAX_DIGEST];
    csn_span body = CSN_SPAN("in");
    csn_content content = { CSN_CONTENT_HASHED, digest };
    csn_secret secret = { .code = CSN_SECRET_FOUND,
        .ha1_hex = { ha1, sizeof(ha1) } };
    csn_mark mark;

    csn_counts_domain(h->table, request.domain);
    host_line(h, ask, line, 4096);
    value = check_text(line);
    assert_int_equal(csn_digest_ha1(h->crypto, CSN_HASH_SHA_256,
                         CSN_SPAN("alice"), h->config.realm,
                         CSN_SPAN("secret"), ha1),
        CSN_OK);
    assert_int_equal(h->crypto->digest(CSN_HASH_SHA_256, &body, 1, digest),
        CSN_OK);
    assert_int_equal(csn_server_begin(x, &h->server, &request),
        CSN_NEED_SECRET);
    assert_true(csn_server_wants_content(x));
    assert_int_equal(csn_server_give_secret(x, &secret), CSN_NEED_CONTENT);
    assert_int_equal(csn_server_hash(x), CSN_HASH_SHA_256);
    assert_int_equal(csn_server_proof_size(x), 0);
    assert_int_equal(csn_server_give_content(x, &content), CSN_NEED_COUNT);
    mark = csn_server_count_query(x);
    assert_int_equal(
        csn_server_give_count(x, csn_counts_mark(h->table, &mark)), CSN_DONE);
    assert_int_equal(csn_server_get_outcome(x).verdict, CSN_VERDICT_ALLOW);
}

static bool
holds(const void *memory, size_t size, csn_span what)
{
    return memmem(memory, size, what.ptr, what.len) != NULL;
}

/* E-15: neither exchange nor server need live until the content is known. */
static void
outlives(void **state)
{
    char nonce[64], line[4096], want[300], rspauth[65], ha1[65];
    host_ask ask = { .nonce = nonce,
        .qop = "auth-int",
        .body = "in",
        .reply = "out" };
    uint8_t *memory, digest[CSN_MAX_DIGEST], text[CSN_INFO_SIZE];
    csn_writer out = csn_writer_init(text, sizeof(text));
    csn_server_exchange x;
    csn_server_proof proof;
    csn_span reply = CSN_SPAN("out");
    uint8_t raw[CSN_MAX_DIGEST_HEX];
    size_t size;
    host h;

    (void)state;
    host_open(&h, everything);
    host_nonce(&h, nonce);
    host_response(&h, &ask, "", rspauth);
    allow(&h, &ask, line, &x);
    size = csn_server_proof_size(&x);
    memory = malloc(size);
    assert_int_equal(csn_server_proof_init(&proof, &x, memory, size - 1),
        CSN_E_OVERFLOW);
    assert_int_equal(csn_server_proof_init(&proof, &x, memory, size), CSN_OK);

    /* H-23: with the exchange its secrets end. */
    assert_int_equal(csn_digest_ha1(h.crypto, CSN_HASH_SHA_256,
                         CSN_SPAN("alice"), h.config.realm, CSN_SPAN("secret"),
                         raw),
        CSN_OK);
    snprintf(ha1, sizeof(ha1), "%.64s", (const char *)raw);
    assert_true(holds(&x, sizeof(x), check_text(ha1)));
    csn_server_end(&x);
    assert_false(holds(&x, sizeof(x), check_text(ha1)));
    assert_int_equal(csn_server_proof_size(&x), 0);
    csn_server_wipe(&h.server);
    memset(line, 'x', sizeof(line));

    assert_true(csn_server_proof_wants_content(&proof));
    assert_int_equal(csn_server_proof_hash(&proof), CSN_HASH_SHA_256);
    assert_int_equal(h.crypto->digest(CSN_HASH_SHA_256, &reply, 1, digest),
        CSN_OK);
    assert_int_equal(
        csn_server_proof_info(&proof, CSN_PROOF_ALL, digest, &out), CSN_OK);
    snprintf(want, sizeof(want),
        "qop=auth-int, rspauth=\"%s\", cnonce=\"Y25vbmNl\", nc=00000001",
        rspauth);
    CHECK_SPAN("field", csn_writer_span(&out), check_text(want));

    /* Too little room is said, and nothing else is written. */
    out = csn_writer_init(text, 20);
    assert_int_equal(csn_server_proof_info(&proof, CSN_PROOF_ALL, digest,
                         &out),
        CSN_E_OVERFLOW);
    assert_int_equal(out.len, 0);

    assert_true(holds(&proof, sizeof(proof), check_text(ha1)));
    csn_server_proof_wipe(&proof);
    for (size_t i = 0; i < sizeof(proof); i++)
        assert_int_equal(((const uint8_t *)&proof)[i], 0);
    for (size_t i = 0; i < size; i++)
        assert_int_equal(memory[i], 0);
    free(memory);
    host_close(&h);
}

/* E-03: there is no proof for what was not allowed. */
static void
not_allowed(void **state)
{
    char nonce[64], line[4096];
    host_ask ask = { .nonce = nonce, .qop = "auth-int", .body = "in" };
    uint8_t memory[512], digest[CSN_MAX_DIGEST] = { 0 };
    csn_content content = { CSN_CONTENT_HASHED, digest };
    csn_server_exchange x;
    csn_server_proof proof, before;
    host h;

    (void)state;
    host_open(&h, everything);
    host_nonce(&h, nonce);
    allow(&h, &ask, line, &x);
    assert_int_equal(csn_server_give_content(&x, &content), CSN_DONE);
    memset(&proof, 0x5a, sizeof(proof));
    before = proof;
    assert_int_equal(csn_server_proof_size(&x), 0);
    assert_int_equal(csn_server_proof_init(&proof, &x, memory, sizeof(memory)),
        CSN_E_STATE);
    assert_memory_equal(&proof, &before, sizeof(proof));
    csn_server_end(&x);
    host_close(&h);
}

#define TEST(name, function)                                                  \
    {                                                                         \
        name, function, NULL, NULL, NULL                                      \
    }

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("E-16 the proof is made with the request's key", session_keys),
        TEST("E-15 E-25 a proof outlives its exchange and its server",
            outlives),
        TEST("E-03 no proof without ALLOW", not_allowed),
    };

    return CHECK_ROWS("proofs", rows, run_row) +
        cmocka_run_group_tests_name("beside them", tests, NULL, NULL);
}
