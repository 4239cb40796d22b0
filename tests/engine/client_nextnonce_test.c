// SPDX-License-Identifier: MIT
#include "check.h"
#include "client/client.h"
#include "guest.h"

/*
 * Which nonce the next request uses, and from which count: F.2. The `require`
 * matrix of the same rules is in client_policy_test.c.
 */

#define ZERO16 "0000000000000000"

/* Answer the last request with a right field and `nextnonce`. */
static void
hear_next(guest *g, const csn_client_attempt *attempt, const char *line,
    const char *nextnonce)
{
    char more[GUEST_VALUE];
    char field[GUEST_TEXT];
    csn_span text;
    csn_client_response response = { .status = 200,
        .header = &text,
        .header_count = 1 };

    snprintf(more, sizeof(more), "nextnonce=\"%s\", ", nextnonce);
    guest_info(line, more, field);
    text = check_exact(check_text(field));
    csn_client_verify(&g->policy, &g->space, attempt, &response, &g->result);
    check_drop(text);
    CHECK_EQ("right", g->result.proof, CSN_PROOF_PROVED);
}

/* The next request is on this nonce, with this count. */
static void
expect_next(guest *g, const char *nonce, uint32_t count)
{
    char value[GUEST_VALUE];

    assert_int_equal(guest_ask(g, "GET", "/a"), CSN_OK);
    assert_string_equal(guest_param(g->line, "nonce", value), nonce);
    CHECK_EQ(nonce, csn_client_attempt_count(&g->attempt), count);
}

static void
check_kept(void **state)
{
    guest g;

    (void)state;
    guest_ready(&g, CSN_LAYER_ORIGIN);
    hear_next(&g, &g.attempt, g.line, "a\\\"b");
    CHECK_EQ("adopted", g.result.nextnonce, true);
    guest_random = "another cnonce now";
    assert_int_equal(guest_ask(&g, "GET", "/a"), CSN_OK);
    assert_null(strstr(g.line, GUEST_CNONCE));
    assert_non_null(strstr(g.line, "realm=\"test@example.org\", "));
    assert_non_null(strstr(g.line, "nonce=\"a\\\"b\", "));
    assert_non_null(strstr(g.line, "algorithm=SHA-256, "));
    assert_non_null(strstr(g.line, "opaque=\"xyz\", "));
    assert_non_null(strstr(g.line, "qop=auth, nc=00000001, "));
    assert_true(csn_client_space_covers(&g.space, CSN_SPAN("/")));
}

static void
check_same(void **state)
{
    guest g;

    (void)state;
    guest_ready(&g, CSN_LAYER_ORIGIN);
    hear_next(&g, &g.attempt, g.line, "n1");
    CHECK_EQ("not adopted", g.result.nextnonce, false);
    expect_next(&g, "n1", 2);
    hear_next(&g, &g.attempt, g.line, "n2");
    expect_next(&g, "n2", 1);
    hear_next(&g, &g.attempt, g.line, "\\n2");
    expect_next(&g, "n2", 2);
}

static void
check_empty(void **state)
{
    guest g;

    (void)state;
    guest_ready(&g, CSN_LAYER_ORIGIN);
    hear_next(&g, &g.attempt, g.line, "");
    CHECK_EQ("not adopted", g.result.nextnonce, false);
    expect_next(&g, "n1", 2);
    guest_hear(&g, 200, "nextnonce=\"\"", NULL);
    CHECK_EQ("not adopted", g.result.nextnonce, false);
    expect_next(&g, "n1", 3);
}

/* F-14: a wrong or malformed field takes its nextnonce with it. */
static void
check_untrusted(void **state)
{
    static const char *const fields[] = {
        "nextnonce=\"n2\", rspauth=\"" ZERO16 ZERO16 ZERO16 ZERO16 "\"",
        "nextnonce=\"n2\", qop=auth",
        "nextnonce=\"n2\", nextnonce=\"n2\"",
        "nextnonce=\"n2\", nc=00000002",
        "nextnonce=\"n2\", x=\"",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(fields); i++) {
        guest g;

        guest_ready(&g, CSN_LAYER_ORIGIN);
        guest_hear(&g, 200, fields[i], NULL);
        CHECK_EQ(fields[i], g.result.nextnonce, false);
        CHECK_EQ(fields[i], g.result.dropped, true);
        assert_int_equal(guest_ask(&g, "GET", "/a"), CSN_E_STATE);
    }
}

/* A bare nextnonce: from whom, and under which policy. */
static const struct bare_row {
    const char *name;
    csn_proof_policy policy;
    bool proved_before;
    bool adopts;
} bare_rows[] = {
    { "F-20 expect, never proved itself", CSN_PROOF_EXPECT, false, true },
    { "F-14 expect, proved itself before", CSN_PROOF_EXPECT, true, false },
    { "off, never proved itself", CSN_PROOF_OFF, false, true },
    { "F-14 off, proved itself before", CSN_PROOF_OFF, true, false },
    { "F-14 require, never proved itself", CSN_PROOF_REQUIRE, false, false },
    { "F-14 require, proved itself before", CSN_PROOF_REQUIRE, true, false },
};

static void
check_bare(void **state)
{
    const struct bare_row *row = *state;
    guest g;

    guest_ready(&g, CSN_LAYER_ORIGIN);
    g.policy.proof = row->policy;
    if (row->proved_before)
        csn_client_space_remember(&g.space, CSN_SEEN_PROOF);
    guest_hear(&g, 200, "nextnonce=\"n2\"", NULL);
    CHECK_EQ(row->name, g.result.nextnonce, row->adopts);
    expect_next(&g, row->adopts ? "n2" : "n1", row->adopts ? 1 : 2);
}

/* In an exchange without qop a field with more than nextnonce is suspect. */
static void
check_legacy(void **state)
{
    guest g;

    (void)state;
    guest_open(&g, CSN_LAYER_ORIGIN);
    g.policy.allow_md5 = true;
    g.policy.legacy_no_qop = true;
    assert_int_equal(guest_challenge(&g, "Digest realm=\"r\", nonce=\"n1\""),
        CSN_OK);
    assert_int_equal(guest_ask(&g, "GET", "/a"), CSN_OK);
    guest_hear(&g, 200,
        "nextnonce=\"n2\", rspauth=\"00000000000000000000000000000000\"",
        NULL);
    CHECK_EQ("with rspauth", g.result.nextnonce, false);
    guest_hear(&g, 200, "nextnonce=\"n2\", qop=auth", NULL);
    CHECK_EQ("with qop", g.result.nextnonce, false);
    guest_hear(&g, 200, "nextnonce=\"n2\"", NULL);
    CHECK_EQ("alone", g.result.nextnonce, true);
    CHECK_EQ("alone", g.result.reason, CSN_R_NO_QOP);
}

/*
 * F-15, F-27: five requests on one nonce are under way; their answers come
 * late and in any order, each with a nextnonce.
 */
static void
check_order(void **state)
{
    static char lines[5][GUEST_TEXT];
    csn_client_attempt attempts[5];
    guest g;

    (void)state;
    guest_ready(&g, CSN_LAYER_ORIGIN);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(guest_ask(&g, "GET", "/a"), CSN_OK);
        memcpy(lines[i], g.line, sizeof(lines[i]));
        attempts[i] = g.attempt;
    }
    hear_next(&g, &attempts[3], lines[3], "n2");
    CHECK_EQ("the first", g.result.nextnonce, true);
    expect_next(&g, "n2", 1);
    /* The server names the same successor to all: nothing is reset. */
    hear_next(&g, &attempts[0], lines[0], "n2");
    CHECK_EQ("the same", g.result.nextnonce, false);
    expect_next(&g, "n2", 2);
    /* Another one: the newest in the order of processing. */
    hear_next(&g, &attempts[4], lines[4], "n3");
    CHECK_EQ("a newer", g.result.nextnonce, true);
    expect_next(&g, "n3", 1);
    /* A straggler names one that was left: no way back (C-27). */
    hear_next(&g, &attempts[1], lines[1], "n2");
    CHECK_EQ("left behind", g.result.nextnonce, false);
    hear_next(&g, &attempts[2], lines[2], "n1");
    CHECK_EQ("left behind", g.result.nextnonce, false);
    expect_next(&g, "n3", 2);
}

/* F-15: an answer to a session before neither changes nor drops the new. */
static void
check_generation(void **state)
{
    char old_line[GUEST_TEXT];
    csn_client_attempt old;
    guest g;

    (void)state;
    for (int forget = 0; forget < 2; forget++) {
        guest_ready(&g, CSN_LAYER_ORIGIN);
        old = g.attempt;
        memcpy(old_line, g.line, sizeof(old_line));
        if (forget)
            csn_client_forget(&g.space);
        assert_int_equal(
            guest_challenge(&g,
                "Digest realm=\"test@example.org\", nonce=\"n5\", "
                "algorithm=SHA-512-256, qop=\"auth\""),
            CSN_OK);

        hear_next(&g, &old, old_line, "n6");
        CHECK_EQ("proved, not adopted", g.result.nextnonce, false);
        CHECK_EQ("what it proved is remembered",
            csn_client_space_seen(&g.space) & CSN_SEEN_PROOF, CSN_SEEN_PROOF);
        g.attempt = old;
        guest_hear(&g, 200, "rspauth", NULL);
        CHECK_EQ("unusable", g.result.proof, CSN_PROOF_UNUSABLE);
        CHECK_EQ("not dropped", g.result.dropped, false);
        expect_next(&g, "n5", 1);
    }
}

/* F-53: nor does an answer at one layer change the session of the other. */
static void
check_layers(void **state)
{
    guest origin;
    guest proxy;

    (void)state;
    guest_ready(&origin, CSN_LAYER_ORIGIN);
    guest_ready(&proxy, CSN_LAYER_PROXY);
    hear_next(&origin, &proxy.attempt, proxy.line, "n2");
    CHECK_EQ("not adopted", origin.result.nextnonce, false);
    origin.attempt = proxy.attempt;
    guest_hear(&origin, 200, "rspauth", NULL);
    CHECK_EQ("not dropped", origin.result.dropped, false);
    expect_next(&origin, "n1", 2);
    expect_next(&proxy, "n1", 2);
}

/* An answer after the session was forgotten brings nothing back. */
static void
check_forgotten(void **state)
{
    guest g;

    (void)state;
    guest_ready(&g, CSN_LAYER_ORIGIN);
    csn_client_forget(&g.space);
    hear_next(&g, &g.attempt, g.line, "n2");
    CHECK_EQ("not adopted", g.result.nextnonce, false);
    assert_int_equal(guest_ask(&g, "GET", "/a"), CSN_E_STATE);
}

int
main(void)
{
#define TEST(name, fn)                                                        \
    {                                                                         \
        name, fn, NULL, NULL, NULL                                            \
    }
    const struct CMUnitTest tests[] = {
        TEST("F-11 F-16 all but the cnonce is kept", check_kept),
        TEST("F-12 the nonce in use", check_same),
        TEST("F-13 an empty nextnonce", check_empty),
        TEST("F-14 F-19 a nextnonce in a field that fails", check_untrusted),
        TEST("F-14 F-23 a nextnonce without qop", check_legacy),
        TEST("F-15 F-27 C-27 answers in any order", check_order),
        TEST("F-15 F-02 an answer to an older session", check_generation),
        TEST("F-53 an answer of the other layer", check_layers),
        TEST("F-50 an answer to a forgotten session", check_forgotten),
    };

    return CHECK_ROWS("client bare nextnonce", bare_rows, check_bare) +
        cmocka_run_group_tests_name("client nextnonce", tests, NULL, NULL);
}
