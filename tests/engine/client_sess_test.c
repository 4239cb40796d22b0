// SPDX-License-Identifier: MIT
#include "check.h"
#include "client/client.h"
#include "guest.h"

/*
 * `-sess`: whose nonce and cnonce the session's key is made of, how long it
 * stays, and what happens when it cannot be made. The digests are made by the
 * guest from the lines alone: the first of a session says what its key is.
 */

#define CHALLENGE(nonce)                                                      \
    "Digest realm=\"r\", nonce=\"" nonce                                      \
    "\", algorithm=SHA-256-sess, qop=\"auth, auth-int\""
#define ANSWER "{\"ok\":true}\n"
#define OTHER_RANDOM "cnonce-abcdef-0002"
#define OTHER_CNONCE "Y25vbmNlLWFiY2RlZi0wMDAy"

/* Ask, with the right response to the session that `first` began. */
static void
ask_right(guest *g, const char *first, const char *cnonce, const char *nc)
{
    char value[GUEST_VALUE];
    char hex[65];

    assert_int_equal(guest_ask_int(g, "GET", "/a", ""), CSN_OK);
    assert_string_equal(guest_param(g->line, "cnonce", value), cnonce);
    assert_string_equal(guest_param(g->line, "nc", value), nc);
    guest_sum_hex(&(guest_sum){ .line = g->line,
                      .first = first,
                      .password = GUEST_PASSWORD,
                      .method = "GET",
                      .content = "" },
        hex);
    assert_string_equal(guest_param(g->line, "response", value), hex);
}

static void
hear_right(guest *g, const char *first, const char *more)
{
    char field[GUEST_TEXT];

    guest_info_of(
        (guest_sum){ .line = g->line, .first = first, .content = ANSWER },
        more, field);
    guest_hear_int(g, 200, field, "/a", ANSWER);
    CHECK_EQ("proof", g->result.proof, CSN_PROOF_PROVED);
}

static void
begin(guest *g, char first[GUEST_TEXT])
{
    guest_open(g, CSN_LAYER_ORIGIN);
    assert_int_equal(guest_challenge(g, CHALLENGE("n1")), CSN_OK);
    ask_right(g, NULL, GUEST_CNONCE, "00000001");
    memcpy(first, g->line, GUEST_TEXT);
}

/* The generator would give another cnonce, were it asked. */
static void
check_one_key(void **state)
{
    char first[GUEST_TEXT];
    guest g;

    (void)state;
    begin(&g, first);
    hear_right(&g, first, "");
    guest_random = OTHER_RANDOM;
    ask_right(&g, first, GUEST_CNONCE, "00000002");
    hear_right(&g, first, "");
    guest_random = NULL;
    ask_right(&g, first, GUEST_CNONCE, "00000003");
    hear_right(&g, first, "");
}

static void
check_nextnonce(void **state)
{
    char first[GUEST_TEXT];
    char value[GUEST_VALUE];
    char rebuilt[65];
    guest g;

    (void)state;
    begin(&g, first);
    guest_random = OTHER_RANDOM;
    hear_right(&g, first, "nextnonce=\"n2\", ");
    CHECK_EQ("nextnonce", g.result.nextnonce, true);
    ask_right(&g, first, GUEST_CNONCE, "00000001");
    assert_string_equal(guest_param(g.line, "nonce", value), "n2");
    guest_sum_hex(&(guest_sum){ .line = g.line,
                      .password = GUEST_PASSWORD,
                      .method = "GET",
                      .content = "" },
        rebuilt);
    assert_string_not_equal(guest_param(g.line, "response", value), rebuilt);
    hear_right(&g, first, "nextnonce=\"n3\", ");
    ask_right(&g, first, GUEST_CNONCE, "00000001");
    hear_right(&g, first, "");
}

/* A nextnonce changes no key, so a rebuilt one proves nothing here. */
static void
check_rebuilt_rspauth(void **state)
{
    char first[GUEST_TEXT];
    char field[GUEST_TEXT];
    guest g;

    (void)state;
    begin(&g, first);
    hear_right(&g, first, "nextnonce=\"n2\", ");
    ask_right(&g, first, GUEST_CNONCE, "00000001");
    guest_info_of((guest_sum){ .line = g.line, .content = ANSWER }, "", field);
    guest_hear_int(&g, 200, field, "/a", ANSWER);
    CHECK_EQ("rebuilt", g.result.reason, CSN_R_RSPAUTH_WRONG);
}

static const struct again_row {
    const char *name;
    const char *challenge;
    const char *nc;
} again_rows[] = {
    { "C-07 a new challenge", CHALLENGE("n2"), "00000001" },
    { "C-07 a stale one", CHALLENGE("n2") ", stale=true", "00000001" },
    { "C-07 C-27 one with the same nonce", CHALLENGE("n1") ", stale=true",
        "00000002" },
    { "C-07 one for another algorithm",
        "Digest realm=\"r\", nonce=\"n2\", algorithm=SHA-512-256-sess, "
        "qop=\"auth\"",
        "00000001" },
};

static void
check_again(void **state)
{
    const struct again_row *row = *state;
    char first[GUEST_TEXT];
    char second[GUEST_TEXT];
    guest g;

    begin(&g, first);
    guest_random = OTHER_RANDOM;
    assert_int_equal(guest_challenge(&g, row->challenge), CSN_OK);
    ask_right(&g, NULL, OTHER_CNONCE, row->nc);
    memcpy(second, g.line, sizeof(second));
    hear_right(&g, second, "");
    guest_random = GUEST_RANDOM;
    ask_right(&g, second, OTHER_CNONCE,
        row->nc[7] == '1' ? "00000002" : "00000003");
}

/* A plain session after one with -sess has a cnonce for each request. */
static void
check_plain_after(void **state)
{
    char first[GUEST_TEXT];
    char value[GUEST_VALUE];
    guest g;

    (void)state;
    begin(&g, first);
    guest_random = OTHER_RANDOM;
    assert_int_equal(guest_challenge(&g, GUEST_CHALLENGE("n2")), CSN_OK);
    guest_random = GUEST_RANDOM;
    assert_int_equal(guest_ask(&g, "GET", "/a"), CSN_OK);
    assert_string_equal(guest_param(g.line, "cnonce", value), GUEST_CNONCE);
    guest_random = OTHER_RANDOM;
    assert_int_equal(guest_ask(&g, "GET", "/a"), CSN_OK);
    assert_string_equal(guest_param(g.line, "cnonce", value), OTHER_CNONCE);
}

static bool
holds(const void *memory, size_t size, const char *text, size_t len)
{
    const char *at = memory;

    for (size_t i = 0; i + len <= size; i++)
        if (memcmp(at + i, text, len) == 0)
            return true;
    return false;
}

/* The plain H(A1) is of no more use once the key is made. */
static void
check_secrets(void **state)
{
    char ha1[2 * CSN_MAX_DIGEST + 1] = "";
    char first[GUEST_TEXT];
    const struct client_session *session;
    char key[CSN_MAX_DIGEST_HEX];
    guest g;

    (void)state;
    assert_int_equal(csn_digest_ha1(&guest_crypto, CSN_HASH_SHA_256,
                         CSN_SPAN(GUEST_USER), CSN_SPAN("r"),
                         CSN_SPAN(GUEST_PASSWORD), (uint8_t *)ha1),
        CSN_OK);
    begin(&g, first);
    session = &client_space_of(&g.space)->session;
    memcpy(key, session->ha1_secret_hex, sizeof(key));
    assert_false(holds(&g.space, sizeof(g.space), ha1, 64));
    assert_true(holds(&g.space, sizeof(g.space), key, 64));
    assert_true(holds(&g.attempt, sizeof(g.attempt), key, 64));
    csn_client_forget(&g.space);
    assert_false(holds(&g.space, sizeof(g.space), key, 64));
    assert_false(holds(&g.space, sizeof(g.space), GUEST_CNONCE, 24));
    csn_client_attempt_wipe(&g.attempt);
    assert_false(holds(&g.attempt, sizeof(g.attempt), key, 64));
}

static int digests_left;

static csn_status
failing_digest(csn_hash hash, const csn_span *parts, size_t count,
    uint8_t *out)
{
    return digests_left-- > 0 ? guest_crypto.digest(hash, parts, count, out)
                              : CSN_E_CRYPTO;
}

/* H-03, H-34: no key, no session, and nothing left of it. */
static void
check_failures(void **state)
{
    csn_crypto crypto = guest_crypto;
    csn_span line = CSN_SPAN(CHALLENGE("n1"));
    char first[GUEST_TEXT];
    guest g;

    (void)state;
    crypto.digest = failing_digest;
    for (int good = 0; good < 4; good++) {
        csn_status want = good < 2 ? CSN_E_CRYPTO
            : good == 2            ? CSN_OK
                                   : CSN_E_RANDOM;

        begin(&g, first);
        guest_random = good == 3 ? NULL : GUEST_RANDOM;
        digests_left = good;
        assert_int_equal(csn_client_choose(&g.policy, 0, &line, 1, &g.choice,
                             &g.why),
            CSN_OK);
        CHECK_EQ("accept",
            csn_client_accept(&g.space, &crypto, &g.policy, &g.choice,
                CSN_SPAN(GUEST_PASSWORD)),
            want);
        CHECK_EQ("ready", csn_client_space_is_ready(&g.space), want == CSN_OK);
        guest_random = GUEST_RANDOM;
        CHECK_EQ("ask", guest_ask(&g, "GET", "/a"),
            want == CSN_OK ? CSN_OK : CSN_E_STATE);
        if (want == CSN_OK)
            continue;
        for (size_t i = 0; i < sizeof(struct client_session); i++)
            CHECK_EQ("left",
                ((const uint8_t *)&client_space_of(&g.space)->session)[i], 0);
        /* The count of the nonce did not get lost (C-27). */
        assert_int_equal(guest_challenge(&g, CHALLENGE("n1")), CSN_OK);
        ask_right(&g, NULL, GUEST_CNONCE, "00000002");
    }
}

/* C-12: the key is made of H(A1) alone. */
static void
check_ha1(void **state)
{
    char ha1[2 * CSN_MAX_DIGEST + 1] = "";
    csn_span line = CSN_SPAN(CHALLENGE("n1"));
    guest g;

    (void)state;
    assert_int_equal(csn_digest_ha1(&guest_crypto, CSN_HASH_SHA_256,
                         CSN_SPAN(GUEST_USER), CSN_SPAN("r"),
                         CSN_SPAN(GUEST_PASSWORD), (uint8_t *)ha1),
        CSN_OK);
    guest_open(&g, CSN_LAYER_ORIGIN);
    assert_int_equal(
        csn_client_choose(&g.policy, 0, &line, 1, &g.choice, &g.why), CSN_OK);
    assert_int_equal(csn_client_accept_ha1(&g.space, &guest_crypto, &g.policy,
                         &g.choice, check_text(ha1)),
        CSN_OK);
    ask_right(&g, NULL, GUEST_CNONCE, "00000001");
    hear_right(&g, NULL, "");
    guest_random = NULL;
    CHECK_EQ("no random",
        csn_client_accept_ha1(&g.space, &guest_crypto, &g.policy, &g.choice,
            check_text(ha1)),
        CSN_E_RANDOM);
    CHECK_EQ("no random", csn_client_space_is_ready(&g.space), false);
}

int
main(void)
{
#define TEST(name, fn)                                                        \
    {                                                                         \
        name, fn, NULL, NULL, NULL                                            \
    }
    const struct CMUnitTest tests[] = {
        TEST("C-06 C-09 one key and one cnonce for a session", check_one_key),
        TEST("C-08 F-11 F-16 both stay over a nextnonce", check_nextnonce),
        TEST("C-08 a proof made with a rebuilt key", check_rebuilt_rspauth),
        TEST("C-09 a plain session after it", check_plain_after),
        TEST("H-23 nothing is kept but the key", check_secrets),
        TEST("H-03 H-34 a generator or a hash that fails", check_failures),
        TEST("C-12 H(A1) in place of the password", check_ha1),
    };

    return CHECK_ROWS("client -sess again", again_rows, check_again) +
        cmocka_run_group_tests_name("client -sess", tests, NULL, NULL);
}
