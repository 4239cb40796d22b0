// SPDX-License-Identifier: MIT
#include "check.h"
#include "rig.h"

#include <sys/wait.h>
#include <unistd.h>

/*
 * What was accepted once is sent again, octet for octet: whatever happened in
 * between it is never accepted again, and the next honest request is.
 */

#define MINUTE 60000u

static void
at_once(attack_site *site)
{
    (void)site;
}
static void
later(attack_site *site)
{
    site->now_ms += 4 * MINUTE;
}
static void
after_its_life(attack_site *site)
{
    site->now_ms += 6 * MINUTE;
}
static void
with_the_clock_set_back(attack_site *site)
{
    site->now_ms -= 60 * MINUTE;
}
static void
after_reload(attack_site *site)
{
    attack_reload(site);
}
static void
after_reload_with_one_time(attack_site *site)
{
    site->config.one_time = true;
    attack_reload(site);
}
static void
after_reload_with_another_algorithm(attack_site *site)
{
    site->config.algorithms[0] = CSN_ALG_SHA_512_256;
    site->config.algorithm_count = 1;
    attack_reload(site);
}
static void
after_key_rotation(attack_site *site)
{
    site->keys[1] = (csn_key){ .id = 2, .state = CSN_KEY_MINT };
    memset(site->keys[1].secret, 0x22, CSN_KEY_SIZE);
    site->keys[0].state = CSN_KEY_ACCEPT;
    site->key_count = 2;
    attack_reload(site);
}
static void
after_the_key_was_retired(attack_site *site)
{
    after_key_rotation(site);
    site->keys[0].state = CSN_KEY_RECOGNISE;
    attack_reload(site);
}
static void
after_restart(attack_site *site)
{
    attack_reload(site);
    attack_restart(site);
}
static const struct row {
    const char *name;
    void (*between)(attack_site *);
    csn_reason reason;
} rows[] = {
    { "D-23 exact replay at once", at_once, CSN_R_REPLAY },
    { "D-23 exact replay later", later, CSN_R_REPLAY },
    { "H-07 exact replay after the nonce's life", after_its_life,
        CSN_R_STALE },
    { "D-16 exact replay with the clock set back", with_the_clock_set_back,
        CSN_R_REPLAY },
    { "D-23 exact replay after reload", after_reload, CSN_R_REPLAY },
    { "D-23 exact replay after a reload to one-time nonces",
        after_reload_with_one_time, CSN_R_REPLAY },
    { "D-23 exact replay after a reload to another algorithm",
        after_reload_with_another_algorithm, CSN_R_REPLAY },
    { "D-23 exact replay after key rotation", after_key_rotation,
        CSN_R_REPLAY },
    { "D-17 exact replay after its key was retired", after_the_key_was_retired,
        CSN_R_STALE_KEY },
    { "H-07 exact replay after restart", after_restart, CSN_R_STALE_DOMAIN },
};

static void
check_replay(void **state)
{
    const struct row *row = *state;
    attack_request request;
    attack_site site;

    attack_open(&site, NULL);
    attack_right(&site, &request);
    attack_allowed(row->name, &site, &request);
    row->between(&site);
    attack_refused(row->name, &site, &request, row->reason);
    attack_refused(row->name, &site, &request, row->reason);

    attack_right(&site, &request);
    attack_allowed(row->name, &site, &request);
    attack_close(&site);
}

/* Send in a child process, which shares the table alone; its verdict. */
static csn_reason
send_elsewhere(attack_site *site, const attack_request *request)
{
    int status;
    pid_t child = fork();

    assert_int_not_equal(child, -1);
    if (child == 0) {
        attack_answer answer;

        attack_send(site, request, &answer);
        _exit((int)answer.outcome.reason);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return (csn_reason)WEXITSTATUS(status);
}

static void
another_process(void **state)
{
    attack_request request;
    attack_site site;

    (void)state;
    attack_open(&site, NULL);
    attack_right(&site, &request);
    attack_allowed("here first", &site, &request);
    assert_int_equal(send_elsewhere(&site, &request), CSN_R_REPLAY);
    attack_right(&site, &request);
    assert_int_equal(send_elsewhere(&site, &request), CSN_R_NONE);
    attack_refused("elsewhere first", &site, &request, CSN_R_REPLAY);
    attack_close(&site);
}

/* A table so small that the nonce makes way: stale, never fresh again. */
static void
after_eviction(void **state)
{
    attack_request request, others;
    attack_site site;
    attack_answer answer;

    (void)state;
    attack_open_sized(&site, NULL, csn_counts_min_size());
    attack_right(&site, &request);
    attack_allowed("first", &site, &request);
    for (unsigned i = 0; i < 2 * CSN_COUNTS_WAYS; i++) {
        site.now_ms++;
        attack_right(&site, &others);
        attack_allowed("others", &site, &others);
    }
    attack_refused("evicted", &site, &request, CSN_R_STALE_EVICTED);
    attack_set(&request, P_NC, "00000002");
    attack_sign(&request, "secret");
    attack_send(&site, &request, &answer);
    assert_int_equal(answer.outcome.reason, CSN_R_STALE_EVICTED);
    assert_true(answer.outcome.stale);
    attack_close(&site);
}

/* The response is another then, but the pair is used. */
static void
another_cnonce(void **state)
{
    attack_request request;
    attack_site site;

    (void)state;
    attack_open(&site, NULL);
    attack_right(&site, &request);
    attack_allowed("first", &site, &request);
    attack_set(&request, P_CNONCE, "another");
    attack_sign(&request, "secret");
    attack_refused("another cnonce", &site, &request, CSN_R_REPLAY);
    attack_set(&request, P_NC, "00000002");
    attack_sign(&request, "secret");
    attack_allowed("the next count", &site, &request);
    attack_close(&site);
}

/* The same count, written in another way. */
static void
another_spelling(void **state)
{
    attack_request request;
    attack_site site;

    (void)state;
    attack_open(&site, NULL);
    attack_right(&site, &request);
    attack_set(&request, P_NC, "0000000a");
    attack_sign(&request, "secret");
    attack_allowed("first", &site, &request);
    attack_set(&request, P_NC, "0000000A");
    attack_sign(&request, "secret");
    attack_refused("upper case", &site, &request, CSN_R_REPLAY);
    attack_set(&request, P_NC, "\"0000000a\"");
    attack_sign(&request, "secret");
    attack_refused("quotes under the hash", &site, &request,
        CSN_R_WRONG_RESPONSE);
    attack_close(&site);
}

/* -sess does not open a second life for a count. */
static void
session_replay(void **state)
{
    attack_request request;
    attack_site site;

    (void)state;
    attack_open(&site, NULL);
    site.config.algorithms[0] = CSN_ALG_SHA_256_SESS;
    site.config.algorithm_count = 1;
    attack_reload(&site);
    attack_right(&site, &request);
    attack_allowed("first", &site, &request);
    attack_refused("at once", &site, &request, CSN_R_REPLAY);
    attack_set(&request, P_CNONCE, "another");
    attack_sign(&request, "secret");
    attack_refused("with a session of its own", &site, &request, CSN_R_REPLAY);
    attack_close(&site);
}

#define TEST(name, function)                                                  \
    {                                                                         \
        name, function, NULL, NULL, NULL                                      \
    }

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("D-18 exact replay on another worker", another_process),
        TEST("H-07 exact replay after its line made way", after_eviction),
        TEST("D-23 same nonce and nc with another cnonce", another_cnonce),
        TEST("D-23 same nonce and nc in another spelling", another_spelling),
        TEST("D-23 exact replay of a -sess request", session_replay),
    };

    return CHECK_ROWS("exact replay", rows, check_replay) +
        cmocka_run_group_tests_name("replay", tests, NULL, NULL);
}
