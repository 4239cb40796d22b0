// SPDX-License-Identifier: MIT
#include "check.h"
#include "guest.h"

/*
 * The require matrix: what a server or whoever sits before it can make of the
 * proof, times what was sent, times the client's policy. Each row says what
 * the client must find out, and for which policies the response may pass.
 */

enum kind { AUTH, INT, SESS, SESS_INT, NO_QOP, KINDS };

enum answer {
    RIGHT,
    WRONG,        /* one digit of rspauth changed */
    OTHER_SECRET, /* whole, by somebody with another password */
    REFLECTED,    /* our own response as rspauth */
    MISSING,      /* no field */
    STRIPPED,     /* rspauth cut out of the field */
    BARE,         /* all but nextnonce cut out */
    QOP_STRIPPED, /* the qop cut out, the rest right */
    LESS,         /* auth in answer to auth-int, right for that */
    MORE,         /* auth-int in answer to auth, right for that */
    MALFORMED,    /* a parameter twice */
    CUT_OFF       /* right, but the content did not come whole */
};

#define REALM "Digest realm=\"r\", nonce=\"n1\", "
#define ANSWER "{\"ok\":true}\n"

static const struct {
    const char *challenge;
    const char *content; /* of the request, NULL: not known */
} kinds[KINDS] = {
    [AUTH] = { REALM "algorithm=SHA-256, qop=\"auth\"", NULL },
    [INT] = { REALM "algorithm=SHA-256, qop=\"auth-int\"", "body" },
    [SESS] = { REALM "algorithm=SHA-512-256-sess, qop=\"auth\"", NULL },
    [SESS_INT] = { REALM "algorithm=SHA-256-sess, qop=\"auth, auth-int\"",
        "body" },
    [NO_QOP] = { REALM "algorithm=MD5", NULL },
};

/*
 * `passes`: under require; under expect, from a space that never proved
 * itself; under expect, from one that did; with the proof switched off.
 */
static const struct require_row {
    const char *name;
    enum kind kind;
    enum answer answer;
    csn_proof proof;
    csn_reason reason;
    const char *passes;
} rows[] = {
#define PROVED CSN_PROOF_PROVED, CSN_R_NONE, "yyyy"
#define MISMATCH(reason) CSN_PROOF_MISMATCH, reason, "nnny"
#define ABSENT(reason) CSN_PROOF_ABSENT, reason, "nyny"
#define UNUSABLE CSN_PROOF_UNUSABLE, CSN_R_INFO_MALFORMED, "nnny"
    { "F-19 auth, right", AUTH, RIGHT, PROVED },
    { "F-19 auth, wrong", AUTH, WRONG, MISMATCH(CSN_R_RSPAUTH_WRONG) },
    { "F-19 auth, another secret", AUTH, OTHER_SECRET,
        MISMATCH(CSN_R_RSPAUTH_WRONG) },
    { "F-17 auth, reflected", AUTH, REFLECTED, MISMATCH(CSN_R_RSPAUTH_WRONG) },
    { "F-21 auth, missing", AUTH, MISSING, ABSENT(CSN_R_NO_INFO) },
    { "F-18 auth, stripped", AUTH, STRIPPED, MISMATCH(CSN_R_INFO_INCOMPLETE) },
    { "F-21 auth, stripped to its nextnonce", AUTH, BARE,
        ABSENT(CSN_R_NO_RSPAUTH) },
    { "F-18 auth, stripped of its qop", AUTH, QOP_STRIPPED, PROVED },
    { "F-18 auth, answered with auth-int", AUTH, MORE,
        MISMATCH(CSN_R_QOP_WRONG) },
    { "A-44 auth, unverifiable: malformed", AUTH, MALFORMED, UNUSABLE },
    { "F-26 auth, content cut off: not its matter", AUTH, CUT_OFF, PROVED },

    { "F-24 auth-int, right", INT, RIGHT, PROVED },
    { "F-19 auth-int, wrong", INT, WRONG, MISMATCH(CSN_R_RSPAUTH_WRONG) },
    { "F-19 auth-int, another secret", INT, OTHER_SECRET,
        MISMATCH(CSN_R_RSPAUTH_WRONG) },
    { "F-17 auth-int, reflected", INT, REFLECTED,
        MISMATCH(CSN_R_RSPAUTH_WRONG) },
    { "F-21 auth-int, missing", INT, MISSING, ABSENT(CSN_R_NO_INFO) },
    { "F-18 auth-int, stripped", INT, STRIPPED,
        MISMATCH(CSN_R_INFO_INCOMPLETE) },
    { "F-21 auth-int, stripped to its nextnonce", INT, BARE,
        ABSENT(CSN_R_NO_RSPAUTH) },
    { "F-18 auth-int, stripped of its qop", INT, QOP_STRIPPED, PROVED },
    { "F-25 auth-int, answered with auth", INT, LESS,
        ABSENT(CSN_R_CONTENT_UNPROVED) },
    { "A-44 auth-int, unverifiable: malformed", INT, MALFORMED, UNUSABLE },
    { "F-24 auth-int, unverifiable: content cut off", INT, CUT_OFF,
        ABSENT(CSN_R_CONTENT_INCOMPLETE) },

    { "F-19 -sess, right", SESS, RIGHT, PROVED },
    { "F-19 -sess, wrong", SESS, WRONG, MISMATCH(CSN_R_RSPAUTH_WRONG) },
    { "F-19 -sess, another secret", SESS, OTHER_SECRET,
        MISMATCH(CSN_R_RSPAUTH_WRONG) },
    { "F-17 -sess, reflected", SESS, REFLECTED,
        MISMATCH(CSN_R_RSPAUTH_WRONG) },
    { "F-21 -sess, missing", SESS, MISSING, ABSENT(CSN_R_NO_INFO) },
    { "F-18 -sess, stripped", SESS, STRIPPED,
        MISMATCH(CSN_R_INFO_INCOMPLETE) },
    { "F-21 -sess, stripped to its nextnonce", SESS, BARE,
        ABSENT(CSN_R_NO_RSPAUTH) },
    { "F-18 -sess, answered with auth-int", SESS, MORE,
        MISMATCH(CSN_R_QOP_WRONG) },
    { "A-44 -sess, unverifiable: malformed", SESS, MALFORMED, UNUSABLE },

    { "F-24 -sess with auth-int, right", SESS_INT, RIGHT, PROVED },
    { "F-19 -sess with auth-int, wrong", SESS_INT, WRONG,
        MISMATCH(CSN_R_RSPAUTH_WRONG) },
    { "F-19 -sess with auth-int, another secret", SESS_INT, OTHER_SECRET,
        MISMATCH(CSN_R_RSPAUTH_WRONG) },
    { "F-21 -sess with auth-int, missing", SESS_INT, MISSING,
        ABSENT(CSN_R_NO_INFO) },
    { "F-18 -sess with auth-int, stripped", SESS_INT, STRIPPED,
        MISMATCH(CSN_R_INFO_INCOMPLETE) },
    { "F-25 -sess with auth-int, answered with auth", SESS_INT, LESS,
        ABSENT(CSN_R_CONTENT_UNPROVED) },
    { "A-44 -sess with auth-int, unverifiable: malformed", SESS_INT, MALFORMED,
        UNUSABLE },
    { "F-24 -sess with auth-int, unverifiable: content cut off", SESS_INT,
        CUT_OFF, ABSENT(CSN_R_CONTENT_INCOMPLETE) },

    { "F-23 no qop, right: proves nothing", NO_QOP, RIGHT,
        ABSENT(CSN_R_NO_QOP) },
    { "F-23 no qop, wrong", NO_QOP, WRONG, ABSENT(CSN_R_NO_QOP) },
    { "F-23 no qop, another secret", NO_QOP, OTHER_SECRET,
        ABSENT(CSN_R_NO_QOP) },
    { "F-23 no qop, missing", NO_QOP, MISSING, ABSENT(CSN_R_NO_QOP) },
    { "F-23 no qop, stripped to its nextnonce", NO_QOP, BARE,
        ABSENT(CSN_R_NO_QOP) },
    { "F-23 no qop, answered with auth", NO_QOP, LESS, ABSENT(CSN_R_NO_QOP) },
    { "A-44 no qop, unverifiable: malformed", NO_QOP, MALFORMED, UNUSABLE },
};

static void
sum_hex(const guest *g, enum kind kind, enum answer answer, char hex[65])
{
    guest_sum sum = { .line = g->line,
        .password = answer == OTHER_SECRET ? "guess" : GUEST_PASSWORD,
        .method = answer == REFLECTED ? "POST" : "",
        .content = answer == REFLECTED ? kinds[kind].content : ANSWER };

    if (answer == LESS && kind != NO_QOP)
        sum.qop = "auth";
    if (answer == MORE)
        sum.qop = "auth-int";
    guest_sum_hex(&sum, hex);
    if (answer == WRONG)
        hex[5] = hex[5] == '0' ? '1' : '0';
}

/* The field of an answer; NULL for none. */
static const char *
field_of(const guest *g, enum kind kind, enum answer answer, char *out)
{
    bool is_int = kind == INT || kind == SESS_INT;
    const char *qop = (is_int || answer == MORE) && answer != LESS ? "auth-int"
                                                                   : "auth";
    const char *rest = "cnonce=\"" GUEST_CNONCE "\", nc=00000001";
    char hex[65];

    if (answer == MISSING)
        return NULL;
    if (answer == BARE)
        return "nextnonce=\"n2\"";
    if (answer == STRIPPED) {
        snprintf(out, GUEST_TEXT, "nextnonce=\"n2\", qop=%s, %s", qop, rest);
        return out;
    }
    sum_hex(g, kind, answer, hex);
    if (answer == QOP_STRIPPED || (kind == NO_QOP && answer != LESS))
        snprintf(out, GUEST_TEXT, "nextnonce=\"n2\", rspauth=\"%s\"%s", hex,
            answer == MALFORMED ? ", rspauth=\"\"" : "");
    else
        snprintf(out, GUEST_TEXT,
            "nextnonce=\"n2\", qop=%s, rspauth=\"%s\", %s%s", qop, hex, rest,
            answer == MALFORMED ? ", nc=00000001" : "");
    return out;
}

static void
begin(guest *g, csn_layer layer, const struct require_row *row)
{
    guest_open(g, layer);
    g->policy.allow_md5 = row->kind == NO_QOP;
    g->policy.legacy_no_qop = row->kind == NO_QOP;
    assert_int_equal(guest_challenge(g, kinds[row->kind].challenge), CSN_OK);
    assert_int_equal(kinds[row->kind].content
            ? guest_ask_int(g, "POST", "/a", kinds[row->kind].content)
            : guest_ask(g, "POST", "/a"),
        CSN_OK);
}

/* Whether the session may go on to the nextnonce in the field. */
static bool
adopts(const struct require_row *row, csn_proof_policy policy, bool seen)
{
    if (row->answer == MISSING)
        return false;
    if (row->proof == CSN_PROOF_PROVED ||
        row->reason == CSN_R_CONTENT_UNPROVED)
        return true;
    return row->answer == BARE && policy != CSN_PROOF_REQUIRE && !seen;
}

static void
check_one(const struct require_row *row, csn_layer layer, unsigned status,
    size_t column)
{
    static const csn_proof_policy policies[] = { CSN_PROOF_REQUIRE,
        CSN_PROOF_EXPECT, CSN_PROOF_EXPECT, CSN_PROOF_OFF };
    bool fails = row->proof == CSN_PROOF_MISMATCH ||
        row->proof == CSN_PROOF_UNUSABLE;
    bool missed = column == 2 && row->proof == CSN_PROOF_ABSENT;
    char field[GUEST_TEXT];
    guest g;

    begin(&g, layer, row);
    g.policy.proof = policies[column];
    if (column == 2)
        csn_client_space_remember(&g.space, CSN_SEEN_PROOF);
    guest_hear_int(&g, status, field_of(&g, row->kind, row->answer, field),
        "/a", row->answer == CUT_OFF ? NULL : ANSWER);
    CHECK_EQ(row->name, g.result.proof, row->proof);
    CHECK_EQ(row->name, g.result.reason,
        missed ? CSN_R_PROOF_MISSED : row->reason);
    CHECK_EQ(row->name, g.result.deliver, row->passes[column] == 'y');
    CHECK_EQ(row->name, g.result.dropped, fails);
    CHECK_EQ(row->name, csn_client_space_is_ready(&g.space), !fails);
    CHECK_EQ(row->name, g.result.nextnonce,
        adopts(row, policies[column], column == 2));
    CHECK_EQ(row->name,
        (csn_client_space_seen(&g.space) & CSN_SEEN_PROOF) != 0,
        column == 2 || row->proof == CSN_PROOF_PROVED);
}

/* On every kind of status, errors and redirects included, at both layers. */
static void
check_row(void **state)
{
    static const unsigned statuses[] = { 200, 206, 304, 307, 403, 500 };

    for (size_t column = 0; column < 4; column++)
        for (size_t i = 0; i < COUNT_OF(statuses); i++) {
            check_one(*state, CSN_LAYER_ORIGIN, statuses[i], column);
            check_one(*state, CSN_LAYER_PROXY, statuses[i], column);
        }
}

int
main(void)
{
    return CHECK_ROWS("the require matrix", rows, check_row);
}
