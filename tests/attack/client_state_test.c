// SPDX-License-Identifier: MIT
#include "check.h"
#include "client/client.h"
#include "guest.h"

/*
 * What a client carries from one request to the next: to nobody else, not for
 * ever, and not without a generator that works.
 */

#define PLAIN "algorithm=SHA-256, qop=\"auth\""
#define SESS "algorithm=SHA-256-sess, qop=\"auth\""
#define INT "algorithm=SHA-256, qop=\"auth, auth-int\""
#define REALM "Digest realm=\"r\", nonce=\"n1\", "

/* Two spaces that differ in one part of what names them. */
static const struct border_row {
    const char *name;
    csn_layer layer;
    const char *scheme;
    const char *host;
    uint16_t port;
    const char *user;
    const char *realm; /* NULL: the same */
} borders[] = {
    { "F-51 state never crosses from origin to proxy", CSN_LAYER_PROXY,
        "https", "example.org", 443, GUEST_USER, NULL },
    { "F-43 state never crosses the scheme", CSN_LAYER_ORIGIN, "http",
        "example.org", 443, GUEST_USER, NULL },
    { "F-43 state never crosses the host", CSN_LAYER_ORIGIN, "https",
        "example.com", 443, GUEST_USER, NULL },
    { "F-43 state never crosses to a host within it", CSN_LAYER_ORIGIN,
        "https", "www.example.org", 443, GUEST_USER, NULL },
    { "F-43 state never crosses to a host that begins alike", CSN_LAYER_ORIGIN,
        "https", "example.org.evil", 443, GUEST_USER, NULL },
    { "F-43 state never crosses the port", CSN_LAYER_ORIGIN, "https",
        "example.org", 8443, GUEST_USER, NULL },
    { "F-43 state never crosses the user", CSN_LAYER_ORIGIN, "https",
        "example.org", 443, "bob", NULL },
    { "C-45 state never crosses the user's case", CSN_LAYER_ORIGIN, "https",
        "example.org", 443, "Alice", NULL },
    { "F-43 state never crosses the realm", CSN_LAYER_ORIGIN, "https",
        "example.org", 443, GUEST_USER, "other" },
    { "A-61 state never crosses the realm's case", CSN_LAYER_ORIGIN, "https",
        "example.org", 443, GUEST_USER, "R" },
};

static csn_client_key
key_of(const struct border_row *row)
{
    return (csn_client_key){ .layer = row->layer,
        .scheme = check_text(row->scheme),
        .host = check_text(row->host),
        .port = row->port,
        .user = check_text(row->user) };
}

static void
open_other(const struct border_row *row, guest *other)
{
    csn_client_key key = key_of(row);
    char challenge[GUEST_TEXT];

    guest_open(other, row->layer);
    assert_int_equal(csn_client_space_init(&other->space, &key), CSN_OK);
    snprintf(challenge, sizeof(challenge),
        "Digest realm=\"%s\", nonce=\"n1\", " INT,
        row->realm ? row->realm : "r");
    assert_int_equal(guest_challenge(other, challenge), CSN_OK);
}

/*
 * The same nonce in both, whoever gave it: each counts for itself, an answer
 * to the one changes nothing in the other, and proves nothing there.
 */
static void
check_border(void **state)
{
    const struct border_row *row = *state;
    csn_client_key key = key_of(row);
    csn_span realm = check_text(row->realm ? row->realm : "r");
    char field[GUEST_TEXT];
    char value[GUEST_VALUE];
    guest own;
    guest other;

    guest_open(&own, CSN_LAYER_ORIGIN);
    CHECK_EQ("realm", csn_client_space_matches(&own.space, &key, &realm),
        false);
    assert_int_equal(guest_challenge(&own, REALM INT), CSN_OK);
    CHECK_EQ(row->name, csn_client_space_matches(&own.space, &key, &realm),
        false);
    for (int i = 0; i < 5; i++)
        assert_int_equal(guest_ask_int(&own, "GET", "/a", ""), CSN_OK);

    open_other(row, &other);
    CHECK_EQ(row->name, csn_client_space_matches(&other.space, &key, &realm),
        true);
    assert_int_equal(guest_ask_int(&other, "GET", "/a", ""), CSN_OK);
    assert_string_equal(guest_param(other.line, "nc", value), "00000001");
    assert_string_not_equal(other.line, own.line);

    /* The answer to the one, wrong and right, heard in the other's space. */
    for (int right = 0; right < 2; right++) {
        guest mixed = other;

        mixed.attempt = own.attempt;
        guest_info_of((guest_sum){ .line = own.line, .content = "x" },
            "nextnonce=\"n2\", ", field);
        guest_hear_int(&mixed, 200, field, "/a", right ? "x" : "y");
        CHECK_EQ(row->name, csn_client_space_is_ready(&mixed.space), true);
        CHECK_EQ(row->name, mixed.result.nextnonce, false);
        CHECK_EQ(row->name, mixed.result.dropped, false);
        assert_int_equal(guest_ask_int(&mixed, "GET", "/a", ""), CSN_OK);
        assert_string_equal(guest_param(mixed.line, "nonce", value), "n1");
        assert_string_equal(guest_param(mixed.line, "nc", value), "00000002");
    }

    /* And as an answer to the other's request. */
    guest_sum_hex(&(guest_sum){ .line = own.line,
                      .password = GUEST_PASSWORD,
                      .method = "",
                      .content = "x" },
        value);
    snprintf(field, sizeof(field), "rspauth=\"%s\"", value);
    guest_hear_int(&other, 200, field, "/a", "x");
    CHECK_EQ(row->name, other.result.proof, CSN_PROOF_MISMATCH);
}

/* A challenge for another realm in one space takes nothing along. */
static void
check_realm_replaced(void **state)
{
    char value[GUEST_VALUE];
    char hex[65];
    guest g;

    (void)state;
    guest_open(&g, CSN_LAYER_ORIGIN);
    assert_int_equal(guest_challenge(&g, REALM SESS ", opaque=\"o\""), CSN_OK);
    assert_int_equal(guest_ask(&g, "GET", "/a"), CSN_OK);
    guest_random = "cnonce-abcdef-0002";
    assert_int_equal(guest_challenge(&g,
                         "Digest realm=\"other\", nonce=\"n2\", " SESS),
        CSN_OK);
    assert_int_equal(guest_ask(&g, "GET", "/a"), CSN_OK);
    assert_string_equal(guest_param(g.line, "realm", value), "other");
    assert_string_equal(guest_param(g.line, "nonce", value), "n2");
    assert_string_not_equal(guest_param(g.line, "cnonce", value),
        GUEST_CNONCE);
    assert_false(guest_has(g.line, "opaque"));
    guest_digest(g.line, GUEST_PASSWORD, "GET", hex);
    assert_string_equal(guest_param(g.line, "response", value), hex);
}

/* What a server says each time it is asked; a round is in %u. */
static const struct loop_row {
    const char *name;
    const char *challenges[2]; /* in turn */
    unsigned retry_max;
    size_t sent; /* requests with credentials */
    csn_reason why;
} loops[] = {
    { "F-34 one retry per challenge: wrong credentials",
        { "Digest realm=\"r\", nonce=\"n%u\", " PLAIN }, 0, 1,
        CSN_R_CREDENTIALS_REFUSED },
    { "F-34 one retry per challenge: the same again",
        { "Digest realm=\"r\", nonce=\"n\", " PLAIN }, 5, 1,
        CSN_R_CREDENTIALS_REFUSED },
    { "F-36 stale loops end",
        { "Digest realm=\"r\", nonce=\"n%u\", stale=true, " PLAIN }, 0, 2,
        CSN_R_RETRIES_USED },
    { "F-36 stale loops end: with one nonce",
        { "Digest realm=\"r\", nonce=\"n\", stale=true, " PLAIN }, 0, 2,
        CSN_R_RETRIES_USED },
    { "F-36 stale loops end: -sess",
        { "Digest realm=\"r\", nonce=\"n%u\", stale=true, " SESS }, 0, 2,
        CSN_R_RETRIES_USED },
    { "F-36 stale loops end: a limit of one",
        { "Digest realm=\"r\", nonce=\"n%u\", stale=true, " PLAIN }, 1, 1,
        CSN_R_RETRIES_USED },
    { "F-36 stale loops end: a limit of nine",
        { "Digest realm=\"r\", nonce=\"n%u\", stale=true, " PLAIN }, 9, 9,
        CSN_R_RETRIES_USED },
    { "F-35 stale loops end: two realms in turn",
        { "Digest realm=\"r\", nonce=\"n%u\", stale=true, " PLAIN,
            "Digest realm=\"q\", nonce=\"n%u\", stale=true, " PLAIN },
        0, 2, CSN_R_RETRIES_USED },
    { "F-36 two realms in turn, each new, end too",
        { "Digest realm=\"r\", nonce=\"n%u\", " PLAIN,
            "Digest realm=\"q\", nonce=\"n%u\", " PLAIN },
        0, 2, CSN_R_RETRIES_USED },
    { "F-35 stale loops end: two algorithms in turn",
        { "Digest realm=\"r\", nonce=\"n%u\", stale=true, " PLAIN,
            "Digest realm=\"r\", nonce=\"n%u\", stale=true, " SESS },
        0, 1, CSN_R_CREDENTIALS_REFUSED },
};

/* As a host does it: ask, and repeat as long as the engine lets it. */
static void
check_loop(void **state)
{
    const struct loop_row *row = *state;
    const csn_client_attempt *sent = NULL;
    size_t credentials = 0;
    guest g;

    guest_open(&g, CSN_LAYER_ORIGIN);
    g.policy.retry_max = row->retry_max;
    for (unsigned round = 0;; round++) {
        char line[GUEST_TEXT];
        csn_span text;

        assert_true(round < 100);
        snprintf(line, sizeof(line),
            row->challenges[row->challenges[1] != NULL ? round % 2 : 0],
            round);
        text = check_text(line);
        assert_int_equal(csn_client_choose(&g.policy,
                             csn_client_space_seen(&g.space), &text, 1,
                             &g.choice, &g.why),
            CSN_OK);
        if (csn_client_decide(&g.policy, sent, round, &g.choice, &g.why) !=
            CSN_OK)
            break;
        assert_int_equal(csn_client_accept(&g.space, &guest_crypto, &g.policy,
                             &g.choice, CSN_SPAN(GUEST_PASSWORD)),
            CSN_OK);
        assert_int_equal(guest_ask(&g, "GET", "/a"), CSN_OK);
        sent = &g.attempt;
        credentials++;
    }
    CHECK_EQ(row->name, credentials, row->sent);
    CHECK_EQ(row->name, g.why, row->why);
}

/* Fails after it has given some octets, as a short read does. */
static csn_status
short_random(uint8_t *out, size_t len)
{
    memset(out, 'x', len / 2);
    return CSN_E_RANDOM;
}

/* H-03, H-15: not one octet goes out, and the next request is as it was. */
static void
check_random(void **state)
{
    csn_crypto crypto = guest_crypto;
    char value[GUEST_VALUE];
    uint8_t out[GUEST_VALUE];
    guest g;

    (void)state;
    crypto.random = short_random;
    guest_ready(&g, CSN_LAYER_ORIGIN);
    for (int i = 0; i < 3; i++) {
        csn_writer writer = csn_writer_init(out, sizeof(out));
        csn_client_attempt before = g.attempt;

        CHECK_EQ("stops",
            csn_client_authorize(&g.space, &crypto, CSN_SPAN("GET"),
                CSN_SPAN("/a"), NULL, &writer, &g.attempt),
            CSN_E_RANDOM);
        CHECK_EQ("nothing written", writer.len, 0);
        assert_memory_equal(&before, &g.attempt, sizeof(before));
    }
    assert_int_equal(guest_ask(&g, "GET", "/a"), CSN_OK);
    assert_string_equal(guest_param(g.line, "nc", value), "00000002");
}

/* Under -sess it is the challenge that cannot be taken. */
static void
check_random_session(void **state)
{
    csn_crypto crypto = guest_crypto;
    csn_span line = CSN_SPAN(REALM SESS);
    guest g;

    (void)state;
    crypto.random = short_random;
    guest_ready(&g, CSN_LAYER_ORIGIN);
    assert_int_equal(
        csn_client_choose(&g.policy, 0, &line, 1, &g.choice, &g.why), CSN_OK);
    CHECK_EQ("stops",
        csn_client_accept(&g.space, &crypto, &g.policy, &g.choice,
            CSN_SPAN(GUEST_PASSWORD)),
        CSN_E_RANDOM);
    CHECK_EQ("no session", csn_client_space_is_ready(&g.space), false);
    CHECK_EQ("nothing goes out", guest_ask(&g, "GET", "/a"), CSN_E_STATE);
}

/* A generator that gives the same again and again: counts still differ, so
 * no two requests are the same. */
static void
check_random_stuck(void **state)
{
    char lines[4][GUEST_TEXT];
    guest g;

    (void)state;
    guest_open(&g, CSN_LAYER_ORIGIN);
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        if (i % 2 == 0)
            assert_int_equal(guest_challenge(&g, REALM PLAIN), CSN_OK);
        assert_int_equal(guest_ask(&g, "GET", "/a"), CSN_OK);
        memcpy(lines[i], g.line, sizeof(lines[i]));
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(lines[k], lines[i]);
    }
}

/* Domains that name nothing, or far too much. */
static const struct domain_row {
    const char *name;
    const char *domain; /* as it stands between the quotes */
    const char *more;   /* repeated behind it */
    size_t times;
    csn_status status;
    bool root;  /* whether `/x` is covered */
    bool first; /* whether `/a` is */
} domains[] = {
    { "F-44 domain empty", "", "", 0, CSN_OK, true, true },
    { "F-44 domain blank", "   ", "", 0, CSN_OK, true, true },
    { "A-58 domain of a lone quote", "\\\"", "", 0, CSN_OK, false, false },
    { "A-58 domain of a lone backslash", "\\\\", "", 0, CSN_OK, false, false },
    { "A-58 domain of commas", "/a,/x", "", 0, CSN_OK, false, false },
    { "H-26 domain of 1,000 URIs", "/a", " /b", 1000, CSN_OK, false, true },
    { "H-26 domain of 10,000 URIs", "/a", " /b", 10000, CSN_E_REFUSED, false,
        false },
    { "H-26 domain of 10,000 URIs elsewhere", "", " //evil", 10000,
        CSN_E_REFUSED, false, false },
};

static void
check_domain(void **state)
{
    const struct domain_row *row = *state;
    size_t size = 200 + strlen(row->domain) + row->times * strlen(row->more);
    char *line = malloc(size);
    size_t len;
    guest g;

    assert_non_null(line);
    len = (size_t)snprintf(line, size, REALM PLAIN ", domain=\"%s",
        row->domain);
    for (size_t i = 0; i < row->times; i++, len += strlen(row->more))
        memcpy(line + len, row->more, strlen(row->more));
    memcpy(line + len, "\"", 2);
    guest_open(&g, CSN_LAYER_ORIGIN);
    CHECK_EQ(row->name, guest_challenge(&g, line), row->status);
    CHECK_EQ(row->name, csn_client_space_covers(&g.space, CSN_SPAN("/x")),
        row->root);
    CHECK_EQ(row->name, csn_client_space_covers(&g.space, CSN_SPAN("/a")),
        row->first);
    /* A request that was challenged is answered wherever it goes. */
    CHECK_EQ(row->name, guest_ask(&g, "GET", "/x"),
        row->status == CSN_OK ? CSN_OK : CSN_E_STATE);
    free(line);
}

int
main(void)
{
#define TEST(name, fn)                                                        \
    {                                                                         \
        name, fn, NULL, NULL, NULL                                            \
    }
    const struct CMUnitTest tests[] = {
        TEST("F-37 a challenge takes nothing along from the realm before",
            check_realm_replaced),
        TEST("H-15 failing random source stops", check_random),
        TEST("H-15 failing random source stops a -sess session",
            check_random_session),
        TEST("C-27 stuck random source repeats no request",
            check_random_stuck),
    };

    return CHECK_ROWS("borders", borders, check_border) +
        CHECK_ROWS("loops", loops, check_loop) +
        CHECK_ROWS("domains", domains, check_domain) +
        cmocka_run_group_tests_name("client state", tests, NULL, NULL);
}
