// SPDX-License-Identifier: MIT
#include "check.h"
#include "client/client.h"
#include "guest.h"

/*
 * One Info field per row, and what it proves: the table in client.h. The
 * request carried count 000000ac. In the fields {r} stands for the right
 * rspauth, {R} for it in capitals, {s} for the response that was sent, {m}
 * for an rspauth of MD5's length, {c} for the cnonce.
 */

#define RIGHT "qop=auth, rspauth=\"{r}\", cnonce=\"{c}\", nc=000000ac"
#define ZERO8 "00000000"
#define ZERO64 ZERO8 ZERO8 ZERO8 ZERO8 ZERO8 ZERO8 ZERO8 ZERO8
#define X64 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X256 X64 X64 X64 X64

static const struct info_row {
    const char *name;
    const char *header;
    const char *trailer;
    csn_proof proof;
    csn_reason reason;
    bool legacy; /* the exchange was without qop */
} rows[] = {
    { "F-17 right", RIGHT, NULL, .proof = CSN_PROOF_PROVED },
    { "F-17 rspauth in capitals",
        "qop=auth, rspauth=\"{R}\", cnonce=\"{c}\", nc=000000ac", NULL,
        .proof = CSN_PROOF_PROVED },
    { "F-18 nc by value, in capitals",
        "qop=auth, rspauth=\"{r}\", cnonce=\"{c}\", nc=000000AC", NULL,
        .proof = CSN_PROOF_PROVED },
    { "F-08 qop and nc quoted",
        "qop=\"auth\", rspauth=\"{r}\", cnonce=\"{c}\", nc=\"000000ac\"", NULL,
        .proof = CSN_PROOF_PROVED },
    { "A-12 all as tokens", "qop=auth, rspauth={r}, cnonce={c}, nc=000000ac",
        NULL, .proof = CSN_PROOF_PROVED },
    { "A-13 with escapes",
        "qop=\"\\a\\uth\", rspauth=\"\\{r}\", cnonce=\"\\{c}\", "
        "nc=\"000000\\ac\"",
        NULL, .proof = CSN_PROOF_PROVED },
    { "A-08 names in capitals",
        "QOP=auth, RSPAUTH=\"{r}\", CNONCE=\"{c}\", NC=000000ac", NULL,
        .proof = CSN_PROOF_PROVED },
    { "A-45 with an unknown name", RIGHT ", x=\"y\"", NULL,
        .proof = CSN_PROOF_PROVED },
    { "A-09 with empty elements", ", ," RIGHT " ,,", NULL,
        .proof = CSN_PROOF_PROVED },
    { "F-13 with an empty nextnonce", RIGHT ", nextnonce=\"\"", NULL,
        .proof = CSN_PROOF_PROVED },
    { "F-17 rspauth alone: it covers the others", "rspauth=\"{r}\"", NULL,
        .proof = CSN_PROOF_PROVED },
    { "F-17 rspauth with cnonce and nc, no qop",
        "rspauth=\"{r}\", cnonce=\"{c}\", nc=000000ac", NULL,
        .proof = CSN_PROOF_PROVED },

    { "F-07 in the trailer", NULL, RIGHT, .proof = CSN_PROOF_PROVED },
    { "F-07 empty header, in the trailer", "", RIGHT,
        .proof = CSN_PROOF_PROVED },
    { "F-07 A-10 in both, which is not twice", RIGHT, RIGHT,
        .proof = CSN_PROOF_PROVED },
    { "F-07 in both, hex of either case", RIGHT,
        "rspauth=\"{R}\", nc=\"000000AC\", qop=\"auth\"",
        .proof = CSN_PROOF_PROVED },
    { "F-07 half here, half there", "qop=auth, nc=000000ac",
        "rspauth=\"{r}\", cnonce=\"{c}\"", .proof = CSN_PROOF_PROVED },
    { "F-07 rspauth differs", RIGHT, "rspauth=\"" ZERO64 "\"",
        .proof = CSN_PROOF_MISMATCH, .reason = CSN_R_SECTIONS_DIFFER },
    { "F-07 wrong in the header, right in the trailer",
        "qop=auth, rspauth=\"" ZERO64 "\", cnonce=\"{c}\", nc=000000ac", RIGHT,
        .proof = CSN_PROOF_MISMATCH, .reason = CSN_R_SECTIONS_DIFFER },
    { "F-07 cnonce differs", RIGHT, "cnonce=\"{c}x\"",
        .proof = CSN_PROOF_MISMATCH, .reason = CSN_R_SECTIONS_DIFFER },
    { "F-07 cnonce differs in case alone", "cnonce=\"abc\"", "cnonce=\"Abc\"",
        .proof = CSN_PROOF_MISMATCH, .reason = CSN_R_SECTIONS_DIFFER },
    { "F-07 nc differs", RIGHT, "nc=000000ad", .proof = CSN_PROOF_MISMATCH,
        .reason = CSN_R_SECTIONS_DIFFER },
    { "F-07 qop differs", RIGHT, "qop=auth-int", .proof = CSN_PROOF_MISMATCH,
        .reason = CSN_R_SECTIONS_DIFFER },
    { "F-07 nextnonce differs", RIGHT ", nextnonce=\"n2\"", "nextnonce=\"n3\"",
        .proof = CSN_PROOF_MISMATCH, .reason = CSN_R_SECTIONS_DIFFER },
    { "F-07 nextnonce differs in case alone", "nextnonce=\"n\"",
        "nextnonce=\"N\"", .proof = CSN_PROOF_MISMATCH,
        .reason = CSN_R_SECTIONS_DIFFER },
    { "F-07 wrong in the trailer", "qop=auth, cnonce=\"{c}\", nc=000000ac",
        "rspauth=\"" ZERO64 "\"", .proof = CSN_PROOF_MISMATCH,
        .reason = CSN_R_RSPAUTH_WRONG },
    { "F-07 malformed trailer behind a right header", RIGHT, "rspauth",
        .proof = CSN_PROOF_UNUSABLE, .reason = CSN_R_INFO_MALFORMED },

    { "F-20 no field", NULL, NULL, .proof = CSN_PROOF_ABSENT,
        .reason = CSN_R_NO_INFO },
    { "A-09 an empty field", "", NULL, .proof = CSN_PROOF_ABSENT,
        .reason = CSN_R_NO_INFO },
    { "A-09 a field of commas", " , ,", NULL, .proof = CSN_PROOF_ABSENT,
        .reason = CSN_R_NO_INFO },
    { "A-45 a field of unknown names", "x=y", NULL, .proof = CSN_PROOF_ABSENT,
        .reason = CSN_R_NO_INFO },
    { "E-21 nextnonce alone", "nextnonce=\"n2\"", NULL,
        .proof = CSN_PROOF_ABSENT, .reason = CSN_R_NO_RSPAUTH },
    { "F-20 cnonce and nc, neither rspauth nor qop",
        "cnonce=\"{c}\", nc=000000ac", NULL, .proof = CSN_PROOF_ABSENT,
        .reason = CSN_R_NO_RSPAUTH },

    { "F-18 rspauth wrong",
        "qop=auth, rspauth=\"" ZERO64 "\", cnonce=\"{c}\", nc=000000ac", NULL,
        .proof = CSN_PROOF_MISMATCH, .reason = CSN_R_RSPAUTH_WRONG },
    { "F-17 rspauth alone, wrong", "rspauth=\"" ZERO64 "\"", NULL,
        .proof = CSN_PROOF_MISMATCH, .reason = CSN_R_RSPAUTH_WRONG },
    { "H-13 our own response sent back",
        "qop=auth, rspauth=\"{s}\", cnonce=\"{c}\", nc=000000ac", NULL,
        .proof = CSN_PROOF_MISMATCH, .reason = CSN_R_RSPAUTH_WRONG },
    { "A-52 rspauth of MD5's length",
        "qop=auth, rspauth=\"{m}\", cnonce=\"{c}\", nc=000000ac", NULL,
        .proof = CSN_PROOF_MISMATCH, .reason = CSN_R_RSPAUTH_WRONG },
    { "F-18 cnonce wrong",
        "qop=auth, rspauth=\"{r}\", cnonce=\"{c}x\", nc=000000ac", NULL,
        .proof = CSN_PROOF_MISMATCH, .reason = CSN_R_CNONCE_WRONG },
    { "F-18 cnonce cut short",
        "qop=auth, rspauth=\"{r}\", cnonce=\"Y25vbmNl\", nc=000000ac", NULL,
        .proof = CSN_PROOF_MISMATCH, .reason = CSN_R_CNONCE_WRONG },
    { "F-18 cnonce empty",
        "qop=auth, rspauth=\"{r}\", cnonce=\"\", nc=000000ac", NULL,
        .proof = CSN_PROOF_MISMATCH, .reason = CSN_R_CNONCE_WRONG },
    { "F-18 cnonce wrong, no rspauth", "nextnonce=\"n2\", cnonce=\"x\"", NULL,
        .proof = CSN_PROOF_MISMATCH, .reason = CSN_R_CNONCE_WRONG },
    { "F-18 nc of another request",
        "qop=auth, rspauth=\"{r}\", cnonce=\"{c}\", nc=000000ad", NULL,
        .proof = CSN_PROOF_MISMATCH, .reason = CSN_R_NC_WRONG },
    { "F-18 nc wrong, no rspauth", "nextnonce=\"n2\", nc=000000ab", NULL,
        .proof = CSN_PROOF_MISMATCH, .reason = CSN_R_NC_WRONG },
    { "F-18 qop is not the one sent",
        "qop=auth-int, rspauth=\"{r}\", cnonce=\"{c}\", nc=000000ac", NULL,
        .proof = CSN_PROOF_MISMATCH, .reason = CSN_R_QOP_WRONG },
    { "F-18 qop unknown",
        "qop=auth-x, rspauth=\"{r}\", cnonce=\"{c}\", nc=000000ac", NULL,
        .proof = CSN_PROOF_MISMATCH, .reason = CSN_R_QOP_WRONG },
    { "A-57 qop is one token, no list",
        "qop=\"auth,auth-int\", rspauth=\"{r}\", cnonce=\"{c}\", "
        "nc=000000ac",
        NULL, .proof = CSN_PROOF_UNUSABLE, .reason = CSN_R_INFO_MALFORMED },
    { "F-18 qop without rspauth", "qop=auth, cnonce=\"{c}\", nc=000000ac",
        NULL, .proof = CSN_PROOF_MISMATCH, .reason = CSN_R_INFO_INCOMPLETE },
    { "F-18 qop without cnonce", "qop=auth, rspauth=\"{r}\", nc=000000ac",
        NULL, .proof = CSN_PROOF_MISMATCH, .reason = CSN_R_INFO_INCOMPLETE },
    { "F-18 qop without nc", "qop=auth, rspauth=\"{r}\", cnonce=\"{c}\"", NULL,
        .proof = CSN_PROOF_MISMATCH, .reason = CSN_R_INFO_INCOMPLETE },
    { "F-18 qop alone", "qop=auth", NULL, .proof = CSN_PROOF_MISMATCH,
        .reason = CSN_R_INFO_INCOMPLETE },

    { "A-44 rspauth twice", RIGHT ", rspauth=\"{r}\"", NULL,
        .proof = CSN_PROOF_UNUSABLE, .reason = CSN_R_INFO_MALFORMED },
    { "A-44 an unknown name twice", RIGHT ", x=1, x=1", NULL,
        .proof = CSN_PROOF_UNUSABLE, .reason = CSN_R_INFO_MALFORMED },
    { "A-44 nextnonce twice, names in two cases",
        RIGHT ", nextnonce=\"a\", NextNonce=\"a\"", NULL,
        .proof = CSN_PROOF_UNUSABLE, .reason = CSN_R_INFO_MALFORMED },
    { "A-50 a scheme's name in front", "Digest " RIGHT, NULL,
        .proof = CSN_PROOF_UNUSABLE, .reason = CSN_R_INFO_MALFORMED },
    { "A-14 an open quote", "qop=auth, rspauth=\"{r}", NULL,
        .proof = CSN_PROOF_UNUSABLE, .reason = CSN_R_INFO_MALFORMED },
    { "A-25 a comma missing",
        "qop=auth rspauth=\"{r}\", cnonce=\"{c}\", nc=000000ac", NULL,
        .proof = CSN_PROOF_UNUSABLE, .reason = CSN_R_INFO_MALFORMED },
    { "A-27 a line end", RIGHT ", x=\"\n\"", NULL, .proof = CSN_PROOF_UNUSABLE,
        .reason = CSN_R_INFO_MALFORMED },
    { "A-51 nc of seven digits",
        "qop=auth, rspauth=\"{r}\", cnonce=\"{c}\", nc=00000ac", NULL,
        .proof = CSN_PROOF_UNUSABLE, .reason = CSN_R_INFO_MALFORMED },
    { "A-51 nc of nine digits",
        "qop=auth, rspauth=\"{r}\", cnonce=\"{c}\", nc=0000000ac", NULL,
        .proof = CSN_PROOF_UNUSABLE, .reason = CSN_R_INFO_MALFORMED },
    { "A-52 rspauth too short",
        "qop=auth, rspauth=\"00\", cnonce=\"{c}\", nc=000000ac", NULL,
        .proof = CSN_PROOF_UNUSABLE, .reason = CSN_R_INFO_MALFORMED },
    { "A-52 rspauth empty",
        "qop=auth, rspauth=\"\", cnonce=\"{c}\", nc=000000ac", NULL,
        .proof = CSN_PROOF_UNUSABLE, .reason = CSN_R_INFO_MALFORMED },
    { "A-52 rspauth too long",
        "qop=auth, rspauth=\"{r}0\", cnonce=\"{c}\", nc=000000ac", NULL,
        .proof = CSN_PROOF_UNUSABLE, .reason = CSN_R_INFO_MALFORMED },
    { "A-52 rspauth is no hex",
        "qop=auth, rspauth=\"" X64 "\", cnonce=\"{c}\", nc=000000ac", NULL,
        .proof = CSN_PROOF_UNUSABLE, .reason = CSN_R_INFO_MALFORMED },
    { "H-24 a cnonce too long",
        "qop=auth, rspauth=\"{r}\", cnonce=\"" X256 "x\", nc=000000ac", NULL,
        .proof = CSN_PROOF_UNUSABLE, .reason = CSN_R_INFO_MALFORMED },
    { "H-24 a nextnonce too long", RIGHT ", nextnonce=\"" X256 X256 "x\"",
        NULL, .proof = CSN_PROOF_UNUSABLE, .reason = CSN_R_INFO_MALFORMED },
    { "F-23 without qop, right", "rspauth=\"{r}\"", NULL,
        .proof = CSN_PROOF_ABSENT, CSN_R_NO_QOP, true },
    { "F-23 without qop, wrong", "rspauth=\"{m}\"", NULL,
        .proof = CSN_PROOF_ABSENT, CSN_R_NO_QOP, true },
    { "F-23 without qop, no field", NULL, NULL, .proof = CSN_PROOF_ABSENT,
        .reason = CSN_R_NO_QOP, .legacy = true },
    { "F-23 without qop, qop in the answer",
        "qop=auth, rspauth=\"{r}\", cnonce=\"{c}\", nc=00000001", NULL,
        .proof = CSN_PROOF_ABSENT, .reason = CSN_R_NO_QOP, .legacy = true },
    { "A-44 without qop, malformed", "rspauth", NULL,
        .proof = CSN_PROOF_UNUSABLE, .reason = CSN_R_INFO_MALFORMED,
        .legacy = true },
};

static char *
expand(const guest *g, const char *text)
{
    char r[65];
    char s[65];
    char *out = malloc(2 * CSN_MAX_FIELD);
    char *to = out;

    if (text == NULL || out == NULL) {
        free(out);
        return NULL;
    }
    guest_digest(g->line, GUEST_PASSWORD, "", r);
    guest_digest(g->line, GUEST_PASSWORD, "GET", s);
    for (; *text != '\0'; text++) {
        if (*text != '{') {
            *to++ = *text;
            continue;
        }
        if (text[1] == 'c')
            to += sprintf(to, "%s", GUEST_CNONCE);
        for (int i = 0; text[1] != 'c' && r[i] != '\0'; i++)
            if (text[1] != 'm' || i < 32)
                *to++ = text[1] == 's'              ? s[i]
                    : text[1] == 'R' && r[i] >= 'a' ? (char)(r[i] - 32)
                                                    : r[i];
        text += 2;
    }
    *to = '\0';
    return out;
}

static void
begin(guest *g, bool legacy)
{
    guest_open(g, CSN_LAYER_ORIGIN);
    g->policy.allow_md5 = true;
    g->policy.legacy_no_qop = true;
    assert_int_equal(guest_challenge(g,
                         legacy ? "Digest realm=\"r\", nonce=\"n1\""
                                : GUEST_CHALLENGE("n1")),
        CSN_OK);
    client_space_of(&g->space)->count = 0xab;
    assert_int_equal(guest_ask(g, "GET", "/a"), CSN_OK);
}

static void
check_info(void **state)
{
    const struct info_row *row = *state;
    bool fails = row->proof == CSN_PROOF_MISMATCH ||
        row->proof == CSN_PROOF_UNUSABLE;
    char *header;
    char *trailer;
    guest g;

    begin(&g, row->legacy);
    header = expand(&g, row->header);
    trailer = expand(&g, row->trailer);
    guest_hear(&g, 200, header, trailer);
    CHECK_EQ(row->name, g.result.proof, row->proof);
    CHECK_EQ(row->name, g.result.reason, row->reason);
    /* F-19: what fails is not delivered and ends the session. */
    CHECK_EQ(row->name, g.result.deliver, !fails);
    CHECK_EQ(row->name, g.result.dropped, fails);
    CHECK_EQ(row->name, csn_client_space_is_ready(&g.space), !fails);
    CHECK_EQ(row->name,
        (csn_client_space_seen(&g.space) & CSN_SEEN_PROOF) != 0,
        row->proof == CSN_PROOF_PROVED);
    free(header);
    free(trailer);
}

/* twice over two lines is twice. A-04: two lines are one field. */
static void
check_lines(void **state)
{
    csn_span lines[2];
    csn_client_response response = { .status = 200,
        .header = lines,
        .header_count = 2 };
    char *first;
    char *second;
    guest g;

    (void)state;
    begin(&g, false);
    first = expand(&g, "qop=auth, nc=000000ac");
    second = expand(&g, "rspauth=\"{r}\", cnonce=\"{c}\"");
    lines[0] = check_text(first);
    lines[1] = check_text(second);
    csn_client_verify(&g.policy, &g.space, &g.attempt, &response, &g.result);
    CHECK_EQ("two lines", g.result.proof, CSN_PROOF_PROVED);
    lines[0] = lines[1];
    csn_client_verify(&g.policy, &g.space, &g.attempt, &response, &g.result);
    CHECK_EQ("twice", g.result.proof, CSN_PROOF_UNUSABLE);
    free(first);
    free(second);
}

/* one octet above max_field; at max_field it is read. */
static void
check_large(void **state)
{
    for (size_t len = CSN_MAX_FIELD; len <= CSN_MAX_FIELD + 1; len++) {
        char *field = malloc(len + 1);
        char *right;
        guest g;

        begin(&g, false);
        right = expand(&g, RIGHT);
        memset(field, ',', len);
        memcpy(field, right, strlen(right));
        for (size_t i = strlen(right) + 2; i < len; i++)
            field[i] = ' ';
        field[len] = '\0';
        /* Blanks at the end are no part of the value; a comma is. */
        field[len - 1] = ',';
        guest_hear(&g, 200, field, NULL);
        CHECK_EQ("large", g.result.proof,
            len > CSN_MAX_FIELD ? CSN_PROOF_UNUSABLE : CSN_PROOF_PROVED);
        free(field);
        free(right);
    }
    (void)state;
}

static void
check_names(void **state)
{
    (void)state;
    assert_string_equal(csn_proof_name(CSN_PROOF_PROVED), "proved");
    assert_string_equal(csn_proof_name(CSN_PROOF_ABSENT), "absent");
    assert_string_equal(csn_proof_name(CSN_PROOF_MISMATCH), "mismatch");
    assert_string_equal(csn_proof_name(CSN_PROOF_UNUSABLE), "unusable");
    assert_string_equal(csn_proof_name((csn_proof)4), "unknown");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        { "A-04 A-44 several lines", check_lines, NULL, NULL, NULL },
        { "A-47 a field above max_field", check_large, NULL, NULL, NULL },
        { "names of proofs", check_names, NULL, NULL, NULL },
    };

    return CHECK_ROWS("client verify", rows, check_info) +
        cmocka_run_group_tests_name("client verify", tests, NULL, NULL);
}
