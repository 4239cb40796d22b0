// SPDX-License-Identifier: MIT
#include "check.h"
#include "rig.h"

/*
 * Attacks on the count: orders, edges of the window, the largest number, and
 * counts that a stranger sends to spoil another's nonce.
 */

enum { MAX_STEPS = 12 };

static const struct row {
    const char *name;
    struct step {
        const char *nc;
        csn_reason reason;
    } steps[MAX_STEPS];
} rows[] = {
    { "D-24 counts 1 5 5 2 3 4 once each",
        { { "00000001", CSN_R_NONE }, { "00000005", CSN_R_NONE },
            { "00000005", CSN_R_REPLAY }, { "00000002", CSN_R_NONE },
            { "00000003", CSN_R_NONE }, { "00000004", CSN_R_NONE },
            { "00000001", CSN_R_REPLAY }, { "00000002", CSN_R_REPLAY },
            { "00000003", CSN_R_REPLAY }, { "00000004", CSN_R_REPLAY },
            { "00000005", CSN_R_REPLAY }, { "00000006", CSN_R_NONE } } },
    /* 0x200 highest: 0x101 is the lowest that 256 counts still hold. */
    { "D-24 window edges",
        { { "00000200", CSN_R_NONE }, { "00000100", CSN_R_BELOW_WINDOW },
            { "00000101", CSN_R_NONE }, { "00000101", CSN_R_REPLAY },
            { "00000201", CSN_R_NONE }, { "00000101", CSN_R_BELOW_WINDOW },
            { "00000102", CSN_R_NONE }, { "00000200", CSN_R_REPLAY } } },
    { "D-24 the window leaps",
        { { "00000001", CSN_R_NONE }, { "00000100", CSN_R_NONE },
            { "00000001", CSN_R_REPLAY }, { "00000101", CSN_R_NONE },
            { "00000001", CSN_R_BELOW_WINDOW }, { "00000002", CSN_R_NONE },
            { "00010101", CSN_R_NONE }, { "00010002", CSN_R_NONE },
            { "00000101", CSN_R_BELOW_WINDOW } } },
    { "D-24 the count does not wrap",
        { { "00000001", CSN_R_NONE }, { "ffffffff", CSN_R_NONE },
            { "ffffffff", CSN_R_REPLAY }, { "00000001", CSN_R_BELOW_WINDOW },
            { "00000000", CSN_R_MALFORMED }, { "100000000", CSN_R_MALFORMED },
            { "00000002", CSN_R_BELOW_WINDOW }, { "ffffff00", CSN_R_NONE },
            { "fffffeff", CSN_R_BELOW_WINDOW },
            { "ffffff00", CSN_R_REPLAY } } },
};

static void
check_counts(void **state)
{
    const struct row *row = *state;
    attack_request request;
    attack_site site;

    attack_open(&site, NULL);
    attack_right(&site, &request);
    for (size_t i = 0; i < MAX_STEPS && row->steps[i].nc != NULL; i++) {
        const struct step *step = &row->steps[i];
        char name[64];

        snprintf(name, sizeof(name), "step %zu, %s", i + 1, step->nc);
        attack_set(&request, P_NC, step->nc);
        attack_sign(&request, "secret");
        if (step->reason == CSN_R_NONE)
            attack_allowed(name, &site, &request);
        else
            attack_refused(name, &site, &request, step->reason);
    }
    attack_close(&site);
}

/*
 * Whoever saw a nonce sends its largest count, without the secret, with
 * another user's, or on a nonce of his own: the owner's counts stay good.
 */
static void
huge_count(void **state)
{
    attack_request request, stranger;
    attack_site site;

    (void)state;
    attack_open(&site, NULL);
    attack_right(&site, &request);
    attack_allowed("the owner", &site, &request);

    stranger = request;
    attack_set(&stranger, P_NC, "ffffffff");
    attack_sign(&stranger, "a guess");
    attack_refused("without the secret", &site, &stranger,
        CSN_R_WRONG_RESPONSE);
    attack_set(&stranger, P_USERNAME, "bob");
    attack_sign(&stranger, "hunter2");
    attack_refused("another user", &site, &stranger,
        CSN_R_NONCE_OF_OTHER_USER);
    attack_set(&stranger, P_USERNAME, "nobody");
    attack_sign(&stranger, "hunter2");
    attack_refused("nobody", &site, &stranger, CSN_R_UNKNOWN_USER);
    attack_right(&site, &stranger);
    attack_set(&stranger, P_USERNAME, "bob");
    attack_set(&stranger, P_NC, "ffffffff");
    attack_sign(&stranger, "hunter2");
    attack_allowed("on his own nonce", &site, &stranger);

    attack_set(&request, P_NC, "00000002");
    attack_sign(&request, "secret");
    attack_allowed("the owner again", &site, &request);
    attack_close(&site);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        { "D-26 huge nc from a stranger", huge_count, NULL, NULL, NULL },
    };

    return CHECK_ROWS("counts", rows, check_counts) +
        cmocka_run_group_tests_name("strangers", tests, NULL, NULL);
}
