// SPDX-License-Identifier: MIT
#include "check.h"
#include "host.h"

#include <countersign/crypto_openssl.h>

/* What the server writes: challenges (section B) and Info fields (E). */

static void
set_everything(csn_server_config *config)
{
    config->algorithms[0] = CSN_ALG_SHA_512_256;
    config->algorithms[1] = CSN_ALG_SHA_256;
    config->algorithms[2] = CSN_ALG_MD5;
    config->algorithm_count = 3;
    config->allow_md5 = true;
    config->opaque = CSN_SPAN("o\"1");
    config->domain = CSN_SPAN("/a /b");
    config->realm = CSN_SPAN("a \"quoted\\\" realm");
}

static void
challenge_text(void **state)
{
    char nonce[64], want[512];
    host_answer answer;
    host h;

    (void)state;
    host_open(&h, NULL);
    host_send(&h, &(host_ask){ .bare = true }, &answer);
    host_param(answer.challenges[0], "nonce", nonce, sizeof(nonce));
    snprintf(want, sizeof(want),
        "Digest realm=\"test@example.org\", nonce=\"%s\", "
        "algorithm=SHA-256, qop=\"auth\", charset=UTF-8",
        nonce);
    assert_int_equal(answer.challenge_count, 1);
    assert_string_equal(answer.challenges[0], want);
    /* B-06: nothing in it needs escaping. */
    assert_int_equal(strspn(nonce,
                         "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvw"
                         "xyz0123456789-_"),
        56);
    host_close(&h);
}

static void
challenge_order(void **state)
{
    static const char *const names[] = { "SHA-512-256", "SHA-256", "MD5" };
    char first[64], nonce[64], algorithm[32];
    host_answer answer;
    host h;

    (void)state;
    host_open(&h, set_everything);
    host_send(&h, &(host_ask){ .bare = true }, &answer);
    assert_int_equal(answer.challenge_count, 3);
    host_param(answer.challenges[0], "nonce", first, sizeof(first));
    for (size_t i = 0; i < 3; i++) {
        const char *line = answer.challenges[i];

        host_param(line, "algorithm", algorithm, sizeof(algorithm));
        assert_string_equal(algorithm, names[i]);
        host_param(line, "nonce", nonce, sizeof(nonce));
        assert_string_equal(nonce, first);
        assert_non_null(strstr(line, "realm=\"a \\\"quoted\\\\\\\" realm\""));
        assert_non_null(strstr(line, "opaque=\"o\\\"1\""));
        assert_non_null(strstr(line, "domain=\"/a /b\""));
        assert_non_null(strstr(line, "qop=\"auth\""));
        assert_null(strstr(line, "stale"));
        assert_null(strstr(line, "Basic"));
        assert_null(strstr(line, "userhash"));
    }
    host_close(&h);
}

/* B-29: the same set for HEAD, for a known and for an unknown user. */
static void
challenge_same(void **state)
{
    static const host_ask asks[] = {
        { .bare = true },
        { .bare = true, .method = "HEAD" },
        { .user = "nobody" },
        { .password = "wrong" },
    };
    char text[4][HOST_TEXT], nonce[64];
    host_answer answer;
    host h;

    (void)state;
    host_open(&h, NULL);
    for (size_t i = 0; i < COUNT_OF(asks); i++) {
        host_ask ask = asks[i];

        host_nonce(&h, nonce);
        ask.nonce = nonce;
        host_send(&h, &ask, &answer);
        strcpy(text[i], answer.challenges[0]);
        memset(strstr(text[i], "nonce=\"") + 7, 'N', 56);
        assert_string_equal(text[i], text[0]);
    }
    host_close(&h);
}

static void
make_proxy(csn_server_config *config)
{
    config->layer = CSN_LAYER_PROXY;
}

/* B-02, B-03: the layer says 401 or 407, and the names go with it. */
static void
layers(void **state)
{
    host_answer answer;
    host h;

    (void)state;
    host_open(&h, make_proxy);
    host_send(&h, &(host_ask){ .bare = true }, &answer);
    assert_int_equal(answer.outcome.http_status, 407);
    host_close(&h);
    host_open(&h, NULL);
    host_send(&h, &(host_ask){ .bare = true }, &answer);
    assert_int_equal(answer.outcome.http_status, 401);
    host_close(&h);

    CHECK_SPAN("origin", csn_layer_challenge_field(CSN_LAYER_ORIGIN),
        CSN_SPAN("WWW-Authenticate"));
    CHECK_SPAN("origin", csn_layer_credentials_field(CSN_LAYER_ORIGIN),
        CSN_SPAN("Authorization"));
    CHECK_SPAN("origin", csn_layer_info_field(CSN_LAYER_ORIGIN),
        CSN_SPAN("Authentication-Info"));
    CHECK_SPAN("proxy", csn_layer_challenge_field(CSN_LAYER_PROXY),
        CSN_SPAN("Proxy-Authenticate"));
    CHECK_SPAN("proxy", csn_layer_credentials_field(CSN_LAYER_PROXY),
        CSN_SPAN("Proxy-Authorization"));
    CHECK_SPAN("proxy", csn_layer_info_field(CSN_LAYER_PROXY),
        CSN_SPAN("Proxy-Authentication-Info"));
}

/* E-13 to E-19, E-22: the whole field, its values by formula. */
static void
info_text(void **state)
{
    char nonce[64], rspauth[65], want[512];
    host_ask ask = { .nonce = nonce, .nc = "0000000A" };
    host_answer answer;
    host h;

    (void)state;
    host_open(&h, NULL);
    host_nonce(&h, nonce);
    host_send(&h, &ask, &answer);
    host_response(&h, &ask, "", rspauth);
    snprintf(want, sizeof(want),
        "qop=auth, rspauth=\"%s\", cnonce=\"Y25vbmNl\", nc=0000000A", rspauth);
    assert_string_equal(answer.info, want);
    assert_false(answer.nextnonce);
    host_close(&h);
}

/* E-23, H-20: the only client text that comes back is escaped. */
static void
info_cnonce(void **state)
{
    char nonce[64], response[65], line[2048];
    host_ask ask = { .nonce = nonce, .cnonce = "a\"\\, nextnonce=\"x" };
    host_answer answer;
    host h;

    (void)state;
    host_open(&h, NULL);
    host_nonce(&h, nonce);
    host_response(&h, &ask, "GET", response);
    snprintf(line, sizeof(line),
        "Digest username=\"alice\", realm=\"test@example.org\", "
        "nonce=\"%s\", uri=\"/a?b=c\", response=\"%s\", algorithm=SHA-256, "
        "cnonce=\"a\\\"\\\\, nextnonce=\\\"x\", nc=00000001, qop=auth",
        nonce, response);
    ask.line = line;
    ask.target = "/a?b=c";
    host_send(&h, &ask, &answer);
    assert_int_equal(answer.outcome.verdict, CSN_VERDICT_ALLOW);
    assert_non_null(strstr(answer.info,
        "cnonce=\"a\\\"\\\\, nextnonce=\\\"x\", nc=00000001"));
    host_close(&h);
}

/* The longest cnonce there may be, all of it in need of escaping. */
static void
info_longest(void **state)
{
    char nonce[64], response[65], line[4096];
    char cnonce[CSN_MAX_CNONCE + 2], escaped[2 * CSN_MAX_CNONCE + 4];
    host_answer answer;
    host h;

    (void)state;
    for (size_t extra = 0; extra < 2; extra++) {
        size_t len = CSN_MAX_CNONCE + extra;
        host_ask ask = { .nonce = nonce, .cnonce = cnonce };

        memset(cnonce, '"', len);
        cnonce[len] = '\0';
        for (size_t i = 0; i < len; i++)
            memcpy(escaped + 2 * i, "\\\"", 3);
        host_open(&h, NULL);
        host_nonce(&h, nonce);
        host_response(&h, &ask, "GET", response);
        snprintf(line, sizeof(line),
            "Digest username=\"alice\", realm=\"test@example.org\", "
            "nonce=\"%s\", uri=\"/a?b=c\", response=\"%s\", "
            "algorithm=SHA-256, cnonce=\"%s\", nc=00000001, qop=auth",
            nonce, response, escaped);
        ask.line = line;
        ask.target = "/a?b=c";
        host_send(&h, &ask, &answer);
        assert_int_equal(answer.outcome.reason,
            extra ? CSN_R_MALFORMED : CSN_R_NONE);
        assert_true(extra || strlen(answer.info) < CSN_INFO_SIZE);
        host_close(&h);
    }
}

static void
allow_legacy(csn_server_config *config)
{
    config->algorithms[0] = CSN_ALG_MD5;
    config->algorithm_count = 1;
    config->allow_md5 = true;
    config->legacy_no_qop = true;
}

/* D-09, E-20: the form without qop, once per nonce, and its Info field. */
static void
legacy(void **state)
{
    char nonce[64], rspauth[65], want[128];
    host_ask ask = { .nonce = nonce,
        .algorithm = host_absent,
        .qop = host_absent,
        .nc = host_absent,
        .cnonce = host_absent };
    host_answer answer;
    host h;

    (void)state;
    host_open(&h, allow_legacy);
    host_nonce(&h, nonce);
    host_send(&h, &ask, &answer);
    assert_int_equal(answer.outcome.reason, CSN_R_NONE);
    host_response(&h, &ask, "", rspauth);
    snprintf(want, sizeof(want), "rspauth=\"%s\"", rspauth);
    assert_string_equal(answer.info, want);
    host_send(&h, &ask, &answer);
    assert_int_equal(answer.outcome.reason, CSN_R_ONE_TIME_USED);
    assert_true(answer.outcome.stale);
    host_close(&h);
}

/* Every algorithm offered works, with its own length (B-11 to B-13). */
static void
algorithms(void **state)
{
    static const char *const names[] = { "SHA-512-256", "SHA-256", "MD5" };
    char nonce[64], rspauth[65], sent[80];
    host_answer answer;
    host h;

    (void)state;
    host_open(&h, set_everything);
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        char line[2048], response[65];
        host_ask ask = { .nonce = nonce, .algorithm = names[i] };

        host_nonce(&h, nonce);
        host_response(&h, &ask, "GET", response);
        snprintf(line, sizeof(line),
            "Digest username=\"alice\", realm=\"a \\\"quoted\\\\\\\" "
            "realm\", nonce=\"%s\", uri=\"/a?b=c\", response=\"%s\", "
            "algorithm=%s, cnonce=\"Y25vbmNl\", nc=00000001, qop=auth, "
            "opaque=\"o\\\"1\"",
            nonce, response, names[i]);
        ask.line = line;
        ask.target = "/a?b=c";
        host_send(&h, &ask, &answer);
        assert_int_equal(answer.outcome.reason, CSN_R_NONE);
        host_response(&h, &ask, "", rspauth);
        host_param(answer.info, "rspauth", sent, sizeof(sent));
        assert_string_equal(sent, rspauth);
    }
    host_close(&h);
}

static void
set_opaque(csn_server_config *config)
{
    config->opaque = CSN_SPAN("5ccc");
}

static const struct opaque_row {
    const char *name;
    const char *opaque;
    csn_reason reason;
} opaque_rows[] = {
    { "D-11 opaque comes back", "5ccc", CSN_R_NONE },
    { "D-11 opaque is left out", host_absent, CSN_R_OPAQUE_MISMATCH },
    { "D-11 opaque is empty", "", CSN_R_OPAQUE_MISMATCH },
    { "D-11 opaque is another", "5ccd", CSN_R_OPAQUE_MISMATCH },
    { "D-11 opaque is longer", "5ccc0", CSN_R_OPAQUE_MISMATCH },
};

static void
run_opaque(void **state)
{
    const struct opaque_row *row = *state;
    char nonce[64];
    host_answer answer;
    host h;

    host_open(&h, set_opaque);
    host_nonce(&h, nonce);
    host_send(&h, &(host_ask){ .nonce = nonce, .opaque = row->opaque },
        &answer);
    CHECK_EQ(row->name, answer.outcome.reason, row->reason);
    CHECK_EQ(row->name, answer.outcome.stale, false);
    host_close(&h);
}

static void
set_sha512(csn_server_config *config)
{
    config->algorithms[0] = CSN_ALG_SHA_512_256;
    config->algorithm_count = 1;
}

/* A reload that changes the offer does not change what a nonce meant. */
static void
reload_offer(void **state)
{
    char nonce[64];
    host_answer answer;
    host h;

    (void)state;
    host_open(&h, NULL);
    host_nonce(&h, nonce);
    set_sha512(&h.config);
    host_reload(&h);
    host_send(&h, &(host_ask){ .nonce = nonce }, &answer);
    assert_int_equal(answer.outcome.reason, CSN_R_NONE);
    /* Its algorithm is offered no more, so it gets no successor. */
    h.now_ms += CSN_NONCE_LIFE_MS;
    host_send(&h, &(host_ask){ .nonce = nonce, .nc = "00000002" }, &answer);
    assert_int_equal(answer.outcome.reason, CSN_R_NONE);
    assert_false(answer.nextnonce);
    host_nonce(&h, nonce);
    host_send(&h, &(host_ask){ .nonce = nonce }, &answer);
    assert_int_equal(answer.outcome.reason, CSN_R_ALGORITHM_NOT_OFFERED);
    host_send(&h, &(host_ask){ .nonce = nonce, .algorithm = "SHA-512-256" },
        &answer);
    assert_int_equal(answer.outcome.reason, CSN_R_NONE);
    host_close(&h);
}

/* Calls out of turn say so and give nothing away. */
static void
out_of_turn(void **state)
{
    csn_server_exchange x;
    csn_secret secret = { .code = CSN_SECRET_UNKNOWN };
    uint8_t buffer[CSN_INFO_SIZE], scratch[CSN_SCRATCH_SIZE];
    csn_writer out = csn_writer_init(buffer, sizeof(buffer));
    csn_server_request request = { .target = { CSN_SPAN("GET"), CSN_SPAN("/"),
                                       CSN_SPAN("http"), CSN_SPAN("h") },
        .scratch = scratch,
        .scratch_len = sizeof(scratch) };
    host h;

    (void)state;
    host_open(&h, NULL);
    assert_int_equal(csn_server_begin(&x, &h.server, &request), CSN_DONE);
    assert_int_equal(csn_server_info(&x, &out), CSN_E_STATE);
    assert_int_equal(csn_server_challenge(&x, 1, &out), CSN_END);
    assert_int_equal(csn_server_give_secret(&x, &secret), CSN_DONE);
    assert_int_equal(csn_server_get_outcome(&x).verdict, CSN_VERDICT_FAIL);
    assert_int_equal(csn_server_give_count(&x,
                         (csn_mark_result){ .code = CSN_MARK_FRESH }),
        CSN_DONE);
    assert_int_equal(csn_server_get_outcome(&x).verdict, CSN_VERDICT_FAIL);
    assert_int_equal(csn_server_info(&x, &out), CSN_E_STATE);
    assert_int_equal(out.len, 0);
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
        TEST("B-04 B-06 B-16 B-18 B-20 A-62 A-63 a challenge, word by word",
            challenge_text),
        TEST("B-14 B-15 B-17 B-22 B-28 B-30 one challenge per algorithm",
            challenge_order),
        TEST("B-29 the same challenge for everybody", challenge_same),
        TEST("B-01 B-02 B-03 the layers' statuses and names", layers),
        TEST("E-13 E-14 E-16 E-17 E-18 E-19 E-22 A-67 A-68 the Info field",
            info_text),
        TEST("E-23 H-20 the echoed cnonce is escaped", info_cnonce),
        TEST("A-30 the longest cnonce, and one more", info_longest),
        TEST("D-09 E-20 C-24 without qop, by the legacy switch", legacy),
        TEST("B-11 B-12 B-13 every algorithm", algorithms),
        TEST("D-07 a reload that changes the offer", reload_offer),
        TEST("E-03 calls out of turn", out_of_turn),
    };

    return CHECK_ROWS("opaque", opaque_rows, run_opaque) +
        cmocka_run_group_tests_name("answers", tests, NULL, NULL);
}
