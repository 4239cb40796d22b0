// SPDX-License-Identifier: MIT
#include "check.h"
#include "host.h"

/*
 * The -sess algorithms: a key of their own for each challenge, made of the
 * nonce and cnonce of the first credentials after it. Two readings of RFC
 * 7616, 3.4.2 are about, and both are right here (K-14): one keeps that key,
 * the other makes one anew of each request's nonce and cnonce.
 */

static void
all_algorithms(csn_server_config *config)
{
    static const csn_algorithm list[] = { CSN_ALG_SHA_512_256_SESS,
        CSN_ALG_SHA_256_SESS, CSN_ALG_MD5_SESS, CSN_ALG_SHA_512_256,
        CSN_ALG_SHA_256, CSN_ALG_MD5 };

    memcpy(config->algorithms, list, sizeof(list));
    config->algorithm_count = COUNT_OF(list);
    config->allow_md5 = true;
}

static void
all_and_no_qop(csn_server_config *config)
{
    all_algorithms(config);
    config->legacy_no_qop = true;
}

static csn_reason
send_ask(host *h, host_ask ask, host_answer *answer)
{
    host_send(h, &ask, answer);
    return answer->outcome.reason;
}

/* Whether the Info field is the one that this ask's key makes. */
static bool
is_proved(host *h, host_ask ask, const host_answer *answer)
{
    char want[65], got[80];

    host_response(h, &ask, "", want);
    host_param(answer->info, "rspauth", got, sizeof(got));
    return strcmp(want, got) == 0;
}

static const struct row {
    const char *name;
    const char *algorithm;
    uint8_t key_len;
} rows[] = {
    { "C-05 SHA-256-sess", "SHA-256-sess", 32 },
    { "C-05 SHA-512-256-sess", "SHA-512-256-sess", 32 },
    { "C-05 MD5-sess", "MD5-sess", 16 },
};

static void
run_row(void **state)
{
    const struct row *row = *state;
    char nonce[64];
    host_answer answer;
    host h;
    host_ask ask = { .nonce = nonce, .algorithm = row->algorithm };

    host_open(&h, all_algorithms);
    host_nonce(&h, nonce);
    ask.password = "wrong";
    CHECK_EQ(row->name, send_ask(&h, ask, &answer), CSN_R_WRONG_RESPONSE);
    CHECK_EQ(row->name, answer.marked, false);
    ask.password = NULL;
    CHECK_EQ(row->name, send_ask(&h, ask, &answer), CSN_R_NONE);
    CHECK_EQ(row->name, answer.session, CSN_SESSION_NONE);
    CHECK_EQ(row->name, answer.mark.session_len, row->key_len);
    CHECK_EQ(row->name, is_proved(&h, ask, &answer), true);
    CHECK_EQ(row->name, send_ask(&h, ask, &answer), CSN_R_REPLAY);
    ask.nc = "00000002";
    CHECK_EQ(row->name, send_ask(&h, ask, &answer), CSN_R_NONE);
    CHECK_EQ(row->name, answer.session, CSN_SESSION_FOUND);
    CHECK_EQ(row->name, is_proved(&h, ask, &answer), true);
    host_close(&h);
}

/* B-19: each of the six is offered with a qop. */
static void
offered(void **state)
{
    static const char *const names[] = { "SHA-512-256-sess", "SHA-256-sess",
        "MD5-sess", "SHA-512-256", "SHA-256", "MD5" };
    char name[32];
    host_answer answer;
    host h;

    (void)state;
    host_open(&h, all_algorithms);
    host_send(&h, &(host_ask){ .bare = true }, &answer);
    assert_int_equal(answer.challenge_count, COUNT_OF(names));
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        host_param(answer.challenges[i], "algorithm", name, sizeof(name));
        assert_string_equal(name, names[i]);
        assert_non_null(strstr(answer.challenges[i], "qop=\"auth\""));
    }
    host_close(&h);
}

static void
both_readings(void **state)
{
    char nonce[64];
    host_answer answer;
    host h;
    host_ask first = { .nonce = nonce,
        .algorithm = "SHA-256-sess",
        .cnonce = "first" };
    host_ask keeps = first, anew = first, wrong = first;
    uint8_t key[CSN_SESSION_KEY_SIZE];

    (void)state;
    host_open(&h, all_algorithms);
    host_nonce(&h, nonce);
    assert_int_equal(send_ask(&h, first, &answer), CSN_R_NONE);
    memcpy(key, answer.mark.session, sizeof(key));

    keeps.cnonce = "second";
    keeps.first_cnonce = "first";
    keeps.nc = "00000002";
    assert_int_equal(send_ask(&h, keeps, &answer), CSN_R_NONE);
    assert_true(is_proved(&h, keeps, &answer));
    assert_memory_equal(answer.mark.session, key, sizeof(key));

    anew.cnonce = "third";
    anew.nc = "00000003";
    assert_int_equal(send_ask(&h, anew, &answer), CSN_R_NONE);
    assert_true(is_proved(&h, anew, &answer));
    assert_memory_not_equal(answer.mark.session, key, sizeof(key));

    /* Bound once: the key of the third request was not kept. */
    wrong.cnonce = "fourth";
    wrong.first_cnonce = "third";
    wrong.nc = "00000004";
    assert_int_equal(send_ask(&h, wrong, &answer), CSN_R_WRONG_RESPONSE);
    assert_true(answer.outcome.failed_login);
    assert_false(answer.outcome.stale);
    keeps.nc = "00000005";
    assert_int_equal(send_ask(&h, keeps, &answer), CSN_R_NONE);
    host_close(&h);
}

/* D-45: a wrong answer binds nothing, and neither does a stranger's. */
static void
bound_by_success(void **state)
{
    char nonce[64];
    host_answer answer;
    host h;
    host_ask ask = { .nonce = nonce,
        .algorithm = "SHA-256-sess",
        .cnonce = "stranger",
        .password = "wrong" };

    (void)state;
    host_open(&h, all_algorithms);
    host_nonce(&h, nonce);
    assert_int_equal(send_ask(&h, ask, &answer), CSN_R_WRONG_RESPONSE);
    ask.user = "mallory";
    ask.password = NULL;
    assert_int_equal(send_ask(&h, ask, &answer), CSN_R_UNKNOWN_USER);
    ask.user = NULL;
    ask.cnonce = "own";
    assert_int_equal(send_ask(&h, ask, &answer), CSN_R_NONE);
    ask.nc = "00000002";
    ask.cnonce = "later";
    ask.first_cnonce = "own";
    assert_int_equal(send_ask(&h, ask, &answer), CSN_R_NONE);
    host_close(&h);
}

/* A new challenge, a new key: the old one is no good for it. */
static void
new_challenge(void **state)
{
    char old[64], young[64];
    host_answer answer;
    host h;
    host_ask ask = { .nonce = old, .algorithm = "SHA-256-sess" };

    (void)state;
    host_open(&h, all_algorithms);
    host_nonce(&h, old);
    host_nonce(&h, young);
    assert_int_equal(send_ask(&h, ask, &answer), CSN_R_NONE);
    ask.first_nonce = old;
    ask.nonce = young;
    assert_int_equal(send_ask(&h, ask, &answer), CSN_R_WRONG_RESPONSE);
    ask.first_nonce = NULL;
    assert_int_equal(send_ask(&h, ask, &answer), CSN_R_NONE);
    host_close(&h);
}

/* One nonce with and without -sess: a key of each request's own is right. */
static void
mixed(void **state)
{
    char nonce[64];
    host_answer answer;
    host h;

    (void)state;
    host_open(&h, all_algorithms);
    host_nonce(&h, nonce);
    assert_int_equal(send_ask(&h, (host_ask){ .nonce = nonce }, &answer),
        CSN_R_NONE);
    assert_false(answer.session_asked);
    assert_int_equal(answer.mark.session_len, 0);
    assert_int_equal(send_ask(&h,
                         (host_ask){ .nonce = nonce,
                             .nc = "00000002",
                             .cnonce = "first",
                             .algorithm = "SHA-256-sess" },
                         &answer),
        CSN_R_NONE);
    /* A key of another hash, and of the same length, is not its key. */
    assert_int_equal(send_ask(&h,
                         (host_ask){ .nonce = nonce,
                             .nc = "00000003",
                             .algorithm = "SHA-512-256-sess" },
                         &answer),
        CSN_R_NONE);
    assert_int_equal(send_ask(&h,
                         (host_ask){ .nonce = nonce,
                             .nc = "00000004",
                             .algorithm = "MD5-sess" },
                         &answer),
        CSN_R_NONE);
    assert_int_equal(send_ask(&h,
                         (host_ask){ .nonce = nonce,
                             .nc = "00000005",
                             .cnonce = "later",
                             .first_cnonce = "first",
                             .algorithm = "SHA-256-sess" },
                         &answer),
        CSN_R_NONE);
    assert_int_equal(answer.session, CSN_SESSION_FOUND);
    host_close(&h);
}

static void
other_user(void **state)
{
    char nonce[64];
    host_answer answer;
    host h;
    host_ask ask = { .nonce = nonce, .algorithm = "SHA-256-sess" };

    (void)state;
    host_open(&h, all_algorithms);
    host_nonce(&h, nonce);
    assert_int_equal(send_ask(&h, ask, &answer), CSN_R_NONE);
    ask.nc = "00000002";
    ask.user = "J\xc3\xa4s\xc3\xb8n Doe";
    assert_int_equal(send_ask(&h, ask, &answer), CSN_R_NONCE_OF_OTHER_USER);
    assert_int_equal(answer.session, CSN_SESSION_NONE);
    assert_true(answer.outcome.stale);
    ask.password = "wrong";
    assert_int_equal(send_ask(&h, ask, &answer), CSN_R_WRONG_RESPONSE);
    host_close(&h);
}

/* E-35: no nextnonce, also where an exchange without -sess sent one. */
static void
no_nextnonce(void **state)
{
    char nonce[64];
    host_answer answer;
    host h;
    host_ask ask = { .nonce = nonce, .algorithm = "SHA-256-sess" };

    (void)state;
    host_open(&h, all_algorithms);
    host_nonce(&h, nonce);
    h.now_ms += CSN_NONCE_LIFE_MS - 1;
    assert_int_equal(send_ask(&h, ask, &answer), CSN_R_NONE);
    assert_false(answer.mark.replace);
    assert_false(answer.nextnonce);
    assert_null(strstr(answer.info, "nextnonce"));
    assert_int_equal(
        send_ask(&h, (host_ask){ .nonce = nonce, .nc = "00000002" }, &answer),
        CSN_R_NONE);
    assert_true(answer.nextnonce);
    ask.nc = "00000003";
    assert_int_equal(send_ask(&h, ask, &answer), CSN_R_NONE);
    assert_false(answer.nextnonce);
    assert_null(strstr(answer.info, "nextnonce"));
    ask.nc = "ffffffff";
    assert_int_equal(send_ask(&h, ask, &answer), CSN_R_NONE);
    assert_false(answer.nextnonce);
    host_close(&h);
}

/* C-10: no session without qop, whatever else is allowed without. */
static void
no_qop(void **state)
{
    char nonce[64];
    host_answer answer;
    host h;
    host_ask ask = { .nonce = nonce,
        .algorithm = "MD5-sess",
        .qop = host_absent,
        .nc = host_absent,
        .cnonce = host_absent };

    (void)state;
    host_open(&h, all_and_no_qop);
    host_nonce(&h, nonce);
    assert_int_equal(send_ask(&h, ask, &answer), CSN_R_QOP_MISSING);
    assert_int_equal(answer.outcome.http_status, 400);
    assert_false(answer.looked_up);
    ask.algorithm = "MD5";
    assert_int_equal(send_ask(&h, ask, &answer), CSN_R_NONE);
    host_close(&h);
}

/* H-11: switched off, MD5 is refused whatever a live nonce says. */
static void
md5_switched_off(void **state)
{
    static const char *const names[] = { "MD5-sess", "MD5" };
    char nonce[64];
    host_answer answer;
    host h;

    (void)state;
    host_open(&h, all_algorithms);
    host_nonce(&h, nonce);
    h.config.allow_md5 = false;
    h.config.algorithm_count = 2;
    host_reload(&h);
    for (size_t i = 0; i < COUNT_OF(names); i++)
        assert_int_equal(
            send_ask(&h, (host_ask){ .nonce = nonce, .algorithm = names[i] },
                &answer),
            CSN_R_ALGORITHM_NOT_OFFERED);
    assert_int_equal(
        send_ask(&h, (host_ask){ .nonce = nonce, .algorithm = "SHA-256-sess" },
            &answer),
        CSN_R_NONE);
    host_close(&h);
}

static void
no_session_store(void **state)
{
    static const csn_session_result away = { .code = CSN_SESSION_UNAVAILABLE };
    char nonce[64];
    host_answer answer;
    host h;
    host_ask ask = { .nonce = nonce, .algorithm = "SHA-256-sess" };

    (void)state;
    host_open(&h, all_algorithms);
    host_nonce(&h, nonce);
    h.forced_session = &away;
    assert_int_equal(send_ask(&h, ask, &answer), CSN_R_COUNTS_FAILED);
    assert_int_equal(answer.outcome.http_status, 503);
    assert_false(answer.marked);
    assert_false(answer.outcome.failed_login);
    h.forced_session = NULL;
    assert_int_equal(send_ask(&h, ask, &answer), CSN_R_NONE);
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
        TEST("B-19 every algorithm is offered with a qop", offered),
        TEST("C-06 D-45 both readings, the key bound once", both_readings),
        TEST("D-45 only a right response binds", bound_by_success),
        TEST("C-07 a new challenge has a new key", new_challenge),
        TEST("C-06 one nonce with and without -sess", mixed),
        TEST("D-45 another user's nonce", other_user),
        TEST("E-35 no nextnonce under -sess", no_nextnonce),
        TEST("B-19 C-10 -sess without qop", no_qop),
        TEST("H-11 MD5-sess switched off", md5_switched_off),
        TEST("H-34 no answer about a session", no_session_store),
    };

    return CHECK_ROWS("algorithms", rows, run_row) +
        cmocka_run_group_tests_name("sessions", tests, NULL, NULL);
}
