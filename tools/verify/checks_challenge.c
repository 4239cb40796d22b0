// SPDX-License-Identifier: MIT
#include "check.h"

#include <countersign/field.h>
#include <string.h>

/* What a refusal offers. */

/* Names of all schemes, Digest with its algorithm, qop and the rest. */
static void
check_challenge(verify_run *run, const verify_check *check,
    verify_result *result)
{
    const char *text = "";

    for (size_t i = 0; i < run->offer.count; i++) {
        const verify_challenge *one = &run->offer.items[i];
        const csn_digest_challenge *digest = &one->digest;
        const char *scheme = inspect_visible(&run->scratch,
            one->params.scheme);

        text = csn_pool_format(&run->scratch, "%s%s%s", text,
            i == 0 ? "" : ", ", scheme);
        if (!one->is_digest)
            continue;
        text = csn_pool_format(&run->scratch, "%s %s (%s%s%s%s)", text,
            digest->algorithm == CSN_ALG_UNKNOWN
                ? "of an unknown algorithm"
                : inspect_visible(&run->scratch,
                      csn_algorithm_name(digest->algorithm)),
            !digest->has_qop                       ? "no qop"
                : digest->qops == 0                ? "no known qop"
                : digest->qops == CSN_QOP_AUTH     ? "auth"
                : digest->qops == CSN_QOP_AUTH_INT ? "auth-int"
                                                   : "auth, auth-int",
            digest->userhash ? ", userhash" : "",
            digest->opaque.present ? ", opaque" : "",
            digest->domain.present ? ", domain" : "");
    }
    if (run->offer.count == 0)
        verify_miss(run, check, result, "%u, and no challenge",
            run->first_status);
    else
        verify_pass(run, check, result, "%s", text);
}

static void
check_digest(verify_run *run, const verify_check *check, verify_result *result)
{
    if (run->offer.count == 0)
        verify_skip(run, result, "there is no challenge at all");
    else if (verify_offer_choose(&run->offer) == NULL)
        verify_miss(run, check, result,
            "no Digest challenge that could be answered: nothing more can be "
            "checked");
    else
        verify_pass(run, check, result, "realm %s",
            inspect_visible(&run->pool, verify_quote(run, run->base.realm)));
}

static void
check_grammar(verify_run *run, const verify_check *check,
    verify_result *result)
{
    if (run->offer.malformed)
        verify_miss(run, check, result,
            "a challenge does not parse: it is dropped by clients");
    else
        verify_pass(run, check, result, "it parses");
}

/* A challenge of the other layer beside the layer's own. */
static void
check_layer(verify_run *run, const verify_check *check, verify_result *result)
{
    const csn_layer other = run->layer == CSN_LAYER_ORIGIN ? CSN_LAYER_PROXY
                                                           : CSN_LAYER_ORIGIN;
    const csn_span name = csn_layer_challenge_field(other);
    verify_request request = verify_request_new(run);
    verify_response response = verify_exchange(run, 0, &request);

    if (verify_field_count(&response.fields, name) != 0)
        verify_miss(run, check, result, "%s stands beside it",
            inspect_visible(&run->scratch, name));
    else
        verify_pass(run, check, result, "nothing of the other layer");
}

/* Run `judge` over every Digest challenge; a text it gives is a miss. */
static void
each_challenge(verify_run *run, const verify_check *check,
    verify_result *result,
    const char *(*judge)(verify_run *run, const verify_challenge *one))
{
    for (size_t i = 0; i < run->offer.count; i++) {
        const verify_challenge *one = &run->offer.items[i];
        const char *text = csn_name_equal(one->params.scheme,
                               CSN_SPAN("Digest"))
            ? judge(run, one)
            : NULL;

        if (text != NULL)
            verify_miss(run, check, result, "%s", text);
    }
    if (result->text == NULL)
        verify_pass(run, check, result, "as it should be");
}

static bool
has(const verify_challenge *one, const char *name)
{
    return verify_param_find(&one->params, csn_text_of(name)) != NULL;
}

static const char *
judge_complete(verify_run *run, const verify_challenge *one)
{
    (void)run;
    if (!has(one, "realm"))
        return "realm is missing";
    if (!has(one, "nonce"))
        return "nonce is missing";
    return has(one, "qop") ? NULL : "qop is missing";
}

static const char *
judge_named(verify_run *run, const verify_challenge *one)
{
    (void)run;
    return has(one, "algorithm") ? NULL : "algorithm is missing: MD5 is meant";
}

static const char *
judge_quotes(verify_run *run, const verify_challenge *one)
{
    static const char *const quoted[] = { "realm", "domain", "nonce", "opaque",
        "qop" };
    static const char *const bare[] = { "stale", "algorithm" };
    const verify_param *param;

    for (size_t i = 0; i < sizeof(quoted) / sizeof(quoted[0]); i++) {
        param = verify_param_find(&one->params, csn_text_of(quoted[i]));
        if (param != NULL && !param->value.quoted)
            return csn_pool_format(&run->scratch, "%s is not quoted",
                quoted[i]);
    }
    for (size_t i = 0; i < sizeof(bare) / sizeof(bare[0]); i++) {
        param = verify_param_find(&one->params, csn_text_of(bare[i]));
        if (param != NULL && param->value.quoted)
            return csn_pool_format(&run->scratch, "%s is quoted", bare[i]);
    }
    return NULL;
}

static const char *
judge_session(verify_run *run, const verify_challenge *one)
{
    (void)run;
    return one->is_digest && csn_algorithm_is_session(one->digest.algorithm) &&
            !one->digest.has_qop
        ? "-sess without qop"
        : NULL;
}

static const char *
judge_stale(verify_run *run, const verify_challenge *one)
{
    (void)run;
    return one->is_digest && one->digest.stale
        ? "stale=true, and no credentials were sent"
        : NULL;
}

static const char *
judge_charset(verify_run *run, const verify_challenge *one)
{
    const verify_param *param = verify_param_find(&one->params,
        CSN_SPAN("charset"));

    (void)run;
    if (param == NULL)
        return "no charset";
    return csn_name_equal(param->text, CSN_SPAN("UTF-8"))
        ? NULL
        : "another charset than UTF-8";
}

static const char *
judge_domain(verify_run *run, const verify_challenge *one)
{
    (void)run;
    return has(one, "domain") ? "domain means nothing at a proxy" : NULL;
}

#define EACH(name)                                                            \
    static void check_each_##name(verify_run *run, const verify_check *check, \
        verify_result *result)                                                \
    {                                                                         \
        each_challenge(run, check, result, judge_##name);                     \
    }
EACH(complete)
EACH(named)
EACH(quotes)
EACH(session)
EACH(stale)
EACH(charset)
EACH(domain)
#undef EACH

static void
check_lines(verify_run *run, const verify_check *check, verify_result *result)
{
    if (run->offer.lines < run->offer.count)
        verify_miss(run, check, result, "%zu challenges in %zu line%s",
            run->offer.count, run->offer.lines,
            run->offer.lines == 1 ? "" : "s");
    else
        verify_pass(run, check, result, "one line each");
}

/* Whether it is Digest, with an algorithm that is known. */
static bool
is_digest(const verify_run *run, size_t i)
{
    return run->offer.items[i].is_digest &&
        run->offer.items[i].digest.algorithm != CSN_ALG_UNKNOWN;
}

static csn_hash
hash_at(const verify_run *run, size_t i)
{
    return csn_algorithm_hash(run->offer.items[i].digest.algorithm);
}

static void
check_strong(verify_run *run, const verify_check *check, verify_result *result)
{
    bool strong = false;
    bool weak = false;

    for (size_t i = 0; i < run->offer.count; i++) {
        if (!is_digest(run, i))
            continue;
        strong = strong || hash_at(run, i) != CSN_HASH_MD5;
        weak = weak || hash_at(run, i) == CSN_HASH_MD5;
    }
    if (!strong)
        verify_miss(run, check, result, "MD5 alone");
    else if (weak)
        verify_miss(run, check, result, "MD5 too");
    else
        verify_pass(run, check, result, "SHA-2 alone");
}

static void
check_algorithms(verify_run *run, const verify_check *check,
    verify_result *result)
{
    for (size_t i = 0; i < run->offer.count; i++) {
        for (size_t j = 0; j < i; j++) {
            const verify_challenge *a = &run->offer.items[j];
            const verify_challenge *b = &run->offer.items[i];

            if (a->is_digest && b->is_digest &&
                a->digest.algorithm == b->digest.algorithm &&
                csn_text_same(a->realm, b->realm))
                verify_miss(run, check, result,
                    "two challenges have the same algorithm and realm");
        }
    }
    if (result->text == NULL)
        verify_pass(run, check, result, "each has its own");
}

static void
check_order(verify_run *run, const verify_check *check, verify_result *result)
{
    for (size_t i = 1; i < run->offer.count; i++) {
        if (is_digest(run, i) && is_digest(run, i - 1) &&
            hash_at(run, i - 1) == CSN_HASH_MD5 &&
            hash_at(run, i) != CSN_HASH_MD5)
            verify_miss(run, check, result, "MD5 comes before SHA-2");
    }
    if (result->text == NULL)
        verify_pass(run, check, result, "strongest first");
}

static void
check_basic(verify_run *run, const verify_check *check, verify_result *result)
{
    for (size_t i = 0; i < run->offer.count; i++) {
        if (csn_name_equal(run->offer.items[i].params.scheme,
                CSN_SPAN("Basic")))
            verify_miss(run, check, result,
                "Basic too: who listens gets the password from some client");
    }
    if (result->text == NULL)
        verify_pass(run, check, result, "no Basic");
}

static void
check_transport(verify_run *run, const verify_check *check,
    verify_result *result)
{
    const csn_span url = csn_text_of(run->place.url);

    if (url.len >= 6 && memcmp(url.ptr, "https:", 6) == 0)
        verify_pass(run, check, result, "TLS");
    else if (memmem(url.ptr, url.len, "://127.", 7) != NULL ||
        memmem(url.ptr, url.len, "://localhost", 12) != NULL ||
        memmem(url.ptr, url.len, "://[::1]", 8) != NULL)
        verify_pass(run, check, result, "no TLS, but this machine");
    else
        verify_miss(run, check, result,
            "no TLS: weak passwords can be guessed by who listens");
}

static void
check_head(verify_run *run, const verify_check *check, verify_result *result)
{
    verify_request request = verify_request_new(run);
    verify_response get = verify_exchange(run, 0, &request);
    verify_response head;

    request.method = CSN_SPAN("HEAD");
    head = verify_exchange(run, 0, &request);
    if (csn_text_same(verify_outline(run, &get, false),
            verify_outline(run, &head, false)))
        verify_pass(run, check, result, "the same");
    else
        verify_miss(run, check, result, "HEAD gets %s, GET %s",
            verify_describe(run, &head), verify_describe(run, &get));
}

#define ROW(key, id, why, must, need, says, function)                         \
    {                                                                         \
        .name = (key), .ids = (id), .reason = CSN_R_##why,                    \
        .part = VERIFY_OFFERS, .level = VERIFY_##must, .needs = (need),       \
        .sentence = (says), .run = (function)                                 \
    }

const verify_check verify_checks_challenge[] = {
    ROW("challenge", "B-01 B-02", NO_CREDENTIALS, MUST, 0,
        "a request without credentials is challenged", check_challenge),
    ROW("digest", "B-11", NO_ACCEPTABLE, MUST, 0,
        "Digest is offered, with an algorithm and qop that are registered",
        check_digest),
    ROW("challenge-grammar", "A-02", NONE, MUST, 0, "the challenges parse",
        check_grammar),
    ROW("challenge-layer", "B-03", NONE, MUST, 0,
        "an origin sends no proxy's challenge, and a proxy no origin's",
        check_layer),
    ROW("challenge-complete", "B-04", NONE, MUST, 0,
        "Digest challenges have realm, nonce and qop", check_each_complete),
    ROW("challenge-algorithm", "B-04", NONE, PROFILE, 0,
        "Digest challenges name their algorithm", check_each_named),
    ROW("challenge-quotes", "A-62 A-63", NONE, MUST, 0,
        "parameters are quoted, or not, as RFC 7616 has it",
        check_each_quotes),
    ROW("challenge-lines", "B-16", NONE, SHOULD, 0,
        "each challenge has a line of its own", check_lines),
    ROW("head-alike", "B-29", NONE, PROFILE, VERIFY_NEEDS_PATH,
        "HEAD is challenged as GET is", check_head),
    ROW("algorithm-strong", "B-11 H-11", NONE, SHOULD, 0,
        "SHA-2 is offered, and MD5 is not", check_strong),
    ROW("algorithm-once", "B-14", NONE, MUST, 0,
        "no two challenges have the same algorithm", check_algorithms),
    ROW("algorithm-order", "B-15", NONE, MUST, 0, "the strongest comes first",
        check_order),
    ROW("session-qop", "B-19", NONE, MUST, 0,
        "-sess is offered with qop alone", check_each_session),
    ROW("basic-beside", "B-28", NONE, PROFILE, 0,
        "Basic is not offered beside Digest", check_basic),
    ROW("stale-unasked", "B-24", NONE, MUST, 0,
        "a challenge without credentials is not called stale",
        check_each_stale),
    ROW("charset", "B-20", NONE, SHOULD, 0, "charset=UTF-8 is said",
        check_each_charset),
    ROW("domain-at-proxy", "B-23", NONE, PROFILE, VERIFY_NEEDS_PROXY,
        "a proxy sends no domain", check_each_domain),
    ROW("transport", "H-16", NONE, SHOULD, 0, "Digest travels over TLS",
        check_transport),
    { .name = NULL },
};
