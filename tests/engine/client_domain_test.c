// SPDX-License-Identifier: MIT
#include "check.h"
#include "client/client.h"
#include "guest.h"

/* Where credentials go unasked: F-44 to F-48. At https://example.org. */

#define X64 "/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx "
#define X256 X64 X64 X64 X64
#define X1024 X256 X256 X256 X256
#define Y63 "/yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy"
#define Y252 Y63 Y63 Y63 Y63
#define Y1008 Y252 Y252 Y252 Y252

static const struct domain_row {
    const char *name;
    const char *domain; /* NULL: no such parameter */
    const char *path;
    bool covers;
} rows[] = {
    { "F-44 no domain", NULL, "/any/where?x", true },
    { "F-44 no domain, asterisk-form", NULL, "*", true },
    { "F-44 an empty domain", "", "/any", true },
    { "F-44 a domain of blanks", "  ", "/any", true },

    { "F-45 the path itself", "/a", "/a", true },
    { "F-45 below the path", "/a", "/a/b", true },
    { "F-45 the path with a query", "/a", "/a?b=c", true },
    { "F-45 a name that only begins alike", "/a", "/ab", false },
    { "F-45 above the path", "/a/b", "/a", false },
    { "F-45 beside the path", "/a", "/b", false },
    { "F-45 in another case", "/a", "/A", false },
    { "F-45 a path with a slash", "/a/", "/a/b", true },
    { "F-45 without that slash", "/a/", "/a", false },
    { "F-45 all paths", "/", "/a", true },
    { "F-45 the asterisk lies in no path", "/", "*", false },
    { "F-45 a listed query", "/a?x", "/a?x", true },
    { "F-45 a query that begins alike", "/a?x", "/a?xy", false },
    { "F-45 a dot segment leads out", "/a", "/a/../b", false },
    { "F-45 a dot segment at the end", "/a", "/a/..", false },
    { "F-45 one dot", "/a", "/a/./b", false },
    { "F-45 dots in a query lead nowhere", "/a", "/a?/../b", true },
    { "F-45 three dots are a name", "/a", "/a/.../b", true },
    { "F-45 the second of two", "/a /b", "/b/c", true },
    { "F-45 neither of two", "/a /b", "/c", false },
    { "F-45 blanks around", "  /a   /b  ", "/b", true },
    { "A-58 no reference at all", "a", "/a", false },
    { "A-58 a bad one beside a good one", "a /b", "/b", true },
    { "A-58 a fragment is no part of it", "/a#x", "/a/b", true },
    { "A-29 with escapes", "/\\a", "/a", true },
    { "a backslash in the path", "/a\\\\b", "/a", false },

    { "F-45 absolute, this origin", "https://example.org/a", "/a", true },
    { "F-45 absolute, another path", "https://example.org/a", "/b", false },
    { "F-45 absolute, no path", "https://example.org", "/b", true },
    { "F-45 absolute, capitals", "HTTPS://Example.ORG/a", "/a", true },
    { "F-45 absolute, default port", "https://example.org:443/a", "/a", true },
    { "F-45 absolute, empty port", "https://example.org:/a", "/a", true },
    { "F-46 another host", "https://example.com/a", "/a", false },
    { "F-46 a host that begins alike", "https://example.org.evil/a", "/a",
        false },
    { "F-46 another port", "https://example.org:8443/a", "/a", false },
    { "F-46 a port that wraps", "https://example.org:65979/a", "/a", false },
    { "F-46 a port that wraps further", "https://example.org:4294967739/a",
        "/a", false },
    { "F-46 a port that is no number", "https://example.org:44x/a", "/a",
        false },
    { "F-46 a user in the authority", "https://example.org@evil/a", "/a",
        false },
    { "F-46 https to http", "http://example.org/a", "/a", false },
    { "F-46 https to http by its port", "http://example.org:443/a", "/a",
        false },
    { "F-46 another host without a scheme", "//evil/a", "/a", false },
    { "F-46 another host without a scheme, as a path", "//evil/a", "//evil/a",
        false },
    { "F-46 a query behind the authority", "https://example.org?x", "/",
        false },
    { "F-46 scheme alone", "https://", "/", false },
    { "F-46 one origin of several", "https://evil/ https://example.org/a",
        "/a", true },
    { "F-46 brackets that do not end", "https://[example.org/a", "/a", false },

    { "H-26 a list too long: its beginning", "/a " X1024 X1024 "/b", "/a",
        true },
    { "H-26 a list too long: what fits no more", "/a " X1024 X1024 Y63, Y63,
        false },
    { "H-26 a list as long as may be", "/a " X1024 X256 Y63, Y63, true },
    { "H-26 one reference too long", Y1008 Y1008 Y1008 " /b", "/b", true },
};

static void
domain_challenge(const struct domain_row *row, char *challenge, size_t cap)
{
    snprintf(challenge, cap, GUEST_CHALLENGE("n1") "%s%s%s",
        row->domain ? ", domain=\"" : "", row->domain ? row->domain : "",
        row->domain ? "\"" : "");
}

static void
check_domain(void **state)
{
    const struct domain_row *row = *state;
    char challenge[GUEST_TEXT];
    csn_span path = check_exact(check_text(row->path));
    guest g;

    domain_challenge(row, challenge, sizeof(challenge));
    guest_open(&g, CSN_LAYER_ORIGIN);
    CHECK_EQ("no session", csn_client_space_covers(&g.space, path), false);
    assert_int_equal(guest_challenge(&g, challenge), CSN_OK);
    CHECK_EQ(row->name, csn_client_space_covers(&g.space, path), row->covers);

    /* F-47: at a proxy the parameter is ignored. */
    guest_open(&g, CSN_LAYER_PROXY);
    assert_int_equal(guest_challenge(&g, challenge), CSN_OK);
    CHECK_EQ("F-47", csn_client_space_covers(&g.space, path), true);
    check_drop(path);
}

/* At an IPv6 address, whose brackets the key may leave out. */
static void
check_ipv6(void **state)
{
    static const char *const hosts[] = { "2001:db8::1", "[2001:DB8::1]" };
    const csn_span lines[] = {
        CSN_LIT(GUEST_CHALLENGE("n1") ", domain=\"http://[2001:db8::1]/a\""),
        CSN_LIT(
            GUEST_CHALLENGE("n1") ", domain=\"http://[2001:db8::1]:80/a\""),
        CSN_LIT(GUEST_CHALLENGE("n1") ", domain=\"http://[2001:db8::1]x/a\""),
        CSN_LIT(GUEST_CHALLENGE("n1") ", domain=\"http://[2001:db8::2]/a\""),
    };
    guest g;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(hosts) * COUNT_OF(lines); i++) {
        const csn_client_key key = { CSN_LAYER_ORIGIN, CSN_SPAN("http"),
            check_text(hosts[i % 2]), 80, CSN_SPAN("alice") };

        guest_open(&g, CSN_LAYER_ORIGIN);
        assert_int_equal(csn_client_space_init(&g.space, &key), CSN_OK);
        assert_int_equal(csn_client_choose(&g.policy, 0, &lines[i / 2], 1,
                             &g.choice, &g.why),
            CSN_OK);
        assert_int_equal(csn_client_accept(&g.space, &guest_crypto, &g.policy,
                             &g.choice, CSN_SPAN("p")),
            CSN_OK);
        CHECK_EQ("IPv6", csn_client_space_covers(&g.space, CSN_SPAN("/a")),
            i / 2 < 2);
    }
}

/* H-26: the longest reference that is kept, and one octet more. */
static void
check_long(void **state)
{
    char path[CLIENT_MAX_DOMAIN + 1];
    char challenge[GUEST_TEXT];
    guest g;

    (void)state;
    memset(path, 'x', sizeof(path) - 1);
    path[0] = '/';
    path[sizeof(path) - 1] = '\0';
    for (size_t i = 0; i < 2; i++) {
        const char *from = path + i;

        path[i] = '/';
        snprintf(challenge, sizeof(challenge),
            GUEST_CHALLENGE("n1") ", domain=\"%s\"", from);
        guest_open(&g, CSN_LAYER_ORIGIN);
        assert_int_equal(guest_challenge(&g, challenge), CSN_OK);
        CHECK_EQ("long", csn_client_space_covers(&g.space, check_text(from)),
            i == 1);
        CHECK_EQ("else", csn_client_space_covers(&g.space, CSN_SPAN("/x")),
            false);
    }
}

/* F-48: inside the space the next request is answered unasked. */
static void
check_unasked(void **state)
{
    char value[GUEST_VALUE];
    guest g;

    (void)state;
    guest_ready(&g, CSN_LAYER_ORIGIN);
    assert_true(csn_client_space_is_ready(&g.space));
    assert_true(csn_client_space_covers(&g.space, CSN_SPAN("/b")));
    assert_int_equal(guest_ask(&g, "GET", "/b"), CSN_OK);
    assert_string_equal(guest_param(g.line, "nonce", value), "n1");
    assert_string_equal(guest_param(g.line, "nc", value), "00000002");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        { "F-45 F-46 at an IPv6 address", check_ipv6, NULL, NULL, NULL },
        { "H-26 a long reference", check_long, NULL, NULL, NULL },
        { "F-48 an answer unasked", check_unasked, NULL, NULL, NULL },
    };

    return CHECK_ROWS("client domain", rows, check_domain) +
        cmocka_run_group_tests_name("client domain", tests, NULL, NULL);
}
