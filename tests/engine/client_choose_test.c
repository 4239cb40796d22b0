// SPDX-License-Identifier: MIT
#include "check.h"
#include "guest.h"

/*
 * Which of the offered challenges is answered: sections F.4 and C.2. Each row
 * names the nonce of the challenge that must be chosen, or the reason why
 * none is.
 */

enum { MD5 = 1, STEP_DOWN = 2, NO_QOP = 4, INT = 8 }; /* of the policy */

#define DIGEST(nonce) "Digest realm=\"r\", nonce=\"" nonce "\", "
#define SHA256(nonce) DIGEST(nonce) "algorithm=SHA-256, qop=\"auth\""
#define SHA512(nonce) DIGEST(nonce) "algorithm=SHA-512-256, qop=\"auth\""
#define OLD_MD5(nonce) DIGEST(nonce) "algorithm=MD5, qop=\"auth\""
#define SESS(nonce) DIGEST(nonce) "algorithm=SHA-256-sess, qop=\"auth\""
#define INT256(nonce) DIGEST(nonce) "algorithm=SHA-256, qop=\"auth-int\""
#define NO_QOP_MD5(nonce) DIGEST(nonce) "algorithm=MD5"
#define BASIC "Basic realm=\"r\""

#define X64 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X256 X64 X64 X64 X64
#define X512 X256 X256

static const struct choose_row {
    const char *name;
    const char *lines[4];
    unsigned lenient;
    unsigned seen;
    const char *nonce;
    csn_reason why;
    unsigned offers; /* CSN_SEEN bits of this offer */
} choose_rows[] = {
    { "B-11 SHA-256 is answered", { SHA256("1") }, .nonce = "1", .offers = 3 },
    { "B-12 SHA-512-256 is answered", { SHA512("1") }, .nonce = "1",
        .offers = 3 },
    { "B-13 MD5 is not answered", { OLD_MD5("1") },
        .why = CSN_R_NO_ACCEPTABLE },
    { "H-11 MD5 is answered when switched on", { OLD_MD5("1") }, MD5,
        .nonce = "1", .offers = 1 },
    { "H-11 no algorithm is MD5", { DIGEST("1") "qop=\"auth\"" },
        .why = CSN_R_NO_ACCEPTABLE },
    { "H-11 no algorithm is MD5, switched on", { DIGEST("1") "qop=\"auth\"" },
        MD5, .nonce = "1", .offers = 1 },

    { "F-29 the server's order among SHA-2: 512 first",
        { SHA512("1"), SHA256("2") }, .nonce = "1", .offers = 3 },
    { "F-29 the server's order among SHA-2: 256 first",
        { SHA256("1"), SHA512("2") }, .nonce = "1", .offers = 3 },
    { "F-29 the first of equal ones", { SHA256("1"), SHA256("2") },
        .nonce = "1", .offers = 3 },
    { "F-29 MD5 only after SHA-2, wherever it stands",
        { OLD_MD5("1"), SHA256("2") }, MD5, .nonce = "2", .offers = 3 },
    { "F-29 SHA-2 in one line with MD5", { OLD_MD5("1") ", " SHA256("2") },
        MD5, .nonce = "2", .offers = 3 },
    { "F-29 the first MD5", { OLD_MD5("1"), OLD_MD5("2") }, MD5, .nonce = "1",
        .offers = 1 },
    { "F-28 Digest, not Basic", { BASIC, SHA256("1") }, .nonce = "1",
        .offers = 3 },
    { "F-28 Digest behind a scheme with token68",
        { "Negotiate YWJj==, " SHA256("1") }, .nonce = "1", .offers = 3 },
    { "F-28 Digest behind a scheme alone", { "Negotiate", SHA256("1") },
        .nonce = "1", .offers = 3 },
    { "A-07 the scheme's name in any case",
        { "dIGEST realm=\"r\", nonce=\"1\", algorithm=sha-256, qop=auth" },
        .nonce = "1", .offers = 3 },

    { "F-30 an unknown algorithm is ignored",
        { DIGEST("1") "algorithm=SHA-3, qop=\"auth\"", SHA256("2") },
        .nonce = "2", .offers = 3 },
    { "F-30 an unknown algorithm alone",
        { DIGEST("1") "algorithm=SHA-3, qop=\"auth\"" }, MD5,
        .why = CSN_R_NO_ACCEPTABLE },
    { "F-30 an empty algorithm is an unknown one",
        { DIGEST("1") "algorithm=\"\", qop=\"auth\"" }, MD5,
        .why = CSN_R_NO_ACCEPTABLE },
    { "H-11 MD5-sess is not answered",
        { DIGEST("1") "algorithm=MD5-sess, qop=\"auth\"" },
        .why = CSN_R_NO_ACCEPTABLE },
    { "H-11 MD5-sess is answered when switched on",
        { DIGEST("1") "algorithm=MD5-sess, qop=\"auth\"" }, MD5, .nonce = "1",
        .offers = 1 },
    { "F-29 the server's order among SHA-2: -sess first",
        { SESS("1"), SHA512("2") }, .nonce = "1", .offers = 3 },
    { "F-29 the server's order among SHA-2: -sess last",
        { SHA512("1"), SESS("2") }, .nonce = "1", .offers = 3 },
    { "F-29 SHA-512-256-sess",
        { DIGEST("1") "algorithm=SHA-512-256-sess, qop=\"auth\"" },
        .nonce = "1", .offers = 3 },
    { "F-29 MD5-sess only after SHA-2",
        { DIGEST("1") "algorithm=MD5-sess, qop=\"auth\"", SHA256("2") }, MD5,
        .nonce = "2", .offers = 3 },
    { "C-10 -sess without qop is ignored",
        { DIGEST("1") "algorithm=SHA-512-256-sess", SHA256("2") },
        .nonce = "2", .offers = 3 },
    { "C-10 -sess without a known qop is ignored",
        { DIGEST("1") "algorithm=SHA-256-sess, qop=\"auth-x\"" },
        .why = CSN_R_NO_ACCEPTABLE },
    { "C-10 MD5-sess without qop, all leniencies on",
        { DIGEST("1") "algorithm=MD5-sess" }, MD5 | NO_QOP | STEP_DOWN,
        .why = CSN_R_NO_ACCEPTABLE },

    { "F-31 unknown members of qop are dropped",
        { DIGEST("1") "algorithm=SHA-256, qop=\"auth-x, auth\"" },
        .nonce = "1", .offers = 3 },
    { "F-31 a qop without known members",
        { DIGEST("1") "algorithm=SHA-256, qop=\"auth-x\"" },
        .why = CSN_R_NO_ACCEPTABLE },
    { "F-31 a qop without known members never means no qop",
        { DIGEST("1") "algorithm=MD5, qop=\"auth-x\"" }, MD5 | NO_QOP,
        .why = CSN_R_NO_ACCEPTABLE },
    { "F-31 an empty qop never means no qop",
        { DIGEST("1") "algorithm=MD5, qop=\"\"" }, MD5 | NO_QOP,
        .why = CSN_R_NO_ACCEPTABLE },
    { "C-20 auth out of both",
        { DIGEST("1") "algorithm=SHA-256, qop=\"auth-int,auth\"" },
        .nonce = "1", .offers = 3 },
    { "C-20 auth-int alone",
        { DIGEST("1") "algorithm=SHA-256, qop=\"auth-int\"" }, .nonce = "1",
        .offers = 3 },
    { "C-20 auth-int alone is qop enough for MD5",
        { DIGEST("1") "algorithm=MD5, qop=\"auth-int\"", NO_QOP_MD5("2") },
        MD5 | NO_QOP, .nonce = "1", .offers = 1 },
    { "C-20 auth-int asked for, and offered",
        { DIGEST("1") "algorithm=SHA-256, qop=\"auth,auth-int\"" }, INT,
        .nonce = "1", .offers = 3 },
    { "C-20 auth-int asked for, one of two has it",
        { SHA512("1"), INT256("2") }, INT, .nonce = "2", .offers = 3 },
    { "C-20 auth-int asked for, auth alone is offered",
        { SHA256("1"), SHA512("2"), OLD_MD5("3") }, INT | MD5,
        .why = CSN_R_NO_ACCEPTABLE },
    { "C-23 auth-int asked for, no qop is offered", { NO_QOP_MD5("1") },
        INT | MD5 | NO_QOP, .why = CSN_R_NO_ACCEPTABLE },
    { "F-42 auth-int of MD5 alone, where SHA-2 was seen",
        { SHA256("1"), DIGEST("2") "algorithm=MD5, qop=\"auth-int\"" },
        INT | MD5, CSN_SEEN_SHA2, .why = CSN_R_DOWNGRADE },
    { "F-42 MD5-sess where SHA-2 was seen",
        { DIGEST("1") "algorithm=MD5-sess, qop=\"auth\"" }, MD5, CSN_SEEN_SHA2,
        .why = CSN_R_DOWNGRADE },
    { "F-42 SHA-2 with -sess again", { SESS("1") }, MD5, CSN_SEEN_SHA2,
        .nonce = "1", .offers = 3 },

    { "C-23 no qop is refused", { NO_QOP_MD5("1") }, MD5,
        .why = CSN_R_NO_ACCEPTABLE },
    { "C-23 no qop with the legacy switch", { NO_QOP_MD5("1") }, MD5 | NO_QOP,
        .nonce = "1", .offers = 1 },
    { "C-23 the legacy switch does not switch MD5 on", { NO_QOP_MD5("1") },
        NO_QOP, .why = CSN_R_NO_ACCEPTABLE },
    { "C-23 no qop is for MD5 alone", { DIGEST("1") "algorithm=SHA-256" },
        MD5 | NO_QOP, .why = CSN_R_NO_ACCEPTABLE },
    { "C-23 MD5 with qop before MD5 without",
        { NO_QOP_MD5("1"), OLD_MD5("2") }, MD5 | NO_QOP, .nonce = "2",
        .offers = 1 },

    { "F-41 Basic is never answered", { BASIC }, .why = CSN_R_NO_ACCEPTABLE },
    { "F-41 Basic where Digest was seen", { BASIC }, .seen = CSN_SEEN_DIGEST,
        .why = CSN_R_DOWNGRADE },
    { "F-41 Basic beside Digest that does not parse",
        { BASIC, DIGEST("1") "nonce=\"2\"" }, .why = CSN_R_NO_ACCEPTABLE },
    { "F-42 MD5 where SHA-2 was seen", { OLD_MD5("1") }, MD5,
        CSN_SEEN_DIGEST | CSN_SEEN_SHA2, .why = CSN_R_DOWNGRADE },
    { "F-42 told to step down", { OLD_MD5("1") }, MD5 | STEP_DOWN,
        CSN_SEEN_DIGEST | CSN_SEEN_SHA2, .nonce = "1", .offers = 1 },
    { "F-42 no qop where SHA-2 was seen", { NO_QOP_MD5("1") }, MD5 | NO_QOP,
        CSN_SEEN_SHA2, .why = CSN_R_DOWNGRADE },
    { "F-42 SHA-2 again", { OLD_MD5("1"), SHA512("2") }, MD5, CSN_SEEN_SHA2,
        .nonce = "2", .offers = 3 },
    { "F-42 MD5 where Digest was seen", { OLD_MD5("1") }, MD5, CSN_SEEN_DIGEST,
        .nonce = "1", .offers = 1 },
    { "H-12 qop stripped of SHA-2", { DIGEST("1") "algorithm=SHA-256" },
        MD5 | NO_QOP, CSN_SEEN_SHA2, .why = CSN_R_NO_ACCEPTABLE },

    { "F-38 no challenge", { NULL }, .why = CSN_R_NO_CHALLENGE },
    { "F-38 an empty line", { "" }, .why = CSN_R_NO_CHALLENGE },
    { "F-38 a line of commas", { " , ," }, .why = CSN_R_NO_CHALLENGE },
    { "F-38 a challenge that does not parse is one", { "Digest realm=" },
        .why = CSN_R_NO_ACCEPTABLE },

    { "A-40 a malformed challenge is dropped alone",
        { DIGEST("1") "algorithm=SHA-256, qop=", SHA256("2") }, .nonce = "2",
        .offers = 3 },
    { "A-40 a malformed one behind a good one",
        { SHA256("1"), DIGEST("2") "stale" }, .nonce = "1", .offers = 3 },
    { "A-40 behind an open quote the field is lost",
        { SHA256("1"), DIGEST("2") "x=\"", SHA512("3") }, .nonce = "1",
        .offers = 3 },
    { "A-42 a parameter twice",
        { DIGEST("1") "algorithm=SHA-256, qop=\"auth\", realm=\"r\"" },
        .why = CSN_R_NO_ACCEPTABLE },
    { "A-42 a parameter twice, in another case",
        { DIGEST("1") "algorithm=SHA-256, qop=\"auth\", NONCE=\"2\"",
            SHA256("3") },
        .nonce = "3", .offers = 3 },
    { "A-45 an unknown parameter",
        { DIGEST("1") "algorithm=SHA-256, qop=\"auth\", x=\"y\"" },
        .nonce = "1", .offers = 3 },
    { "A-39 a parameter in front of all schemes",
        { "x=y, " SHA256("1"), SHA256("2") }, .nonce = "1", .offers = 3 },

    { "B-04 no realm", { "Digest nonce=\"1\", algorithm=SHA-256, qop=auth" },
        .why = CSN_R_NO_ACCEPTABLE },
    { "an empty realm is one",
        { "Digest realm=\"\", nonce=\"1\", algorithm=SHA-256, qop=auth" },
        .nonce = "1", .offers = 3 },
    { "B-04 no nonce", { "Digest realm=\"r\", algorithm=SHA-256, qop=auth" },
        .why = CSN_R_NO_ACCEPTABLE },
    { "an empty nonce is none", { SHA256("") }, .why = CSN_R_NO_ACCEPTABLE },
    { "scheme name alone", { "Digest" }, .why = CSN_R_NO_ACCEPTABLE },

    { "H-24 a realm too long makes way",
        { "Digest realm=\"" X256
          "x\", nonce=\"1\", algorithm=SHA-256, qop=\"auth\"",
            SHA256("2") },
        .nonce = "2", .offers = 3 },
    { "H-24 a realm as long as may be",
        { "Digest realm=\"" X256
          "\", nonce=\"1\", algorithm=SHA-256, qop=\"auth\"",
            SHA256("2") },
        .nonce = "1", .offers = 3 },
    { "H-24 a nonce too long makes way", { SHA256(X512 "x"), SHA256("2") },
        .nonce = "2", .offers = 3 },
    { "H-24 a nonce as long as may be", { SHA256(X512), SHA256("2") },
        .nonce = X512, .offers = 3 },
    { "H-24 escapes do not count for length",
        { SHA256("\\x\\x" X512), SHA256("\\x" X256 X64 X64 X64) },
        .nonce = "\\x" X256 X64 X64 X64, .offers = 3 },
    { "H-24 an opaque too long makes way",
        { SHA256("1") ", opaque=\"" X512 "x\"", SHA256("2") }, .nonce = "2",
        .offers = 3 },
    { "H-24 an opaque as long as may be",
        { SHA256("1") ", opaque=\"" X512 "\"", SHA256("2") }, .nonce = "1",
        .offers = 3 },
};

static void
check_choose(void **state)
{
    const struct choose_row *row = *state;
    csn_client_policy policy = {
        .version = CSN_CLIENT_POLICY_VERSION,
        .allow_md5 = (row->lenient & MD5) != 0,
        .allow_step_down = (row->lenient & STEP_DOWN) != 0,
        .legacy_no_qop = (row->lenient & NO_QOP) != 0,
        .require_int = (row->lenient & INT) != 0,
    };
    csn_span lines[COUNT_OF(row->lines)];
    csn_client_choice choice = { .offered = 77 };
    csn_reason why = CSN_R_NONE;
    size_t count = 0;

    for (; count < COUNT_OF(lines) && row->lines[count] != NULL; count++)
        lines[count] = check_exact(check_text(row->lines[count]));

    if (row->nonce != NULL) {
        assert_int_equal(csn_client_choose(&policy, row->seen, lines, count,
                             &choice, &why),
            CSN_OK);
        CHECK_SPAN(row->name, choice.challenge.nonce.text,
            check_text(row->nonce));
        CHECK_EQ(row->name, choice.seen, row->offers);
        CHECK_EQ(row->name, why, CSN_R_NONE);
    } else {
        assert_int_equal(csn_client_choose(&policy, row->seen, lines, count,
                             &choice, &why),
            CSN_E_REFUSED);
        CHECK_EQ(row->name, why, row->why);
        CHECK_EQ(row->name, choice.offered, 77);
    }
    while (count-- > 0)
        check_drop(lines[count]);
}

/* A challenge may come in pieces or none of it: each prefix is judged. */
static void
check_prefixes(void **state)
{
    static const char line[] = SHA256("1") ", opaque=\"o\", stale=true";
    const csn_client_policy policy = { .version = CSN_CLIENT_POLICY_VERSION };
    csn_client_choice choice;
    csn_reason why;

    (void)state;
    for (size_t len = 0; len < sizeof(line); len++) {
        csn_span exact = check_exact((csn_span){ (const uint8_t *)line, len });

        if (csn_client_choose(&policy, 0, &exact, 1, &choice, &why) ==
            CSN_OK) {
            CHECK_EQ("whole", choice.challenge.algorithm, CSN_ALG_SHA_256);
            CHECK_EQ("whole", choice.challenge.qops, CSN_QOP_AUTH);
        }
        check_drop(exact);
    }
}

/* H-26: many challenges cost no more than CSN_MAX_CHALLENGES of them. */
static void
check_many(void **state)
{
    static const char one[] = SHA256("1");
    const csn_client_policy policy = { .version = CSN_CLIENT_POLICY_VERSION };
    csn_span lines[200];
    csn_client_choice choice;
    csn_reason why;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(lines); i++)
        lines[i] = check_text(i < 100 ? "Negotiate" : one);
    assert_int_equal(csn_client_choose(&policy, 0, lines, COUNT_OF(lines),
                         &choice, &why),
        CSN_E_REFUSED);
    CHECK_EQ("too many", why, CSN_R_NO_ACCEPTABLE);
    lines[CSN_MAX_CHALLENGES - 1] = check_text(one);
    assert_int_equal(csn_client_choose(&policy, 0, lines, CSN_MAX_CHALLENGES,
                         &choice, &why),
        CSN_OK);
    CHECK_EQ("the last that is looked at", choice.offered, CSN_MAX_CHALLENGES);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        { "A-49 every prefix of a challenge", check_prefixes, NULL, NULL,
            NULL },
        { "H-26 too many challenges", check_many, NULL, NULL, NULL },
    };

    return CHECK_ROWS("client choose", choose_rows, check_choose) +
        cmocka_run_group_tests_name("client choose", tests, NULL, NULL);
}
