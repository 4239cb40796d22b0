// SPDX-License-Identifier: MIT
#include "check.h"
#include "client/client.h"
#include "guest.h"

/* What a space is, what lies in it, and what it forgets: F.5, F.6, H.3. */

#define X64 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X256 X64 X64 X64 X64
#define X1024 X256 X256 X256 X256

static const struct init_row {
    const char *name;
    const char *scheme;
    const char *host;
    const char *user;
    csn_status status;
} init_rows[] = {
    { "F-43 a key", "https", "example.org", "alice", CSN_OK },
    { "scheme in capitals", "HTTP", "example.org", "alice", CSN_OK },
    { "unknown scheme", "ftp", "example.org", "alice", CSN_E_SYNTAX },
    { "no scheme", "", "example.org", "alice", CSN_E_SYNTAX },
    { "no host", "http", "", "alice", CSN_E_SYNTAX },
    { "control octet in the host", "http", "a\nb", "alice", CSN_E_SYNTAX },
    { "host too long", "http", X256, "alice", CSN_E_LIMIT },
    { "an IPv6 address", "http", "[2001:db8::1]", "alice", CSN_OK },
    { "C-38 colon in the user", "http", "h", "al:ice", CSN_E_SYNTAX },
    { "C-39 control octet in the user", "http", "h", "al\tice", CSN_E_SYNTAX },
    { "C-39 DEL in the user", "http", "h", "al\x7fice", CSN_E_SYNTAX },
    { "no user", "http", "h", "", CSN_E_SYNTAX },
    { "H-24 user too long", "http", "h", X1024 "x", CSN_E_LIMIT },
    { "user as long as may be", "http", "h", X1024, CSN_OK },
    { "C-42 user that is not ASCII", "http", "h", "J\xc3\xa4s\xc3\xb8n",
        CSN_OK },
};

static void
check_init(void **state)
{
    const struct init_row *row = *state;
    const csn_client_key key = {
        .scheme = check_exact(check_text(row->scheme)),
        .host = check_exact(check_text(row->host)),
        .port = 80,
        .user = check_exact(check_text(row->user)),
    };
    csn_client_space space;

    CHECK_EQ(row->name, csn_client_space_init(&space, &key), row->status);
    if (row->status == CSN_OK) {
        CHECK_EQ("ready", csn_client_space_is_ready(&space), false);
        CHECK_EQ("seen", csn_client_space_seen(&space), 0);
        CHECK_EQ("realm", csn_client_space_realm(&space).len, 0);
        CHECK_EQ("covers", csn_client_space_covers(&space, CSN_SPAN("/")),
            false);
        CHECK_EQ("matches", csn_client_space_matches(&space, &key, NULL),
            true);
    }
    check_drop(key.scheme);
    check_drop(key.host);
    check_drop(key.user);
}

/* The space of guest_ready against other keys. */
static const struct match_row {
    const char *name;
    const char *scheme;
    const char *host;
    const char *user;
    const char *realm;
    uint16_t port;
    csn_layer layer;
    bool same;
} match_rows[] = {
    { "F-43 the same", "https", "example.org", GUEST_USER, NULL, 443,
        CSN_LAYER_ORIGIN, true },
    { "F-43 the same realm", "https", "example.org", GUEST_USER,
        "test@example.org", 443, CSN_LAYER_ORIGIN, true },
    { "F-43 host and scheme in capitals", "HTTPS", "EXAMPLE.org", GUEST_USER,
        NULL, 443, CSN_LAYER_ORIGIN, true },
    { "H-17 another scheme", "http", "example.org", GUEST_USER, NULL, 443,
        CSN_LAYER_ORIGIN, false },
    { "F-43 another host", "https", "example.com", GUEST_USER, NULL, 443,
        CSN_LAYER_ORIGIN, false },
    { "F-43 a host below it", "https", "www.example.org", GUEST_USER, NULL,
        443, CSN_LAYER_ORIGIN, false },
    { "F-43 another port", "https", "example.org", GUEST_USER, NULL, 8443,
        CSN_LAYER_ORIGIN, false },
    { "another user", "https", "example.org", "bob", NULL, 443,
        CSN_LAYER_ORIGIN, false },
    { "C-45 the user in capitals", "https", "example.org", "Alice", NULL, 443,
        CSN_LAYER_ORIGIN, false },
    { "F-43 another realm", "https", "example.org", GUEST_USER, "other", 443,
        CSN_LAYER_ORIGIN, false },
    { "A-61 the realm in capitals", "https", "example.org", GUEST_USER,
        "Test@example.org", 443, CSN_LAYER_ORIGIN, false },
    { "F-51 H-30 the proxy of the same name", "https", "example.org",
        GUEST_USER, "test@example.org", 443, CSN_LAYER_PROXY, false },
    { "a key that is none", "https", "example.org", "a:b", NULL, 443,
        CSN_LAYER_ORIGIN, false },
};

static void
check_match(void **state)
{
    const struct match_row *row = *state;
    const csn_client_key key = { row->layer, check_text(row->scheme),
        check_text(row->host), row->port, check_text(row->user) };
    csn_span realm = check_text(row->realm ? row->realm : "");
    guest g;

    guest_ready(&g, CSN_LAYER_ORIGIN);
    CHECK_EQ(row->name,
        csn_client_space_matches(&g.space, &key, row->realm ? &realm : NULL),
        row->same);
    /* What was seen is found again when the session is gone. */
    csn_client_forget(&g.space);
    CHECK_EQ(row->name,
        csn_client_space_matches(&g.space, &key, row->realm ? &realm : NULL),
        row->same);
    /* A space that had no session yet has no realm. */
    guest_open(&g, CSN_LAYER_ORIGIN);
    CHECK_EQ(row->name,
        csn_client_space_matches(&g.space, &key, row->realm ? &realm : NULL),
        row->same && row->realm == NULL);
}

/* An empty realm is one; a space without a session has none. */
static void
check_empty_realm(void **state)
{
    const csn_client_key key = { CSN_LAYER_ORIGIN, CSN_SPAN("https"),
        CSN_SPAN("example.org"), 443, CSN_SPAN(GUEST_USER) };
    const csn_span none = { NULL, 0 };
    guest g;

    (void)state;
    guest_open(&g, CSN_LAYER_ORIGIN);
    assert_false(csn_client_space_matches(&g.space, &key, &none));
    assert_int_equal(guest_challenge(&g,
                         "Digest realm=\"\", nonce=\"n\", qop=auth, "
                         "algorithm=SHA-256"),
        CSN_OK);
    assert_true(csn_client_space_matches(&g.space, &key, &none));
}

/* F-51, F-52: two layers, each with its own nonce, count and cnonce. */
static void
check_two_layers(void **state)
{
    char value[GUEST_VALUE];
    guest origin;
    guest proxy;

    (void)state;
    guest_ready(&proxy, CSN_LAYER_PROXY);
    assert_int_equal(guest_ask(&proxy, "GET", "http://h/a"), CSN_OK);
    guest_ready(&origin, CSN_LAYER_ORIGIN);
    guest_random = "another cnonce now";
    assert_int_equal(guest_challenge(&origin, GUEST_CHALLENGE("o1")), CSN_OK);
    assert_int_equal(guest_ask(&origin, "GET", "http://h/a"), CSN_OK);
    assert_string_equal(guest_param(proxy.line, "nonce", value), "n1");
    assert_string_equal(guest_param(proxy.line, "nc", value), "00000002");
    assert_string_equal(guest_param(proxy.line, "cnonce", value),
        GUEST_CNONCE);
    assert_string_equal(guest_param(origin.line, "nonce", value), "o1");
    assert_string_equal(guest_param(origin.line, "nc", value), "00000001");
    assert_string_not_equal(guest_param(origin.line, "cnonce", value),
        GUEST_CNONCE);
}

/* F-41, F-42: what a challenge offered is seen, and stays so. */
static void
check_seen(void **state)
{
    guest g;

    (void)state;
    guest_open(&g, CSN_LAYER_ORIGIN);
    g.policy.allow_md5 = true;
    assert_int_equal(
        guest_challenge(&g,
            "Digest realm=\"r\", nonce=\"n\", qop=auth, algorithm=MD5"),
        CSN_OK);
    CHECK_EQ("MD5", csn_client_space_seen(&g.space), CSN_SEEN_DIGEST);
    assert_int_equal(guest_challenge(&g, GUEST_CHALLENGE("n")), CSN_OK);
    CHECK_EQ("SHA-256", csn_client_space_seen(&g.space),
        CSN_SEEN_DIGEST | CSN_SEEN_SHA2);
    csn_client_forget(&g.space);
    CHECK_EQ("forgotten", csn_client_space_seen(&g.space),
        CSN_SEEN_DIGEST | CSN_SEEN_SHA2);
    assert_int_equal(
        guest_challenge(&g,
            "Digest realm=\"r\", nonce=\"n\", qop=auth, algorithm=MD5"),
        CSN_E_REFUSED);
    CHECK_EQ("step down", g.why, CSN_R_DOWNGRADE);
    csn_client_space_remember(&g.space, CSN_SEEN_PROOF | 64);
    CHECK_EQ("remembered", csn_client_space_seen(&g.space),
        CSN_SEEN_DIGEST | CSN_SEEN_SHA2 | CSN_SEEN_PROOF);
}

static bool
holds(const void *memory, size_t size, const void *text, size_t len)
{
    const unsigned char *at = memory;

    for (size_t i = 0; i + len <= size; i++)
        if (memcmp(at + i, text, len) == 0)
            return true;
    return false;
}

/* H-23: H(A1) is in the session, and nowhere when that is gone. */
static void
check_wiped(void **state)
{
    uint8_t ha1[CSN_MAX_DIGEST_HEX];
    char rspauth[65];
    uint8_t octets[32];
    guest g;

    (void)state;
    guest_ready(&g, CSN_LAYER_ORIGIN);
    assert_int_equal(csn_digest_ha1(&guest_crypto, CSN_HASH_SHA_256,
                         CSN_SPAN(GUEST_USER), CSN_SPAN("test@example.org"),
                         CSN_SPAN(GUEST_PASSWORD), ha1),
        CSN_OK);
    assert_true(holds(&g.space, sizeof(g.space), ha1, sizeof(ha1)));
    assert_false(holds(&g.attempt, sizeof(g.attempt), ha1, sizeof(ha1)));
    assert_false(holds(&g.space, sizeof(g.space), GUEST_PASSWORD,
        sizeof(GUEST_PASSWORD) - 1));
    csn_client_forget(&g.space);
    assert_false(holds(&g.space, sizeof(g.space), ha1, 8));

    guest_digest(g.line, GUEST_PASSWORD, "", rspauth);
    for (int i = 0; i < 32; i++) {
        char pair[3] = { rspauth[2 * i], rspauth[2 * i + 1], '\0' };

        octets[i] = (uint8_t)strtoul(pair, NULL, 16);
    }
    assert_true(holds(&g.attempt, sizeof(g.attempt), octets, 32));
    csn_client_attempt_wipe(&g.attempt);
    assert_false(holds(&g.attempt, sizeof(g.attempt), octets, 8));
}

/* H(A1) instead of a password, in hex of either case; nothing else. */
static void
check_ha1(void **state)
{
    static const csn_span line = CSN_LIT(GUEST_CHALLENGE("n2"));
    static const struct {
        const char *ha1;
        csn_status status;
    } rows[] = {
        { "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
            CSN_OK },
        { "0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF",
            CSN_OK },
        { "0123456789abcdef0123456789abcdef", CSN_E_SYNTAX },
        { "", CSN_E_SYNTAX },
        { "g123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
            CSN_E_SYNTAX },
    };
    char first[GUEST_TEXT];
    guest g;

    (void)state;
    guest_ready(&g, CSN_LAYER_ORIGIN);
    assert_int_equal(
        csn_client_choose(&g.policy, 0, &line, 1, &g.choice, &g.why), CSN_OK);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CHECK_EQ(rows[i].ha1,
            csn_client_accept_ha1(&g.space, &guest_crypto, &g.policy,
                &g.choice, check_text(rows[i].ha1)),
            rows[i].status);
        CHECK_EQ(rows[i].ha1, csn_client_space_is_ready(&g.space),
            rows[i].status == CSN_OK);
        if (rows[i].status == CSN_OK)
            assert_int_equal(guest_ask(&g, "GET", "/a"), CSN_OK);
        if (i == 0)
            memcpy(first, g.line, sizeof(first));
    }
    /* Both cases are the same secret. */
    guest_param(first, "response", first);
    assert_int_equal(csn_client_accept_ha1(&g.space, &guest_crypto, &g.policy,
                         &g.choice, check_text(rows[1].ha1)),
        CSN_OK);
    client_space_of(&g.space)->count = 0;
    assert_int_equal(guest_ask(&g, "GET", "/a"), CSN_OK);
    assert_non_null(strstr(g.line, first));
}

/* A choice is public memory: one that choose would not make is refused. */
static void
check_made_up(void **state)
{
    static const csn_span line = CSN_LIT(GUEST_CHALLENGE("n2"));
    guest g;

    (void)state;
    for (int i = 0; i < 5; i++) {
        static const csn_value none = { .present = false };
        csn_digest_challenge *challenge = &g.choice.challenge;

        guest_ready(&g, CSN_LAYER_ORIGIN);
        assert_int_equal(csn_client_choose(&g.policy, 0, &line, 1, &g.choice,
                             &g.why),
            CSN_OK);
        if (i == 0)
            challenge->has_qop = false;
        if (i == 1)
            challenge->algorithm = CSN_ALG_UNKNOWN;
        if (i == 2)
            challenge->realm = none;
        if (i == 3)
            challenge->nonce = none;
        if (i == 4)
            g.policy.require_int = true;
        CHECK_EQ("made up",
            csn_client_accept(&g.space, &guest_crypto, &g.policy, &g.choice,
                CSN_SPAN(GUEST_PASSWORD)),
            CSN_E_SYNTAX);
        CHECK_EQ("no session", csn_client_space_is_ready(&g.space), false);
    }
}

/* A choice may be kept and changed by its host: nothing is cut short. */
static void
check_too_long(void **state)
{
    static uint8_t octets[CSN_MAX_NONCE + 1];
    static const csn_span line = CSN_LIT(GUEST_CHALLENGE("n2"));
    csn_span realm = CSN_SPAN("test@example.org");
    guest g;

    (void)state;
    memset(octets, 'x', sizeof(octets));
    for (int i = 0; i < 6; i++) {
        csn_digest_challenge *challenge = &g.choice.challenge;
        csn_value *values[] = { &challenge->realm, &challenge->nonce,
            &challenge->opaque };
        const size_t limits[] = { CSN_MAX_REALM, CSN_MAX_NONCE,
            CSN_MAX_OPAQUE };
        bool fits = i < 3;

        guest_ready(&g, CSN_LAYER_ORIGIN);
        CHECK_SPAN("realm", csn_client_space_realm(&g.space), realm);
        assert_int_equal(csn_client_choose(&g.policy, 0, &line, 1, &g.choice,
                             &g.why),
            CSN_OK);
        values[i % 3]->text = (csn_span){ octets, limits[i % 3] + !fits };
        CHECK_EQ("accept",
            csn_client_accept(&g.space, &guest_crypto, &g.policy, &g.choice,
                CSN_SPAN(GUEST_PASSWORD)),
            fits ? CSN_OK : CSN_E_LIMIT);
        CHECK_EQ("ready", csn_client_space_is_ready(&g.space), fits);
        CHECK_EQ("asks", guest_ask(&g, "GET", "/a"),
            fits ? CSN_OK : CSN_E_STATE);
        CHECK_EQ("realm", csn_client_space_realm(&g.space).len,
            !fits        ? 0
                : i == 0 ? CSN_MAX_REALM
                         : realm.len);
    }
}

int
main(void)
{
#define TEST(name, fn)                                                        \
    {                                                                         \
        name, fn, NULL, NULL, NULL                                            \
    }
    const struct CMUnitTest tests[] = {
        TEST("F-43 an empty realm", check_empty_realm),
        TEST("F-51 F-52 two layers", check_two_layers),
        TEST("F-41 F-42 H-12 what was seen", check_seen),
        TEST("H-23 F-50 secrets are cleared", check_wiped),
        TEST("C-12 H(A1) in place of the password", check_ha1),
        TEST("a challenge made up by the host", check_made_up),
        TEST("H-24 a challenge made too long by the host", check_too_long),
    };

    return CHECK_ROWS("client keys", init_rows, check_init) +
        CHECK_ROWS("client matches", match_rows, check_match) +
        cmocka_run_group_tests_name("client space", tests, NULL, NULL);
}
