// SPDX-License-Identifier: MIT
#include "check.h"
#include "guest.h"

/*
 * Whether a challenge is answered: F-33 to F-37. The request before carried
 * credentials for realm "test@example.org" and SHA-256, or none.
 */

#define AGAIN(more)                                                           \
    "Digest realm=\"test@example.org\", nonce=\"n2\", qop=\"auth\", " more
#define SAME "algorithm=SHA-256"

static const struct decide_row {
    const char *name;
    const char *line;
    bool sent;
    unsigned retries;
    unsigned retry_max;
    csn_reason why;
} rows[] = {
    { "a first challenge", AGAIN(SAME), false, 0, 0, CSN_R_NONE },
    { "F-33 stale, credentials sent", AGAIN(SAME ", stale=true"), true, 1, 0,
        CSN_R_NONE },
    { "F-33 stale in any case", AGAIN(SAME ", stale=TRUE"), true, 1, 0,
        CSN_R_NONE },
    { "F-33 stale quoted", AGAIN(SAME ", stale=\"true\""), true, 1, 0,
        CSN_R_NONE },
    { "F-34 not stale, credentials sent", AGAIN(SAME), true, 0, 0,
        CSN_R_CREDENTIALS_REFUSED },
    { "F-34 stale=false, credentials sent", AGAIN(SAME ", stale=false"), true,
        0, 0, CSN_R_CREDENTIALS_REFUSED },
    { "F-34 stale=1 is not true", AGAIN(SAME ", stale=1"), true, 0, 0,
        CSN_R_CREDENTIALS_REFUSED },
    { "F-35 stale without credentials is a first challenge",
        AGAIN(SAME ", stale=true"), false, 0, 0, CSN_R_NONE },
    { "F-35 stale under another algorithm",
        AGAIN("algorithm=SHA-512-256, stale=true"), true, 0, 0,
        CSN_R_CREDENTIALS_REFUSED },
    { "F-35 stale under the -sess of that algorithm",
        AGAIN("algorithm=SHA-256-sess, stale=true"), true, 0, 0,
        CSN_R_CREDENTIALS_REFUSED },
    { "F-35 stale for another realm is a first challenge there",
        "Digest realm=\"other\", nonce=\"n2\", qop=\"auth\", " SAME
        ", stale=true",
        true, 0, 0, CSN_R_NONE },
    { "F-43 another realm was not answered yet",
        "Digest realm=\"other\", nonce=\"n2\", qop=\"auth\", " SAME, true, 0,
        0, CSN_R_NONE },
    { "A-61 the realm in another case is another",
        "Digest realm=\"Test@example.org\", nonce=\"n2\", qop=\"auth\", " SAME,
        true, 0, 0, CSN_R_NONE },
    { "A-29 the realm with escapes is the same",
        "Digest realm=\"test\\@example.org\", nonce=\"n2\", "
        "qop=\"auth\", " SAME,
        true, 0, 0, CSN_R_CREDENTIALS_REFUSED },
    { "F-36 two repeats by default", AGAIN(SAME ", stale=true"), true, 2, 0,
        CSN_R_RETRIES_USED },
    { "F-36 a first challenge after two repeats", AGAIN(SAME), false, 2, 0,
        CSN_R_RETRIES_USED },
    { "F-36 another realm after two repeats",
        "Digest realm=\"other\", nonce=\"n2\", qop=\"auth\", " SAME, true, 2,
        0, CSN_R_RETRIES_USED },
    { "F-36 one repeat as configured", AGAIN(SAME), false, 1, 1,
        CSN_R_RETRIES_USED },
    { "F-36 below one repeat as configured", AGAIN(SAME), false, 0, 1,
        CSN_R_NONE },
    { "F-36 five repeats as configured", AGAIN(SAME ", stale=true"), true, 4,
        5, CSN_R_NONE },
};

static void
check_decide(void **state)
{
    const struct decide_row *row = *state;
    csn_span line = check_exact(check_text(row->line));
    csn_client_choice choice;
    csn_reason why = CSN_R_NONE;
    guest g;

    guest_ready(&g, CSN_LAYER_ORIGIN);
    g.policy.retry_max = row->retry_max;
    assert_int_equal(csn_client_choose(&g.policy, 0, &line, 1, &choice, &why),
        CSN_OK);
    CHECK_EQ(row->name,
        csn_client_decide(&g.policy, row->sent ? &g.attempt : NULL,
            row->retries, &choice, &why),
        row->why == CSN_R_NONE ? CSN_OK : CSN_E_REFUSED);
    CHECK_EQ(row->name, why, row->why);
    check_drop(line);
}

/* F-33, F-37: the retry carries everything of the new challenge. */
static void
check_retry(void **state)
{
    char value[GUEST_VALUE];
    guest g;

    (void)state;
    guest_ready(&g, CSN_LAYER_ORIGIN);
    assert_int_equal(guest_ask(&g, "GET", "/a"), CSN_OK);
    assert_string_equal(guest_param(g.line, "nc", value), "00000002");

    assert_int_equal(guest_challenge(&g, AGAIN(SAME ", stale=true")), CSN_OK);
    assert_int_equal(guest_ask(&g, "GET", "/a"), CSN_OK);
    assert_string_equal(guest_param(g.line, "nonce", value), "n2");
    assert_string_equal(guest_param(g.line, "nc", value), "00000001");
    assert_null(strstr(g.line, "opaque"));
}

/* F-37: a challenge that cannot be kept leaves no session of any kind. */
static void
check_failed_accept(void **state)
{
    const csn_span line = CSN_SPAN(AGAIN(SAME));
    guest g;

    (void)state;
    guest_ready(&g, CSN_LAYER_ORIGIN);
    assert_int_equal(
        csn_client_choose(&g.policy, 0, &line, 1, &g.choice, &g.why), CSN_OK);
    assert_int_equal(csn_client_accept(&g.space, &guest_crypto, &g.policy,
                         &g.choice, CSN_SPAN("p\n")),
        CSN_E_SYNTAX);
    assert_false(csn_client_space_is_ready(&g.space));
    assert_int_equal(guest_ask(&g, "GET", "/a"), CSN_E_STATE);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        { "F-37 the session is replaced as a whole", check_retry, NULL, NULL,
            NULL },
        { "C-39 a password with a control octet, and no session left",
            check_failed_accept, NULL, NULL, NULL },
    };

    return CHECK_ROWS("client decide", rows, check_decide) +
        cmocka_run_group_tests_name("client decide", tests, NULL, NULL);
}
