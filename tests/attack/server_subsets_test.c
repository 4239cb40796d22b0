// SPDX-License-Identifier: MIT
#include "check.h"
#include "rig.h"

/*
 * Every subset of the parameters of credentials, against every way to set a
 * server up. What is sent is right, response included: what decides is what
 * is there. An oracle that knows the requirements and not the engine says
 * what the answer must be.
 */

enum { SUBSETS = 1 << P_COUNT };

#define HAS(set, param) (((set) >> (param)&1u) != 0)

static const struct row {
    const char *name;
    csn_algorithm algorithm;
    unsigned qops;
    const char *qop; /* what is sent */
    bool one_time;
    bool legacy;
    const char *opaque;
} rows[] = {
    { "auth", CSN_ALG_SHA_256, CSN_QOP_AUTH, "auth", false, false, "" },
    { "auth-int", CSN_ALG_SHA_256, CSN_QOP_AUTH_INT, "auth-int", false, false,
        "" },
    { "both, auth sent", CSN_ALG_SHA_256, CSN_QOP_AUTH | CSN_QOP_AUTH_INT,
        "auth", false, false, "" },
    { "both, auth-int sent", CSN_ALG_SHA_256, CSN_QOP_AUTH | CSN_QOP_AUTH_INT,
        "auth-int", false, false, "" },
    { "auth, auth-int sent", CSN_ALG_SHA_256, CSN_QOP_AUTH, "auth-int", false,
        false, "" },
    { "auth-int, auth sent", CSN_ALG_SHA_256, CSN_QOP_AUTH_INT, "auth", false,
        false, "" },
    { "-sess", CSN_ALG_SHA_256_SESS, CSN_QOP_AUTH, "auth", false, false, "" },
    { "-sess, auth-int", CSN_ALG_SHA_256_SESS, CSN_QOP_AUTH_INT, "auth-int",
        false, false, "" },
    { "one-time", CSN_ALG_SHA_256, CSN_QOP_AUTH, "auth", true, false, "" },
    { "legacy", CSN_ALG_MD5, CSN_QOP_AUTH, "auth", false, true, "" },
    { "legacy, one-time", CSN_ALG_MD5, CSN_QOP_AUTH, "auth", true, true, "" },
    { "legacy, -sess", CSN_ALG_MD5_SESS, CSN_QOP_AUTH, "auth", false, true,
        "" },
    { "opaque", CSN_ALG_SHA_256, CSN_QOP_AUTH, "auth", false, false, "o\"p" },
    { "legacy, opaque", CSN_ALG_MD5, CSN_QOP_AUTH, "auth", false, true, "o" },
};

/* D-02 to D-04, and B-21: what cannot be judged at all. */
static bool
is_bad(unsigned set, bool userhash)
{
    static const attack_param required[] = { P_REALM, P_NONCE, P_URI,
        P_RESPONSE };
    bool named = HAS(set, P_USERNAME);
    bool extended = HAS(set, P_USERNAME_EXT);

    for (size_t i = 0; i < COUNT_OF(required); i++) {
        if (!HAS(set, required[i]))
            return true;
    }
    return named == extended || (HAS(set, P_USERHASH) && extended) ||
        (HAS(set, P_USERHASH) && !userhash) ||
        (HAS(set, P_QOP) && !(HAS(set, P_CNONCE) && HAS(set, P_NC)));
}

/* The answer's status, 0 for ALLOW, in the order of D-42. */
static unsigned
oracle(const struct row *row, bool userhash, unsigned set)
{
    bool is_md5 = row->algorithm == CSN_ALG_MD5;
    bool is_sess = row->algorithm == CSN_ALG_SHA_256_SESS ||
        row->algorithm == CSN_ALG_MD5_SESS;
    unsigned qop = strcmp(row->qop, "auth") == 0 ? CSN_QOP_AUTH
                                                 : CSN_QOP_AUTH_INT;

    if (is_bad(set, userhash))
        return 400;
    if (!HAS(set, P_ALGORITHM) && !is_md5)
        return 401; /* D-07: it means MD5 */
    if (HAS(set, P_QOP) && (row->qops & qop) == 0)
        return 400; /* D-08 */
    if (!HAS(set, P_QOP) && (!row->legacy || is_sess))
        return 400; /* D-09, C-10 */
    if (!HAS(set, P_OPAQUE) && row->opaque[0] != '\0')
        return 401; /* D-11 */
    return 0;
}

/* Said once more without the oracle: what nobody gets in without. */
static void
check_allowed(const struct row *row, unsigned set)
{
    assert_true(HAS(set, P_USERNAME) != HAS(set, P_USERNAME_EXT));
    assert_true(HAS(set, P_REALM) && HAS(set, P_NONCE) && HAS(set, P_URI) &&
        HAS(set, P_RESPONSE));
    assert_true(row->legacy ||
        (HAS(set, P_QOP) && HAS(set, P_NC) && HAS(set, P_CNONCE)));
    assert_true(HAS(set, P_ALGORITHM) || row->algorithm == CSN_ALG_MD5);
    assert_true(HAS(set, P_OPAQUE) || row->opaque[0] == '\0');
}

/* The parameters of `set`, right as far as they are there. */
static void
make_request(attack_site *site, const struct row *row, unsigned set,
    attack_request *request)
{
    char hex[65];

    attack_right(site, request);
    attack_set(request, P_QOP, row->qop);
    attack_set(request, P_USERNAME_EXT, "UTF-8''alice");
    attack_set(request, P_OPAQUE,
        row->opaque[0] == 'o' && row->opaque[1] != '\0' ? "o\\\"p" : "o");
    attack_set(request, P_USERHASH, "true");
    for (int i = 0; i < P_COUNT; i++)
        request->sent[i] = HAS(set, i);
    if (HAS(set, P_USERHASH)) {
        attack_hash(HAS(set, P_ALGORITHM) ? request->value[P_ALGORITHM] : "",
            "alice:" ATTACK_REALM, hex);
        snprintf(request->value[P_USERNAME], ATTACK_VALUE, "%s", hex);
        snprintf(request->value[P_USERNAME_EXT], ATTACK_VALUE, "UTF-8''%s",
            hex);
    }
    snprintf(request->content, sizeof(request->content), "content");
    attack_sign(request, "secret");
    request->sent[P_RESPONSE] = HAS(set, P_RESPONSE);
}

static void
describe(unsigned set, char *out, size_t cap)
{
    static const char *const names[P_COUNT] = { "username", "username*",
        "realm", "nonce", "uri", "response", "cnonce", "nc", "qop", "opaque",
        "algorithm", "userhash" };

    out[0] = '\0';
    for (int i = 0; i < P_COUNT; i++) {
        if (HAS(set, i))
            snprintf(out + strlen(out), cap - strlen(out), "%s ", names[i]);
    }
}

static void
check_subset(attack_site *site, const struct row *row, unsigned set,
    unsigned want)
{
    attack_request request;
    attack_answer answer;
    char name[200];

    describe(set, name, sizeof(name));
    make_request(site, row, set, &request);
    attack_send(site, &request, &answer);
    CHECK_EQ(name, answer.outcome.http_status, want);
    CHECK_EQ(name, answer.outcome.verdict == CSN_VERDICT_ALLOW, want == 0);
    CHECK_EQ(name, answer.marked, want == 0);
    if (want != 0) {
        assert_string_equal(answer.info, "");
        return;
    }
    check_allowed(row, set);
    attack_send(site, &request, &answer);
    CHECK_EQ(name, answer.outcome.http_status, 401);
    assert_true(answer.outcome.stale);
    make_request(site, row, set, &request);
    request.value[P_RESPONSE][7] = request.value[P_RESPONSE][7] == '0' ? '1'
                                                                       : '0';
    attack_send(site, &request, &answer);
    CHECK_EQ(name, answer.outcome.reason, CSN_R_WRONG_RESPONSE);
}

static void
check_subsets(const struct row *row, bool userhash)
{
    attack_site site;
    unsigned allowed = 0;

    attack_open(&site, NULL);
    site.config.algorithms[0] = row->algorithm;
    site.config.algorithm_count = 1;
    site.config.allow_md5 = true;
    site.config.qops = row->qops;
    site.config.one_time = row->one_time;
    site.config.legacy_no_qop = row->legacy;
    site.config.opaque = check_text(row->opaque);
    site.config.userhash = userhash;
    attack_reload(&site);
    for (unsigned set = 0; set < SUBSETS; set++) {
        unsigned want = oracle(row, userhash, set);

        allowed += want == 0;
        check_subset(&site, row, set, want);
    }
    /* A table in which nothing is let in would show nothing. */
    CHECK_EQ(row->name, allowed != 0,
        strstr(row->qop, "int") != NULL ? (row->qops & CSN_QOP_AUTH_INT) != 0
                                        : (row->qops & CSN_QOP_AUTH) != 0);
    attack_close(&site);
}

static void
check_row(void **state)
{
    check_subsets(*state, false);
    check_subsets(*state, true);
}

int
main(void)
{
    static char names[COUNT_OF(rows)][80];
    struct CMUnitTest tests[COUNT_OF(rows)];

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        snprintf(names[i], sizeof(names[i]),
            "D-02 all subsets of parameters: %s", rows[i].name);
        tests[i] = (struct CMUnitTest){ .name = names[i],
            .test_func = check_row,
            .initial_state = (void *)(uintptr_t)&rows[i] };
    }
    return cmocka_run_group_tests_name("all subsets of parameters", tests,
        NULL, NULL);
}
