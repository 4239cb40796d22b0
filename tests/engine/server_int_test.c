// SPDX-License-Identifier: MIT
#include "check.h"
#include "host.h"

/*
 * auth-int: the response covers the request's content. Nothing is decided,
 * and no count spent, before the whole of it was hashed (C-57).
 */

static void
both(csn_server_config *config)
{
    config->qops = CSN_QOP_AUTH | CSN_QOP_AUTH_INT;
    config->algorithms[0] = CSN_ALG_SHA_256;
    config->algorithms[1] = CSN_ALG_SHA_256_SESS;
    config->algorithms[2] = CSN_ALG_MD5;
    config->algorithm_count = 3;
    config->allow_md5 = true;
}

static void
int_alone(csn_server_config *config)
{
    config->qops = CSN_QOP_AUTH_INT;
}

static void
both_and_no_qop(csn_server_config *config)
{
    both(config);
    config->legacy_no_qop = true;
}

/* What is sent, over which content the response was made, and the verdict. */
static const struct row {
    const char *name;
    void (*change)(csn_server_config *config);
    host_ask ask;
    const char *arrived; /* the content that the server gets; NULL: the same */
    csn_reason reason;
    unsigned http_status;
    bool content_asked;
} rows[] = {
    { "C-15 auth-int with content", both, { .qop = "auth-int", .body = "a=b" },
        NULL, CSN_R_NONE, 0, true },
    { "C-55 auth-int without content", both, { .qop = "auth-int" }, NULL,
        CSN_R_NONE, 0, true },
    { "C-15 MD5", both,
        { .qop = "auth-int", .body = "a=b", .algorithm = "MD5" }, NULL,
        CSN_R_NONE, 0, true },
    { "C-15 SHA-256-sess", both,
        { .qop = "auth-int", .body = "a=b", .algorithm = "SHA-256-sess" },
        NULL, CSN_R_NONE, 0, true },
    { "D-41 another content", both, { .qop = "auth-int", .body = "a=b" },
        "a=c", CSN_R_WRONG_RESPONSE, 401, true },
    { "D-41 one octet more", both, { .qop = "auth-int", .body = "a=b" },
        "a=b\n", CSN_R_WRONG_RESPONSE, 401, true },
    { "C-55 content where none was hashed", both, { .qop = "auth-int" }, "x",
        CSN_R_WRONG_RESPONSE, 401, true },
    { "C-55 none where some was hashed", both,
        { .qop = "auth-int", .body = "x" }, "", CSN_R_WRONG_RESPONSE, 401,
        true },
    { "D-41 another content under -sess", both,
        { .qop = "auth-int", .body = "a=b", .algorithm = "SHA-256-sess" },
        "a=c", CSN_R_WRONG_RESPONSE, 401, true },
    { "D-41 more than will be hashed", both,
        { .qop = "auth-int", .content_code = CSN_CONTENT_TOO_LARGE }, NULL,
        CSN_R_CONTENT_TOO_LARGE, 413, true },
    { "D-41 more than will be hashed, of nobody", both,
        { .qop = "auth-int",
            .user = "mallory",
            .content_code = CSN_CONTENT_TOO_LARGE },
        NULL, CSN_R_CONTENT_TOO_LARGE, 413, true },
    { "C-57 content that did not arrive whole", both,
        { .qop = "auth-int", .content_code = CSN_CONTENT_INCOMPLETE }, NULL,
        CSN_R_CONTENT_INCOMPLETE, 400, true },
    { "a wrong password", both,
        { .qop = "auth-int", .body = "a=b", .password = "x" }, NULL,
        CSN_R_WRONG_RESPONSE, 401, true },
    { "D-39 an unknown user", both,
        { .qop = "auth-int", .body = "a=b", .user = "mallory" }, NULL,
        CSN_R_UNKNOWN_USER, 401, true },
    { "B-18 auth beside it", both, { .body = "a=b" }, "never looked at",
        CSN_R_NONE, 0, false },
    { "B-18 auth-int alone", int_alone, { .qop = "auth-int", .body = "a=b" },
        NULL, CSN_R_NONE, 0, true },
    { "D-08 auth where auth-int is demanded", int_alone, { .body = "a=b" },
        NULL, CSN_R_QOP_NOT_OFFERED, 400, false },
    { "D-08 auth-int where auth is offered", NULL, { .qop = "auth-int" }, NULL,
        CSN_R_QOP_NOT_OFFERED, 400, false },
    { "D-09 no qop where auth-int is demanded", int_alone,
        { .qop = host_absent, .nc = host_absent, .cnonce = host_absent }, NULL,
        CSN_R_QOP_MISSING, 400, false },
    { "D-09 no qop beside both, switched on", both_and_no_qop,
        { .qop = host_absent,
            .nc = host_absent,
            .cnonce = host_absent,
            .algorithm = "MD5" },
        NULL, CSN_R_NONE, 0, false },
    { "D-08 a qop nobody knows", both, { .qop = "auth-conf" }, NULL,
        CSN_R_QOP_NOT_OFFERED, 400, false },
};

static void
run_row(void **state)
{
    const struct row *row = *state;
    host_ask ask = row->ask;
    host_answer answer;
    char nonce[64], line[4096];
    host h;

    host_open(&h, row->change);
    host_nonce(&h, nonce);
    ask.nonce = nonce;
    host_line(&h, &ask, line, sizeof(line));
    ask.line = line;
    ask.target = "/a?b=c";
    if (row->arrived != NULL)
        ask.body = row->arrived;
    host_send(&h, &ask, &answer);

    CHECK_EQ(row->name, answer.outcome.reason, row->reason);
    CHECK_EQ(row->name, answer.outcome.http_status, row->http_status);
    CHECK_EQ(row->name, answer.content_asked, row->content_asked);
    CHECK_EQ(row->name, answer.wants_content, row->content_asked);
    CHECK_EQ(row->name, answer.marked, row->reason == CSN_R_NONE);
    CHECK_EQ(row->name, answer.outcome.failed_login,
        row->reason == CSN_R_WRONG_RESPONSE ||
            row->reason == CSN_R_UNKNOWN_USER);
    CHECK_EQ(row->name, answer.outcome.stale, false);
    CHECK_EQ(row->name, answer.challenge_count != 0, row->http_status == 401);
    if (row->content_asked)
        CHECK_EQ(row->name, answer.outcome.qop, CSN_QOP_AUTH_INT);
    host_close(&h);
}

static const struct offer {
    const char *name;
    unsigned qops;
    const char *text;
} offers[] = {
    { "B-18 auth unless told otherwise", 0, "qop=\"auth\"," },
    { "B-18 auth", CSN_QOP_AUTH, "qop=\"auth\"," },
    { "B-18 auth and auth-int", CSN_QOP_AUTH | CSN_QOP_AUTH_INT,
        "qop=\"auth, auth-int\"," },
    { "B-18 policy demands auth-int", CSN_QOP_AUTH_INT, "qop=\"auth-int\"," },
};

static void
run_offer(void **state)
{
    const struct offer *row = *state;
    host_answer answer;
    host h;

    host_open(&h, NULL);
    h.config.qops = row->qops;
    host_reload(&h);
    host_send(&h, &(host_ask){ .bare = true }, &answer);
    CHECK_EQ(row->name, strstr(answer.challenges[0], row->text) != NULL, true);
    host_close(&h);
}

/* A count is spent when the content agreed, and then once. */
static void
counts(void **state)
{
    char nonce[64];
    host_ask ask = { .nonce = nonce, .qop = "auth-int", .body = "a=b" };
    host_answer answer;
    host h;

    (void)state;
    host_open(&h, both);
    host_nonce(&h, nonce);
    ask.content_code = CSN_CONTENT_TOO_LARGE;
    host_send(&h, &ask, &answer);
    ask.content_code = CSN_CONTENT_INCOMPLETE;
    host_send(&h, &ask, &answer);
    ask.content_code = CSN_CONTENT_HASHED;
    host_send(&h, &ask, &answer);
    assert_int_equal(answer.outcome.reason, CSN_R_NONE);
    host_send(&h, &ask, &answer);
    assert_int_equal(answer.outcome.reason, CSN_R_REPLAY);
    assert_true(answer.outcome.stale);
    host_close(&h);
}

/* The age comes after the response also when that waited for the content. */
static void
old_nonce(void **state)
{
    char nonce[64];
    host_ask ask = { .nonce = nonce, .qop = "auth-int", .body = "a=b" };
    host_answer answer;
    host h;

    (void)state;
    host_open(&h, both);
    host_nonce(&h, nonce);
    h.now_ms += CSN_NONCE_LIFE_MS + CSN_OLD_GRACE_MS + 1;
    host_send(&h, &ask, &answer);
    assert_int_equal(answer.outcome.reason, CSN_R_STALE);
    assert_true(answer.outcome.stale);
    ask.password = "wrong";
    host_send(&h, &ask, &answer);
    assert_int_equal(answer.outcome.reason, CSN_R_WRONG_RESPONSE);
    assert_false(answer.outcome.stale);
    host_close(&h);
}

/* A reload that offers another qop: live nonces mean what they meant. */
static void
reload(void **state)
{
    char nonce[64];
    host_ask ask = { .nonce = nonce, .qop = "auth-int", .body = "a=b" };
    host_answer answer;
    host h;

    (void)state;
    host_open(&h, both);
    host_nonce(&h, nonce);
    h.config.qops = CSN_QOP_AUTH;
    host_reload(&h);
    h.now_ms += CSN_NONCE_LIFE_MS;
    host_send(&h, &ask, &answer);
    assert_int_equal(answer.outcome.reason, CSN_R_NONE);
    /* Its successor would still promise auth-int. */
    assert_false(answer.nextnonce);
    host_nonce(&h, nonce);
    host_send(&h, &ask, &answer);
    assert_int_equal(answer.outcome.reason, CSN_R_QOP_NOT_OFFERED);

    h.config.qops = CSN_QOP_AUTH_INT;
    host_reload(&h);
    ask.qop = NULL;
    h.now_ms += CSN_NONCE_LIFE_MS;
    host_send(&h, &ask, &answer);
    assert_int_equal(answer.outcome.reason, CSN_R_NONE);
    assert_false(answer.nextnonce);
    host_close(&h);
}

/* A nonce for which no qop was too little stays one. */
static void
reload_no_qop(void **state)
{
    char nonce[64];
    host_ask ask = { .nonce = nonce,
        .qop = host_absent,
        .nc = host_absent,
        .cnonce = host_absent,
        .algorithm = "MD5" };
    host_answer answer;
    host h;

    (void)state;
    host_open(&h, both);
    h.config.qops = CSN_QOP_AUTH_INT;
    host_reload(&h);
    host_nonce(&h, nonce);
    both_and_no_qop(&h.config);
    host_reload(&h);
    host_send(&h, &ask, &answer);
    assert_int_equal(answer.outcome.reason, CSN_R_QOP_MISSING);
    host_nonce(&h, nonce);
    host_send(&h, &ask, &answer);
    assert_int_equal(answer.outcome.reason, CSN_R_NONE);
    host_close(&h);
}

#define TEST(name, function)                                                  \
    {                                                                         \
        name, function, NULL, NULL, NULL                                      \
    }

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("D-26 C-57 no count before the content agreed", counts),
        TEST("D-42 the age comes after the content", old_nonce),
        TEST("D-08 the qop is the nonce's, not the server's", reload),
        TEST("D-09 no qop with a nonce of auth-int alone", reload_no_qop),
    };

    return CHECK_ROWS("auth-int", rows, run_row) +
        CHECK_ROWS("offers", offers, run_offer) +
        cmocka_run_group_tests_name("beside them", tests, NULL, NULL);
}
