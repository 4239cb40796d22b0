// SPDX-License-Identifier: MIT
#include "check.h"
#include "guest.h"

/*
 * Challenges that somebody else had his hands on: parameters missing,
 * malformed Digest beside another scheme, challenges mixed up, domains that
 * are none, and servers that challenge without end.
 */

/* Broken in one place; each alone and beside a scheme that could be answered
 * with less. */
static const struct broken_row {
    const char *name;
    const char *digest;
} broken_rows[] = {
    { "A-40 malformed Digest: a lone quote",
        "Digest realm=\"r, nonce=\"n1\", algorithm=SHA-256, qop=\"auth\"" },
    { "A-40 malformed Digest: no equals sign",
        "Digest realm, nonce=\"n1\", algorithm=SHA-256, qop=\"auth\"" },
    { "A-40 malformed Digest: no value",
        "Digest realm=, nonce=\"n1\", algorithm=SHA-256, qop=\"auth\"" },
    { "A-42 malformed Digest: a parameter twice",
        "Digest realm=\"r\", nonce=\"n1\", nonce=\"n1\", algorithm=SHA-256, "
        "qop=\"auth\"" },
    { "A-20 malformed Digest: a control octet",
        "Digest realm=\"r\x01\", nonce=\"n1\", algorithm=SHA-256, "
        "qop=\"auth\"" },
    { "A-40 malformed Digest: token68", "Digest YWxpY2U6c2VjcmV0" },
    { "A-40 malformed Digest: nothing but the name", "Digest" },
    { "F-30 unusable Digest: an unknown algorithm",
        "Digest realm=\"r\", nonce=\"n1\", algorithm=SHA-3, qop=\"auth\"" },
    { "F-31 unusable Digest: an unknown qop",
        "Digest realm=\"r\", nonce=\"n1\", algorithm=SHA-256, qop=\"none\"" },
    { "C-10 unusable Digest: -sess without qop",
        "Digest realm=\"r\", nonce=\"n1\", algorithm=SHA-256-sess" },
    { "H-11 unusable Digest: MD5 alone",
        "Digest realm=\"r\", nonce=\"n1\", algorithm=MD5, qop=\"auth\"" },
    { "B-04 unusable Digest: no nonce",
        "Digest realm=\"r\", algorithm=SHA-256, qop=\"auth\"" },
};

/* Whatever stands beside it, in whatever order, and whatever was seen. */
static void
check_broken(void **state)
{
    static const char *const others[] = { "Basic realm=\"r\"",
        "Bearer realm=\"r\"", "NTLM", "Negotiate", "x" };
    const struct broken_row *row = *state;

    for (size_t i = 0; i < 4 * COUNT_OF(others); i++) {
        const char *other = others[i / 4];
        csn_span lines[2] = { check_exact(check_text(row->digest)),
            check_exact(check_text(other)) };
        csn_span turned[2] = { lines[1], lines[0] };
        csn_client_choice choice = { .offered = 77 };
        guest g;

        guest_open(&g, CSN_LAYER_ORIGIN);
        CHECK_EQ(row->name,
            csn_client_choose(&g.policy, i & 2 ? CSN_SEEN_DIGEST : 0,
                i & 1 ? turned : lines, 2, &choice, &g.why),
            CSN_E_REFUSED);
        CHECK_EQ(row->name, g.why, CSN_R_NO_ACCEPTABLE);
        CHECK_EQ(row->name, choice.offered, 77);
        check_drop(lines[0]);
        check_drop(lines[1]);
    }
}

/* The parameters of a challenge; which of them are there is a bit set. */
static const char *const params[] = { "realm=\"r\"", "nonce=\"n1\"",
    "algorithm=SHA-256-sess", "qop=\"auth, auth-int\"", "opaque=\"o\"",
    "domain=\"/a /b\"", "stale=true", "charset=UTF-8", "userhash=true" };

enum {
    REALM = 1,
    NONCE = 2,
    ALGORITHM = 4,
    QOP = 8,
    OPAQUE = 16,
    USERHASH = 256
};

static void
write_subset(unsigned subset, char out[GUEST_TEXT])
{
    size_t len = (size_t)snprintf(out, GUEST_TEXT, "Digest ");
    const char *comma = "";

    for (size_t i = 0; i < COUNT_OF(params); i++)
        if ((subset & 1u << i) != 0) {
            len += (size_t)snprintf(out + len, GUEST_TEXT - len, "%s%s", comma,
                params[i]);
            comma = ", ";
        }
}

/* Without algorithm it is MD5; the form without qop is MD5's alone. */
static bool
is_answered(unsigned subset, bool md5, bool no_qop)
{
    bool has_qop = (subset & QOP) != 0;

    if ((subset & REALM) == 0 || (subset & NONCE) == 0)
        return false;
    if ((subset & ALGORITHM) != 0)
        return has_qop;
    return md5 && (has_qop || no_qop);
}

/* What goes out says what came in, and nothing that did not. */
static void
check_answer(const guest *g, unsigned subset)
{
    char value[GUEST_VALUE];
    char hex[65];

    CHECK_EQ("opaque", guest_has(g->line, "opaque"), (subset & OPAQUE) != 0);
    CHECK_EQ("userhash", guest_has(g->line, "userhash"),
        (subset & USERHASH) != 0);
    CHECK_EQ("algorithm", guest_has(g->line, "algorithm"),
        (subset & ALGORITHM) != 0);
    CHECK_EQ("qop", guest_has(g->line, "qop"), (subset & QOP) != 0);
    CHECK_EQ("nc", guest_has(g->line, "nc"), (subset & QOP) != 0);
    CHECK_EQ("cnonce", guest_has(g->line, "cnonce"), (subset & QOP) != 0);
    assert_string_equal(guest_param(g->line, "realm", value), "r");
    assert_string_equal(guest_param(g->line, "nonce", value), "n1");
    guest_sum_hex(&(guest_sum){ .line = g->line,
                      .user = GUEST_USER,
                      .password = GUEST_PASSWORD,
                      .method = "POST",
                      .content = "body" },
        hex);
    assert_string_equal(guest_param(g->line, "response", value), hex);
}

static void
check_subsets(void **state)
{
    char line[GUEST_TEXT];
    size_t answered = 0;

    (void)state;
    for (unsigned i = 0; i < 4u << COUNT_OF(params); i++) {
        unsigned subset = i >> 2;
        bool want = is_answered(subset, i & 1, i & 2);
        guest g;

        guest_open(&g, CSN_LAYER_ORIGIN);
        g.policy.allow_md5 = (i & 1) != 0;
        g.policy.legacy_no_qop = (i & 2) != 0;
        write_subset(subset, line);
        CHECK_EQ(line, guest_challenge(&g, line),
            want ? CSN_OK : CSN_E_REFUSED);
        CHECK_EQ(line, csn_client_space_is_ready(&g.space), want);
        CHECK_EQ(line, guest_ask_int(&g, "POST", "/a", "body"),
            want ? CSN_OK : CSN_E_STATE);
        if (!want) {
            CHECK_EQ(line, g.why, CSN_R_NO_ACCEPTABLE);
            continue;
        }
        check_answer(&g, subset);
        answered++;
    }
    /* (4 policies x -sess with qop + 2 x MD5 with qop + 1 x MD5 without) x
     * 32 subsets of the rest. */
    CHECK_EQ("answered", answered, (4 + 2 + 1) * 32);
}

/* Five challenges, all different; what must be chosen with MD5 allowed. */
static const struct offer {
    const char *text;
    const char *algorithm; /* NULL: not said */
    const char *nonce;
    const char *opaque;
    const char *realm;
    unsigned rank; /* 0: never */
} offers[] = {
    { "Digest realm=\"a\", nonce=\"n1\", opaque=\"o1\", algorithm=MD5, "
      "qop=\"auth\"",
        "MD5", "n1", "o1", "a", 1 },
    { "Digest realm=\"b\", nonce=\"n2\", opaque=\"o2\", algorithm=SHA-256, "
      "qop=\"auth\"",
        "SHA-256", "n2", "o2", "b", 2 },
    { "Digest realm=\"c\", nonce=\"n3\", opaque=\"o3\", "
      "algorithm=SHA-512-256-sess, qop=\"auth, auth-int\"",
        "SHA-512-256-sess", "n3", "o3", "c", 2 },
    { "Digest realm=\"d\", nonce=\"n4\", opaque=\"o4\", algorithm=SHA-3, "
      "qop=\"auth\"",
        "SHA-3", "n4", "o4", "d", 0 },
    { "Digest realm=\"e\", nonce=\"n5\", opaque=\"o5\", algorithm=SHA-256",
        "SHA-256", "n5", "o5", "e", 0 },
};

/* The first of the highest rank, in this order of the first `count`. */
static const struct offer *
strongest(const size_t *order, size_t count)
{
    const struct offer *best = NULL;

    for (size_t i = 0; i < count; i++) {
        const struct offer *it = &offers[order[i]];

        if (it->rank > (best != NULL ? best->rank : 0))
            best = it;
    }
    return best;
}

static void
check_mixed(const size_t *order, size_t count, bool one_line)
{
    const struct offer *want = strongest(order, count);
    char text[GUEST_TEXT] = "";
    char value[GUEST_VALUE];
    csn_span lines[COUNT_OF(offers)];
    guest g;

    guest_open(&g, CSN_LAYER_ORIGIN);
    g.policy.allow_md5 = true;
    for (size_t i = 0; i < count; i++) {
        lines[i] = check_text(offers[order[i]].text);
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s",
            i ? ", " : "", offers[order[i]].text);
    }
    if (one_line)
        lines[0] = check_text(text);
    CHECK_EQ(text,
        csn_client_choose(&g.policy, 0, lines, one_line ? 1 : count, &g.choice,
            &g.why),
        want != NULL ? CSN_OK : CSN_E_REFUSED);
    if (want == NULL)
        return;
    assert_int_equal(csn_client_accept(&g.space, &guest_crypto, &g.policy,
                         &g.choice, CSN_SPAN(GUEST_PASSWORD)),
        CSN_OK);
    assert_int_equal(guest_ask_int(&g, "POST", "/a", "body"), CSN_OK);
    assert_string_equal(guest_param(g.line, "algorithm", value),
        want->algorithm);
    assert_string_equal(guest_param(g.line, "nonce", value), want->nonce);
    assert_string_equal(guest_param(g.line, "opaque", value), want->opaque);
    assert_string_equal(guest_param(g.line, "realm", value), want->realm);
}

/* Every order of every number of them. */
static void
check_orders(void **state)
{
    size_t orders = 0;

    (void)state;
    for (size_t n = 0; n < 5 * 5 * 5 * 5 * 5; n++) {
        size_t order[COUNT_OF(offers)];
        unsigned used = 0;
        size_t left = n;

        for (size_t i = 0; i < COUNT_OF(order); i++, left /= 5) {
            order[i] = left % 5;
            used |= 1u << order[i];
        }
        if (used != 31)
            continue;
        orders++;
        for (size_t count = 1; count <= COUNT_OF(order); count++) {
            check_mixed(order, count, false);
            check_mixed(order, count, true);
        }
    }
    CHECK_EQ("orders", orders, 120);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        { "C-23 F-32 C-34 a challenge with any parameter missing",
            check_subsets, NULL, NULL, NULL },
        { "F-29 F-32 the strongest, and nothing of another challenge",
            check_orders, NULL, NULL, NULL },
    };

    return CHECK_ROWS("malformed Digest", broken_rows, check_broken) +
        cmocka_run_group_tests_name("challenges", tests, NULL, NULL);
}
