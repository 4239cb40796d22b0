// SPDX-License-Identifier: MIT
#include "check.h"
#include "client/client.h"
#include "guest.h"

#include <countersign/crypto_openssl.h>

/* auth-int: when it is sent, and what the answer to it proves. */

#define OFFER(qops)                                                           \
    "Digest realm=\"r\", nonce=\"n1\", algorithm=SHA-256, qop=\"" qops "\""
#define NO_QOP "Digest realm=\"r\", nonce=\"n1\", algorithm=MD5"
#define BODY "{\"a\":1}"
#define ANSWER "{\"ok\":true}\n"

static const struct ask_row {
    const char *name;
    const char *challenge;
    const char *content; /* NULL: none is given */
    bool require_int;
    bool offers;
    csn_status status;
    csn_qop qop;
} ask_rows[] = {
    { "C-21 auth-int where there is a content", OFFER("auth, auth-int"), BODY,
        false, true, CSN_OK, CSN_QOP_AUTH_INT },
    { "C-21 auth where there is none", OFFER("auth, auth-int"), NULL, false,
        true, CSN_OK, CSN_QOP_AUTH },
    { "C-55 a content of no octets is one", OFFER("auth, auth-int"), "", false,
        true, CSN_OK, CSN_QOP_AUTH_INT },
    { "C-20 auth-int is not sent unasked", OFFER("auth"), BODY, false, false,
        CSN_OK, CSN_QOP_AUTH },
    { "C-20 auth-int alone", OFFER("auth-int"), BODY, false, true, CSN_OK,
        CSN_QOP_AUTH_INT },
    { "C-20 auth-int alone, in another case and quoted oddly",
        OFFER(" x,AUTH-INT,"), BODY, false, true, CSN_OK, CSN_QOP_AUTH_INT },
    { "C-20 auth-int alone and no content", OFFER("auth-int"), NULL, false,
        true, CSN_E_MISSING, CSN_QOP_NONE },
    { "C-21 auth-int demanded", OFFER("auth, auth-int"), BODY, true, true,
        CSN_OK, CSN_QOP_AUTH_INT },
    { "C-21 auth-int demanded and no content", OFFER("auth, auth-int"), NULL,
        true, true, CSN_E_MISSING, CSN_QOP_NONE },
    { "C-24 no qop, content or not", NO_QOP, BODY, false, false, CSN_OK,
        CSN_QOP_NONE },
};

static void
check_ask(void **state)
{
    const struct ask_row *row = *state;
    static const char *const
        names[] = { [CSN_QOP_AUTH] = "auth", [CSN_QOP_AUTH_INT] = "auth-int" };
    csn_hash hash = CSN_HASH_COUNT;
    char value[GUEST_VALUE];
    char hex[65];
    guest g;

    guest_open(&g, CSN_LAYER_ORIGIN);
    g.policy.require_int = row->require_int;
    g.policy.allow_md5 = true;
    g.policy.legacy_no_qop = true;
    CHECK_EQ("no session", csn_client_space_offers_int(&g.space, &hash),
        false);
    assert_int_equal(guest_challenge(&g, row->challenge), CSN_OK);
    CHECK_EQ(row->name, csn_client_space_offers_int(&g.space, &hash),
        row->offers);
    CHECK_EQ(row->name, hash, row->offers ? CSN_HASH_SHA_256 : CSN_HASH_COUNT);
    CHECK_EQ(row->name,
        row->content ? guest_ask_int(&g, "POST", "/a", row->content)
                     : guest_ask(&g, "POST", "/a"),
        row->status);
    if (row->status != CSN_OK) {
        CHECK_EQ("no count was taken", client_space_of(&g.space)->count, 0);
        return;
    }
    CHECK_EQ(row->name, csn_client_attempt_qop(&g.attempt), row->qop);
    CHECK_EQ(row->name, guest_has(g.line, "qop"), row->qop != CSN_QOP_NONE);
    if (row->qop != CSN_QOP_NONE)
        assert_string_equal(guest_param(g.line, "qop", value),
            names[row->qop]);
    guest_sum_hex(&(guest_sum){ .line = g.line,
                      .password = GUEST_PASSWORD,
                      .method = "POST",
                      .content = row->content },
        hex);
    assert_string_equal(guest_param(g.line, "response", value), hex);
}

/* In `field`: {i} the right rspauth, {a} that of auth, {b} over the request's
 * content, {m} our own response, {c} our cnonce. */
static const struct hear_row {
    const char *name;
    const char *field;
    const char *content; /* NULL: it did not come whole */
    csn_proof proof;
    csn_reason reason;
    bool nextnonce;
    const char *uri; /* NULL: the one that was asked for */
} hear_rows[] = {
    { "F-24 C-15 right", "qop=auth-int, rspauth=\"{i}\", {rest}", ANSWER,
        CSN_PROOF_PROVED, .reason = CSN_R_NONE },
    { "F-10 right, with a nextnonce",
        "nextnonce=\"n2\", qop=auth-int, rspauth=\"{i}\", {rest}", ANSWER,
        CSN_PROOF_PROVED, .reason = CSN_R_NONE, .nextnonce = true },
    { "F-08 quoted", "qop=\"auth-int\", rspauth=\"{i}\", {rest}", ANSWER,
        CSN_PROOF_PROVED, .reason = CSN_R_NONE },
    { "F-17 in upper case", "qop=AUTH-INT, rspauth=\"{I}\", {rest}", ANSWER,
        CSN_PROOF_PROVED, .reason = CSN_R_NONE },
    { "F-18 right, and nothing else said", "rspauth=\"{i}\"", ANSWER,
        CSN_PROOF_PROVED, .reason = CSN_R_NONE },
    { "F-18 right, without qop", "rspauth=\"{i}\", {rest}", ANSWER,
        CSN_PROOF_PROVED, .reason = CSN_R_NONE },

    { "F-24 another content",
        "nextnonce=\"n2\", qop=auth-int, rspauth=\"{i}\", {rest}",
        ANSWER ANSWER, CSN_PROOF_MISMATCH, .reason = CSN_R_RSPAUTH_WRONG },
    { "F-24 C-55 a content where there was one",
        "qop=auth-int, rspauth=\"{i}\", {rest}", "", CSN_PROOF_MISMATCH,
        .reason = CSN_R_RSPAUTH_WRONG },
    { "C-15 the request's content", "qop=auth-int, rspauth=\"{b}\", {rest}",
        ANSWER, CSN_PROOF_MISMATCH, .reason = CSN_R_RSPAUTH_WRONG },
    { "F-17 our own response", "qop=auth-int, rspauth=\"{m}\", {rest}", ANSWER,
        CSN_PROOF_MISMATCH, .reason = CSN_R_RSPAUTH_WRONG },
    { "F-27 for another uri", "qop=auth-int, rspauth=\"{i}\", {rest}", ANSWER,
        CSN_PROOF_MISMATCH, .reason = CSN_R_RSPAUTH_WRONG, .uri = "/ab" },
    { "F-17 as long as MD5's",
        "qop=auth-int, rspauth=\"0123456789abcdef0123456789abcdef\", {rest}",
        ANSWER, CSN_PROOF_MISMATCH, .reason = CSN_R_RSPAUTH_WRONG },

    { "F-24 the content was cut off",
        "nextnonce=\"n2\", qop=auth-int, rspauth=\"{i}\", {rest}", NULL,
        CSN_PROOF_ABSENT, .reason = CSN_R_CONTENT_INCOMPLETE },
    { "F-24 cut off, no qop", "rspauth=\"{i}\"", NULL, CSN_PROOF_ABSENT,
        .reason = CSN_R_CONTENT_INCOMPLETE },
    { "F-18 cut off, and the cnonce of another",
        "qop=auth-int, rspauth=\"{i}\", cnonce=\"x\", nc=00000001", NULL,
        CSN_PROOF_MISMATCH, .reason = CSN_R_CNONCE_WRONG },
    { "F-18 cut off, and another count",
        "qop=auth-int, rspauth=\"{i}\", cnonce=\"{c}\", nc=00000002", NULL,
        CSN_PROOF_MISMATCH, .reason = CSN_R_NC_WRONG },
    { "F-18 cut off, and no cnonce",
        "qop=auth-int, rspauth=\"{i}\", nc=00000001", NULL, CSN_PROOF_MISMATCH,
        .reason = CSN_R_INFO_INCOMPLETE },
    { "F-17 cut off, and as long as MD5's",
        "rspauth=\"0123456789abcdef0123456789abcdef\"", NULL,
        CSN_PROOF_MISMATCH, .reason = CSN_R_RSPAUTH_WRONG },
    { "A-44 cut off, and malformed",
        "qop=auth-int, rspauth=\"{i}\", {rest},,=", NULL, CSN_PROOF_UNUSABLE,
        .reason = CSN_R_INFO_MALFORMED },
    { "F-20 cut off, and no field", NULL, NULL, CSN_PROOF_ABSENT,
        .reason = CSN_R_NO_INFO },

    { "F-25 auth in answer", "qop=auth, rspauth=\"{a}\", {rest}", ANSWER,
        CSN_PROOF_ABSENT, .reason = CSN_R_CONTENT_UNPROVED },
    { "F-14 F-25 auth in answer, with a nextnonce",
        "nextnonce=\"n2\", qop=auth, rspauth=\"{a}\", {rest}", ANSWER,
        CSN_PROOF_ABSENT, .reason = CSN_R_CONTENT_UNPROVED,
        .nextnonce = true },
    { "F-25 auth in answer, the content cut off",
        "qop=auth, rspauth=\"{a}\", {rest}", NULL, CSN_PROOF_ABSENT,
        .reason = CSN_R_CONTENT_UNPROVED },
    { "F-25 auth in answer, and wrong",
        "nextnonce=\"n2\", qop=auth, rspauth=\"{i}\", {rest}", ANSWER,
        CSN_PROOF_MISMATCH, .reason = CSN_R_RSPAUTH_WRONG },
    { "F-25 auth in answer, wrong and cut off",
        "qop=auth, rspauth=\"{i}\", {rest}", NULL, CSN_PROOF_MISMATCH,
        .reason = CSN_R_RSPAUTH_WRONG },
    { "F-18 auth in answer, and no nc",
        "qop=auth, rspauth=\"{a}\", cnonce=\"{c}\"", ANSWER,
        CSN_PROOF_MISMATCH, .reason = CSN_R_INFO_INCOMPLETE },
    { "F-25 auth's rspauth under the name of auth-int",
        "qop=auth-int, rspauth=\"{a}\", {rest}", ANSWER, CSN_PROOF_MISMATCH,
        .reason = CSN_R_RSPAUTH_WRONG },
    { "F-25 auth's rspauth without qop", "rspauth=\"{a}\", {rest}", ANSWER,
        CSN_PROOF_MISMATCH, .reason = CSN_R_RSPAUTH_WRONG },
    { "F-18 a qop that is neither", "qop=auth-x, rspauth=\"{i}\", {rest}",
        ANSWER, CSN_PROOF_MISMATCH, .reason = CSN_R_QOP_WRONG },

    { "F-20 a nextnonce alone", "nextnonce=\"n2\"", ANSWER, CSN_PROOF_ABSENT,
        .reason = CSN_R_NO_RSPAUTH, .nextnonce = true },
    { "F-20 no field", NULL, ANSWER, CSN_PROOF_ABSENT,
        .reason = CSN_R_NO_INFO },
};

static void
replace(char *text, const char *mark, const char *with)
{
    char *at;

    while ((at = strstr(text, mark)) != NULL) {
        char rest[GUEST_TEXT];

        snprintf(rest, sizeof(rest), "%s", at + strlen(mark));
        snprintf(at, GUEST_TEXT - (size_t)(at - text), "%s%s", with, rest);
    }
}

/* rspauth, or with a method another digest, of the last request. */
static void
replace_sum(guest *g, char *text, const char *mark, guest_sum sum)
{
    char hex[65];

    sum.line = g->line;
    sum.password = GUEST_PASSWORD;
    guest_sum_hex(&sum, hex);
    replace(text, mark, hex);
}

static const char *
expand(guest *g, const char *field, char out[GUEST_TEXT])
{
    char upper[65];

    if (field == NULL)
        return NULL;
    snprintf(out, GUEST_TEXT, "%s", field);
    replace(out, "{rest}", "cnonce=\"{c}\", nc=00000001");
    replace(out, "{c}", GUEST_CNONCE);
    replace_sum(g, out, "{i}", (guest_sum){ .method = "", .content = ANSWER });
    replace_sum(g, out, "{b}", (guest_sum){ .method = "", .content = BODY });
    replace_sum(g, out, "{m}",
        (guest_sum){ .method = "POST", .content = BODY });
    replace_sum(g, out, "{a}", (guest_sum){ .method = "", .qop = "auth" });
    snprintf(upper, sizeof(upper), "{I}");
    if (strstr(out, "{I}") != NULL) {
        guest_sum_hex(&(guest_sum){ .line = g->line,
                          .password = GUEST_PASSWORD,
                          .method = "",
                          .content = ANSWER },
            upper);
        for (char *at = upper; *at != '\0'; at++)
            if (*at >= 'a')
                *at = (char)(*at - 'a' + 'A');
        replace(out, "{I}", upper);
    }
    return out;
}

static void
begin(guest *g)
{
    guest_open(g, CSN_LAYER_ORIGIN);
    assert_int_equal(guest_challenge(g, OFFER("auth, auth-int")), CSN_OK);
    assert_int_equal(guest_ask_int(g, "POST", "/a", BODY), CSN_OK);
}

static void
check_hear(void **state)
{
    const struct hear_row *row = *state;
    bool fails = row->proof == CSN_PROOF_MISMATCH ||
        row->proof == CSN_PROOF_UNUSABLE;
    char field[GUEST_TEXT];
    guest g;

    begin(&g);
    guest_hear_int(&g, 200, expand(&g, row->field, field),
        row->uri ? row->uri : "/a", row->content);
    CHECK_EQ(row->name, g.result.proof, row->proof);
    CHECK_EQ(row->name, g.result.reason, row->reason);
    CHECK_EQ(row->name, g.result.nextnonce, row->nextnonce);
    CHECK_EQ(row->name, g.result.deliver, !fails);
    CHECK_EQ(row->name, g.result.dropped, fails);
    CHECK_EQ(row->name,
        (csn_client_space_seen(&g.space) & CSN_SEEN_PROOF) != 0,
        row->proof == CSN_PROOF_PROVED);

    /* Nothing but a proof passes where one is demanded. */
    begin(&g);
    g.policy.proof = CSN_PROOF_REQUIRE;
    guest_hear_int(&g, 200, expand(&g, row->field, field),
        row->uri ? row->uri : "/a", row->content);
    CHECK_EQ(row->name, g.result.deliver, row->proof == CSN_PROOF_PROVED);

    /* A server that proved itself before may not prove less. */
    begin(&g);
    csn_client_space_remember(&g.space, CSN_SEEN_PROOF);
    guest_hear_int(&g, 200, expand(&g, row->field, field),
        row->uri ? row->uri : "/a", row->content);
    CHECK_EQ(row->name, g.result.deliver, row->proof == CSN_PROOF_PROVED);
}

/* Each octet of the content counts, and each bit of rspauth. */
static void
check_flips(void **state)
{
    char field[GUEST_TEXT];
    char content[] = ANSWER;
    guest g;

    (void)state;
    begin(&g);
    g.policy.proof = CSN_PROOF_OFF;
    expand(&g, "rspauth=\"{i}\"", field);
    for (size_t i = 0; i < sizeof(ANSWER) - 1; i++) {
        content[i] ^= 1;
        guest_hear_int(&g, 200, field, "/a", content);
        CHECK_EQ("content", g.result.reason, CSN_R_RSPAUTH_WRONG);
        content[i] ^= 1;
    }
    for (size_t i = 0; i < 64; i++) {
        char *at = field + sizeof("rspauth=\"") - 1 + i;
        char was = *at;

        *at = was == '0' ? '1' : '0';
        guest_hear_int(&g, 200, field, "/a", content);
        CHECK_EQ("rspauth", g.result.reason, CSN_R_RSPAUTH_WRONG);
        *at = was;
    }
    guest_hear_int(&g, 200, field, "/a", content);
    CHECK_EQ("as it was", g.result.proof, CSN_PROOF_PROVED);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        { "F-17 F-24 every octet counts", check_flips, NULL, NULL, NULL },
    };

    return CHECK_ROWS("client auth-int asks", ask_rows, check_ask) +
        CHECK_ROWS("client auth-int hears", hear_rows, check_hear) +
        cmocka_run_group_tests_name("client auth-int", tests, NULL, NULL);
}
