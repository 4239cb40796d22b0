// SPDX-License-Identifier: MIT
#include "check.h"
#include "host.h"

/*
 * A -sess response whose session can't be known any more. Whether it is right
 * hangs on a request that is forgotten, so everybody gets the same: stale,
 * and no failed login. What a nonce that is still good gets stands beside it.
 */

static void
with_session(csn_server_config *config)
{
    config->algorithms[0] = CSN_ALG_SHA_256_SESS;
    config->algorithms[1] = CSN_ALG_SHA_256;
    config->algorithm_count = 2;
}

static void
past_its_age(host *h)
{
    h->now_ms += CSN_NONCE_LIFE_MS + CSN_OLD_GRACE_MS + 1;
}

static void
at_its_age(host *h)
{
    h->now_ms += CSN_NONCE_LIFE_MS;
}

static void
past_its_life(host *h)
{
    h->now_ms += CSN_NONCE_LIFE_MS + CSN_OLD_GRACE_MS;
}

static void
key_recognised(host *h)
{
    h->keys[1] = h->keys[0];
    h->keys[1].id = 2;
    h->keys[0].state = CSN_KEY_RECOGNISE;
    h->key_count = 2;
    host_reload(h);
}

static void
lost(host *h)
{
    static const csn_session_result gone = { .code = CSN_SESSION_LOST };

    h->forced_session = &gone;
}

/* The right key, and something wrong about it. */
static csn_session_result kept;

static void
key_too_short(host *h)
{
    kept.key_len = 16;
    h->forced_session = &kept;
}

static void
key_not_found(host *h)
{
    kept.code = CSN_SESSION_NONE;
    h->forced_session = &kept;
}

static void
untouched(host *h)
{
    (void)h;
}

static const struct row {
    const char *name;
    void (*change)(host *h);
    csn_reason keeps;   /* the client that keeps its key */
    csn_reason anew;    /* the one that makes a key of each request */
    csn_reason wrong;   /* a wrong password */
    csn_reason unknown; /* nobody */
} rows[] = {
    { "D-45 a session that is known", untouched, CSN_R_NONE, CSN_R_NONE,
        CSN_R_WRONG_RESPONSE, CSN_R_UNKNOWN_USER },
    { "D-14 in the last millisecond of the life", at_its_age, CSN_R_NONE,
        CSN_R_NONE, CSN_R_WRONG_RESPONSE, CSN_R_UNKNOWN_USER },
    { "D-20 in the grace of a nonce never replaced", past_its_life,
        CSN_R_STALE, CSN_R_STALE, CSN_R_WRONG_RESPONSE, CSN_R_UNKNOWN_USER },
    { "D-19 past its age", past_its_age, CSN_R_STALE, CSN_R_STALE, CSN_R_STALE,
        CSN_R_STALE },
    { "D-17 after a restart", host_restart, CSN_R_STALE_DOMAIN,
        CSN_R_STALE_DOMAIN, CSN_R_STALE_DOMAIN, CSN_R_STALE_DOMAIN },
    { "H-04 under a key that is only recognised", key_recognised,
        CSN_R_STALE_KEY, CSN_R_STALE_KEY, CSN_R_STALE_KEY, CSN_R_STALE_KEY },
    { "H-05 made way, or may have", lost, CSN_R_STALE_EVICTED,
        CSN_R_STALE_EVICTED, CSN_R_STALE_EVICTED, CSN_R_STALE_EVICTED },
    { "D-45 no session, whatever stands in its place", key_not_found,
        CSN_R_WRONG_RESPONSE, CSN_R_NONE, CSN_R_WRONG_RESPONSE,
        CSN_R_UNKNOWN_USER },
    { "D-45 a key of another hash's length", key_too_short,
        CSN_R_WRONG_RESPONSE, CSN_R_NONE, CSN_R_WRONG_RESPONSE,
        CSN_R_UNKNOWN_USER },
};

static void
check(const struct row *row, host *h, host_ask ask, csn_reason want)
{
    bool failed = want == CSN_R_WRONG_RESPONSE || want == CSN_R_UNKNOWN_USER;
    host_answer answer;

    host_send(h, &ask, &answer);
    CHECK_EQ(row->name, answer.outcome.reason, want);
    CHECK_EQ(row->name, answer.outcome.failed_login, failed);
    CHECK_EQ(row->name, answer.outcome.stale, want != CSN_R_NONE && !failed);
    CHECK_EQ(row->name, answer.outcome.http_status,
        want == CSN_R_NONE ? 0 : 401);
    CHECK_EQ(row->name, strstr(answer.challenges[0], "stale=true") != NULL,
        want != CSN_R_NONE && !failed);
}

static void
run_row(void **state)
{
    const struct row *row = *state;
    char nonce[64];
    host_answer answer;
    host h;
    host_ask ask = { .nonce = nonce,
        .algorithm = "SHA-256-sess",
        .cnonce = "first" };
    host_ask keeps = ask;

    host_open(&h, with_session);
    host_nonce(&h, nonce);
    host_send(&h, &ask, &answer);
    assert_int_equal(answer.outcome.reason, CSN_R_NONE);
    kept = (csn_session_result){ .code = CSN_SESSION_FOUND,
        .key_len = answer.mark.session_len };
    memcpy(kept.key, answer.mark.session, sizeof(kept.key));
    row->change(&h);

    keeps.cnonce = "second";
    keeps.first_cnonce = "first";
    keeps.nc = "00000002";
    check(row, &h, keeps, row->keeps);
    ask.cnonce = "third";
    ask.nc = "00000003";
    check(row, &h, ask, row->anew);
    ask.nc = "00000004";
    ask.password = "wrong";
    check(row, &h, ask, row->wrong);
    ask.user = "mallory";
    check(row, &h, ask, row->unknown);
    host_close(&h);
}

/* D-20, H-10: without -sess an old nonce is no better an oracle for it. */
static void
plain(void **state)
{
    char nonce[64];
    host_answer answer;
    host h;
    host_ask ask = { .nonce = nonce };

    (void)state;
    host_open(&h, with_session);
    host_nonce(&h, nonce);
    past_its_age(&h);
    host_send(&h, &ask, &answer);
    assert_int_equal(answer.outcome.reason, CSN_R_STALE);
    ask.password = "wrong";
    host_send(&h, &ask, &answer);
    assert_int_equal(answer.outcome.reason, CSN_R_WRONG_RESPONSE);
    assert_true(answer.outcome.failed_login);
    host_close(&h);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        { "D-20 H-10 an old nonce without -sess", plain, NULL, NULL, NULL },
    };

    return CHECK_ROWS("sessions that are gone", rows, run_row) +
        cmocka_run_group_tests_name("beside them", tests, NULL, NULL);
}
