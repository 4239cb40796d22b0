// SPDX-License-Identifier: MIT
#include "check.h"
#include "client/client.h"
#include "guest.h"

/* What is sent, and when nothing is: sections C.2 to C.5, F-32, H.3. */

#define REALM_NONCE "Digest realm=\"test@example.org\", nonce=\"n1\", "

/* Parts of the credentials that must be there, or must not. */
static const struct line_row {
    const char *name;
    const char *challenge;
    const char *has[8];
    const char *has_not[6];
} line_rows[] = {
    { "C-22 cnonce and nc with qop", GUEST_CHALLENGE("n1"),
        .has = { "qop=auth, ", "nc=00000001, ",
            "cnonce=\"" GUEST_CNONCE "\"" } },
    { "C-24 without qop neither cnonce nor nc",
        REALM_NONCE "algorithm=MD5, opaque=\"xyz\"",
        .has = { "algorithm=MD5, ", "opaque=\"xyz\"" },
        .has_not = { "qop", "nc=", "cnonce" } },
    { "A-64 quoted", GUEST_CHALLENGE("n1"),
        .has = { " username=\"alice\", ", " realm=\"test@example.org\", ",
            " nonce=\"n1\", ", " uri=\"/a\", ", " response=\"", " cnonce=\"",
            " opaque=\"xyz\"" } },
    { "A-65 not quoted", GUEST_CHALLENGE("n1"),
        .has = { " algorithm=SHA-256, ", " qop=auth, ", " nc=00000001" },
        .has_not = { "algorithm=\"", "qop=\"", "nc=\"" } },
    { "A-30 what needs escapes gets them",
        "Digest realm=\"a\\\"b\\\\c\\d\", nonce=\"n\\\"1\", qop=auth, "
        "algorithm=SHA-256, opaque=\"\\\\\"",
        .has = { " realm=\"a\\\"b\\\\cd\", ", " nonce=\"n\\\"1\", ",
            " opaque=\"\\\\\"" } },
    { "A-61 a realm that is not ASCII goes back as it came",
        "Digest realm=\"\xe4\xc3\xa4\", nonce=\"n1\", qop=auth, "
        "algorithm=SHA-256",
        .has = { " realm=\"\xe4\xc3\xa4\", " } },
    { "A-12 tokens in the challenge, quoted in the answer",
        "Digest realm=r, nonce=n1, opaque=o, qop=auth, algorithm=\"SHA-256\"",
        .has = { " realm=\"r\", ", " nonce=\"n1\", ", " opaque=\"o\"",
            "algorithm=SHA-256, " } },
    { "F-32 no opaque", REALM_NONCE "algorithm=SHA-256, qop=auth",
        .has = { "algorithm=SHA-256, " }, .has_not = { "opaque" } },
    { "F-32 an empty opaque",
        REALM_NONCE "algorithm=SHA-256, qop=auth, opaque=\"\"",
        .has = { " opaque=\"\"" } },
    { "F-32 no algorithm", REALM_NONCE "qop=auth", .has = { " qop=auth" },
        .has_not = { "algorithm" } },
    { "A-55 the algorithm in its registered spelling",
        REALM_NONCE "algorithm=sha-512-256, qop=auth",
        .has = { " algorithm=SHA-512-256, " } },
    { "C-20 the one qop the server named",
        REALM_NONCE "algorithm=SHA-256, qop=\"auth-int, auth\"",
        .has = { " qop=auth, " } },
    { "C-34 userhash=false is none",
        REALM_NONCE "algorithm=SHA-256, qop=auth, userhash=false",
        .has = { " username=\"alice\", " },
        .has_not = { "userhash", "username*" } },
};

static void
check_line(void **state)
{
    const struct line_row *row = *state;
    char hex[65];
    char response[GUEST_VALUE];
    guest g;

    guest_open(&g, CSN_LAYER_ORIGIN);
    g.policy.allow_md5 = true;
    g.policy.legacy_no_qop = true;
    assert_int_equal(guest_challenge(&g, row->challenge), CSN_OK);
    assert_int_equal(guest_ask(&g, "GET", "/a"), CSN_OK);
    for (size_t i = 0; i < COUNT_OF(row->has) && row->has[i]; i++)
        if (strstr(g.line, row->has[i]) == NULL)
            fail_msg("no `%s` in %s", row->has[i], g.line);
    for (size_t i = 0; i < COUNT_OF(row->has_not) && row->has_not[i]; i++)
        if (strstr(g.line, row->has_not[i]) != NULL)
            fail_msg("`%s` in %s", row->has_not[i], g.line);
    guest_digest(g.line, GUEST_PASSWORD, "GET", hex);
    assert_string_equal(guest_param(g.line, "response", response), hex);
}

/* Methods and targets: which are answered. */
static const struct ask_row {
    const char *name;
    const char *method;
    const char *uri;
    csn_status status;
} ask_rows[] = {
    { "C-47 a path", "GET", "/", CSN_OK },
    { "C-46 a path with a query", "GET", "/a?b=c", CSN_OK },
    { "C-46 an empty query stays", "GET", "/a?", CSN_OK },
    { "C-52 a quotation mark in the target", "GET", "/a\"b\\c", CSN_OK },
    { "C-46 octets above ASCII", "GET", "/\xc3\xa4", CSN_OK },
    { "C-46 a fragment", "GET", "/a#b", CSN_E_SYNTAX },
    { "C-46 an empty target", "GET", "", CSN_E_SYNTAX },
    { "a blank in the target", "GET", "/a b", CSN_E_SYNTAX },
    { "H-20 a tab in the target", "GET", "/a\tb", CSN_E_SYNTAX },
    { "H-20 a line end in the target", "GET", "/a\r\nX: y", CSN_E_SYNTAX },
    { "DEL in the target", "GET", "/a\x7f", CSN_E_SYNTAX },
    { "C-18 an unusual method", "M-SEARCH", "/a", CSN_OK },
    { "C-18 a method in small letters is another one", "get", "/a", CSN_OK },
    { "C-18 H-13 an empty method", "", "/a", CSN_E_SYNTAX },
    { "H-13 a method that ends before its colon", ":", "/a", CSN_E_SYNTAX },
    { "H-13 a colon in the method", "GET:/", "/a", CSN_E_SYNTAX },
    { "H-13 a blank before the method", " GET", "/a", CSN_E_SYNTAX },
};

static void
check_ask(void **state)
{
    const struct ask_row *row = *state;
    char value[GUEST_VALUE];
    char hex[65];
    guest g;

    guest_ready(&g, CSN_LAYER_ORIGIN);
    CHECK_EQ(row->name, guest_ask(&g, row->method, row->uri), row->status);
    if (row->status == CSN_OK) {
        assert_string_equal(guest_param(g.line, "uri", value), row->uri);
        guest_digest(g.line, GUEST_PASSWORD, row->method, hex);
        assert_string_equal(guest_param(g.line, "response", value), hex);
    }
    CHECK_EQ(row->name, csn_client_attempt_count(&g.attempt),
        row->status == CSN_OK ? 2 : 1);
    /* A refused request took no count. */
    assert_int_equal(guest_ask(&g, "GET", "/a"), CSN_OK);
    CHECK_EQ(row->name, csn_client_attempt_count(&g.attempt),
        row->status == CSN_OK ? 3 : 2);
}

static void
check_counts(void **state)
{
    char value[GUEST_VALUE];
    char want[9];
    guest g;

    (void)state;
    guest_ready(&g, CSN_LAYER_ORIGIN);
    for (unsigned i = 2; i < 300; i++) {
        assert_int_equal(guest_ask(&g, i % 2 ? "GET" : "POST", "/a"), CSN_OK);
        snprintf(want, sizeof(want), "%08x", i);
        assert_string_equal(guest_param(g.line, "nc", value), want);
        CHECK_EQ("count", csn_client_attempt_count(&g.attempt), i);
    }
}

static void
check_exhausted(void **state)
{
    char value[GUEST_VALUE];
    guest g;

    (void)state;
    guest_ready(&g, CSN_LAYER_ORIGIN);
    client_space_of(&g.space)->count = 0xfffffffe;
    assert_int_equal(guest_ask(&g, "GET", "/a"), CSN_OK);
    assert_string_equal(guest_param(g.line, "nc", value), "ffffffff");
    for (int i = 0; i < 3; i++)
        assert_int_equal(guest_ask(&g, "GET", "/a"), CSN_E_EXHAUSTED);
    CHECK_EQ("still", csn_client_attempt_count(&g.attempt), UINT32_MAX);

    /* Nor when the server comes back to that nonce; only with a new one. */
    csn_client_forget(&g.space);
    assert_int_equal(guest_challenge(&g, GUEST_CHALLENGE("n1")), CSN_OK);
    assert_int_equal(guest_ask(&g, "GET", "/a"), CSN_E_EXHAUSTED);
    assert_int_equal(guest_challenge(&g, GUEST_CHALLENGE("n2")), CSN_OK);
    assert_int_equal(guest_ask(&g, "GET", "/a"), CSN_OK);
    assert_string_equal(guest_param(g.line, "nc", value), "00000001");
}

/* C-27: a server that repeats its nonces makes no count be repeated. */
static void
check_repeated_nonce(void **state)
{
    char challenge[GUEST_TEXT];
    guest g;

    (void)state;
    guest_ready(&g, CSN_LAYER_ORIGIN);
    assert_int_equal(guest_challenge(&g, GUEST_CHALLENGE("n1")), CSN_OK);
    assert_int_equal(guest_ask(&g, "GET", "/a"), CSN_OK);
    CHECK_EQ("challenged again", csn_client_attempt_count(&g.attempt), 2);

    assert_int_equal(guest_challenge(&g, GUEST_CHALLENGE("n2")), CSN_OK);
    assert_int_equal(guest_ask(&g, "GET", "/a"), CSN_OK);
    CHECK_EQ("a new nonce", csn_client_attempt_count(&g.attempt), 1);
    assert_int_equal(guest_challenge(&g, GUEST_CHALLENGE("n1")), CSN_OK);
    assert_int_equal(guest_ask(&g, "GET", "/a"), CSN_OK);
    CHECK_EQ("back to the first", csn_client_attempt_count(&g.attempt), 3);

    /* Many challenges on it use up one place, so none is forgotten. */
    for (int i = 0; i < 3 * CLIENT_USED_NONCES; i++)
        assert_int_equal(guest_challenge(&g, GUEST_CHALLENGE("n1")), CSN_OK);
    assert_int_equal(guest_challenge(&g, GUEST_CHALLENGE("n2")), CSN_OK);
    assert_int_equal(guest_ask(&g, "GET", "/a"), CSN_OK);
    CHECK_EQ("back to the second", csn_client_attempt_count(&g.attempt), 2);

    for (int i = 0; i < CLIENT_USED_NONCES - 2; i++) {
        snprintf(challenge, sizeof(challenge), GUEST_CHALLENGE("other%d"), i);
        assert_int_equal(guest_challenge(&g, challenge), CSN_OK);
        assert_int_equal(guest_ask(&g, "GET", "/a"), CSN_OK);
        CHECK_EQ("others", csn_client_attempt_count(&g.attempt), 1);
    }
    csn_client_forget(&g.space);
    assert_int_equal(guest_challenge(&g, GUEST_CHALLENGE("n1")), CSN_OK);
    assert_int_equal(guest_ask(&g, "GET", "/a"), CSN_OK);
    CHECK_EQ("after all others", csn_client_attempt_count(&g.attempt), 4);
}

/* H-03: no cnonce, no request; and no count is lost over it. */
static void
check_no_random(void **state)
{
    guest g;

    (void)state;
    guest_ready(&g, CSN_LAYER_ORIGIN);
    guest_random = NULL;
    assert_int_equal(guest_ask(&g, "GET", "/a"), CSN_E_RANDOM);
    assert_string_equal(g.line, "");
    CHECK_EQ("attempt untouched", csn_client_attempt_count(&g.attempt), 1);
    guest_random = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
                   "\xff\xff\xff\xff";
    assert_int_equal(guest_ask(&g, "GET", "/a"), CSN_OK);
    CHECK_EQ("next count", csn_client_attempt_count(&g.attempt), 2);
    assert_non_null(strstr(g.line, "cnonce=\"________________________\""));
}

static csn_status
broken_digest(csn_hash hash, const csn_span *parts, size_t count, uint8_t *out)
{
    (void)hash;
    (void)parts;
    (void)count;
    (void)out;
    return CSN_E_CRYPTO;
}

static void
check_no_crypto(void **state)
{
    const csn_span line = CSN_SPAN(GUEST_CHALLENGE("n1"));
    uint8_t buf[GUEST_TEXT];
    csn_writer out = csn_writer_init(buf, sizeof(buf));
    csn_crypto broken = guest_crypto;
    guest g;

    (void)state;
    guest_ready(&g, CSN_LAYER_ORIGIN);
    broken.digest = broken_digest;
    assert_int_equal(csn_client_authorize(&g.space, &broken, CSN_SPAN("GET"),
                         CSN_SPAN("/a"), NULL, &out, &g.attempt),
        CSN_E_CRYPTO);
    CHECK_EQ("nothing written", out.len, 0);
    CHECK_EQ("attempt untouched", csn_client_attempt_count(&g.attempt), 1);

    assert_int_equal(
        csn_client_choose(&g.policy, 0, &line, 1, &g.choice, &g.why), CSN_OK);
    assert_int_equal(csn_client_accept(&g.space, &broken, &g.policy, &g.choice,
                         CSN_SPAN(GUEST_PASSWORD)),
        CSN_E_CRYPTO);
    assert_false(csn_client_space_is_ready(&g.space));
    assert_int_equal(guest_ask(&g, "GET", "/a"), CSN_E_STATE);
}

static void
check_small_buffer(void **state)
{
    uint8_t *buf;
    guest g;

    (void)state;
    guest_ready(&g, CSN_LAYER_ORIGIN);
    for (size_t cap = 0; cap <= strlen(g.line); cap++) {
        csn_client_attempt attempt;
        csn_writer out;

        buf = malloc(cap ? cap : 1);
        out = csn_writer_init(buf, cap);
        memset(&attempt, 0, sizeof(attempt));
        CHECK_EQ("cap",
            csn_client_authorize(&g.space, &guest_crypto, CSN_SPAN("GET"),
                CSN_SPAN("/a"), NULL, &out, &attempt),
            cap < strlen(g.line) ? CSN_E_OVERFLOW : CSN_OK);
        CHECK_EQ("attempt", csn_client_attempt_count(&attempt) != 0,
            cap == strlen(g.line));
        free(buf);
    }
}

/* C-25: 144 bits of the generator's, in letters that need no escapes. */
static void
check_cnonce(void **state)
{
    char first[GUEST_VALUE];
    char second[GUEST_VALUE];
    guest g;

    (void)state;
    guest_ready(&g, CSN_LAYER_ORIGIN);
    guest_param(g.line, "cnonce", first);
    guest_random = "cnonce-abcdef-0002";
    assert_int_equal(guest_ask(&g, "GET", "/a"), CSN_OK);
    guest_param(g.line, "cnonce", second);
    assert_string_not_equal(first, second);
    CHECK_EQ("18 octets of base64url", strlen(second), 24);
    for (const char *it = second; *it; it++)
        assert_non_null(strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnop"
                               "qrstuvwxyz0123456789-_",
            *it));
}

int
main(void)
{
#define TEST(name, fn)                                                        \
    {                                                                         \
        name, fn, NULL, NULL, NULL                                            \
    }
    const struct CMUnitTest tests[] = {
        TEST("C-26 one more with each request", check_counts),
        TEST("C-29 after ffffffff the nonce is used up", check_exhausted),
        TEST("C-27 a nonce that comes back", check_repeated_nonce),
        TEST("H-03 the generator fails", check_no_random),
        TEST("the hash backend fails", check_no_crypto),
        TEST("H-24 every buffer that is too small", check_small_buffer),
        TEST("C-25 H-15 a fresh cnonce for each request", check_cnonce),
    };

    return CHECK_ROWS("client lines", line_rows, check_line) +
        CHECK_ROWS("client requests", ask_rows, check_ask) +
        cmocka_run_group_tests_name("client authorize", tests, NULL, NULL);
}
