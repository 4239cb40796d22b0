// SPDX-License-Identifier: MIT
#include "check.h"
#include "rig.h"

/*
 * Nonces that the server did not give out, or not for this: none is taken,
 * however right the response is.
 */

static void
proxy_layer(csn_server_config *config)
{
    config->layer = CSN_LAYER_PROXY;
}
static void
other_realm(csn_server_config *config)
{
    config->realm = CSN_SPAN("test@example.com");
}
static void
other_site(csn_server_config *config)
{
    config->site = CSN_SPAN("intranet.example.org");
}
static void
moved_site_border(csn_server_config *config)
{
    config->realm = CSN_SPAN(ATTACK_REALM "w");
    config->site = CSN_SPAN("ww.example.org");
}
static void
other_algorithm(csn_server_config *config)
{
    config->algorithms[0] = CSN_ALG_SHA_512_256;
    config->algorithm_count = 1;
}

/* Nonces of another site that shares the keys (`one server, two names`). */
static const struct row {
    const char *name;
    void (*change)(csn_server_config *);
    csn_reason reason;
} rows[] = {
    { "B-10 nonce of another layer", proxy_layer, CSN_R_NONCE_UNKNOWN },
    { "D-13 nonce of another realm", other_realm, CSN_R_NONCE_UNKNOWN },
    { "B-10 nonce of another site", other_site, CSN_R_NONCE_UNKNOWN },
    { "B-10 nonce of a realm and site that join to the same",
        moved_site_border, CSN_R_NONCE_UNKNOWN },
    { "H-29 nonce offered with another algorithm", other_algorithm,
        CSN_R_ALGORITHM_NOT_OFFERED },
};

static void
check_elsewhere(void **state)
{
    const struct row *row = *state;
    attack_site here, elsewhere;
    attack_request request, there;
    char nonce[64];

    attack_open(&here, NULL);
    attack_open(&elsewhere, row->change);
    attack_nonce(&elsewhere, nonce);
    attack_right(&here, &request);
    attack_set(&request, P_NONCE, nonce);
    attack_sign(&request, "secret");
    attack_refused(row->name, &here, &request, row->reason);
    attack_right(&elsewhere, &there);
    attack_set(&there, P_NONCE, nonce);
    attack_sign(&there, "secret");
    attack_allowed(row->name, &elsewhere, &there);
    attack_right(&here, &request);
    attack_allowed(row->name, &here, &request);
    attack_close(&here);
    attack_close(&elsewhere);
}

static const char *const invented[] = {
    "",
    "A",
    "dcd98b7102dd2f0e8b11d0f600bfb0c093",
    "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "________________________________________________________",
    "'; DROP TABLE nonces; --",
    "../../../../etc/passwd",
    "%00",
};

static void
check_invented(void **state)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnop"
                                 "qrstuvwxyz0123456789-_";
    attack_request request, changed;
    attack_site site;

    (void)state;
    attack_open(&site, NULL);
    attack_right(&site, &request);
    changed = request;
    for (size_t i = 0; i < COUNT_OF(invented); i++) {
        attack_set(&changed, P_NONCE, invented[i]);
        attack_sign(&changed, "secret");
        attack_refused(invented[i], &site, &changed, CSN_R_NONCE_UNKNOWN);
    }
    /* A genuine one with one character changed, or cut, or longer. */
    for (size_t i = 0; i < strlen(request.value[P_NONCE]); i++) {
        for (size_t k = 0; k < 64; k += 7) {
            attack_answer answer;

            changed = request;
            if (changed.value[P_NONCE][i] == digits[k])
                continue;
            changed.value[P_NONCE][i] = digits[k];
            attack_sign(&changed, "secret");
            attack_send(&site, &changed, &answer);
            assert_int_not_equal(answer.outcome.verdict, CSN_VERDICT_ALLOW);
            assert_false(answer.outcome.stale);
            assert_false(answer.looked_up);
        }
        changed = request;
        changed.value[P_NONCE][i] = '\0';
        attack_sign(&changed, "secret");
        attack_refused("cut", &site, &changed, CSN_R_NONCE_UNKNOWN);
    }
    changed = request;
    strcat(changed.value[P_NONCE], "A");
    attack_sign(&changed, "secret");
    attack_refused("longer", &site, &changed, CSN_R_NONCE_UNKNOWN);
    attack_allowed("the genuine one", &site, &request);
    attack_close(&site);
}

/* bob uses the nonce that alice has proved herself with. */
static void
other_user(void **state)
{
    attack_request request, bobs;
    attack_site site;

    (void)state;
    attack_open(&site, NULL);
    attack_right(&site, &request);
    attack_allowed("alice", &site, &request);
    bobs = request;
    attack_set(&bobs, P_USERNAME, "bob");
    attack_set(&bobs, P_NC, "00000002");
    attack_sign(&bobs, "hunter2");
    attack_refused("bob on it", &site, &bobs, CSN_R_NONCE_OF_OTHER_USER);
    attack_set(&bobs, P_USERNAME, "alice");
    attack_sign(&bobs, "hunter2");
    attack_refused("bob as alice", &site, &bobs, CSN_R_WRONG_RESPONSE);
    attack_set(&request, P_NC, "00000002");
    attack_sign(&request, "secret");
    attack_allowed("alice again", &site, &request);

    attack_right(&site, &bobs);
    attack_set(&bobs, P_USERNAME, "bob");
    attack_sign(&bobs, "hunter2");
    attack_allowed("bob on his own", &site, &bobs);
    attack_close(&site);
}

/* A nextnonce is not good for another user either, nor in another realm. */
static void
nextnonce_of_other_user(void **state)
{
    attack_request request, bobs;
    attack_answer answer;
    attack_site site;
    const char *at;
    char next[64];

    (void)state;
    attack_open(&site, NULL);
    attack_right(&site, &request);
    site.now_ms += CSN_NONCE_LIFE_MS - 1;
    attack_send(&site, &request, &answer);
    at = strstr(answer.info, "nextnonce=\"");
    assert_non_null(at);
    snprintf(next, sizeof(next), "%.56s", at + 11);
    attack_set(&request, P_NONCE, next);
    attack_sign(&request, "secret");
    attack_allowed("alice goes on", &site, &request);
    bobs = request;
    attack_set(&bobs, P_USERNAME, "bob");
    attack_set(&bobs, P_NC, "00000002");
    attack_sign(&bobs, "hunter2");
    attack_refused("bob on her nextnonce", &site, &bobs,
        CSN_R_NONCE_OF_OTHER_USER);
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
        TEST("D-15 invented nonce", check_invented),
        TEST("D-42 another user's nonce", other_user),
        TEST("D-42 another user's nextnonce", nextnonce_of_other_user),
    };

    return CHECK_ROWS("nonces of elsewhere", rows, check_elsewhere) +
        cmocka_run_group_tests_name("nonces", tests, NULL, NULL);
}
