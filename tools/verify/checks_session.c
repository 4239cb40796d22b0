// SPDX-License-Identifier: MIT
#include "info.h"

#include <string.h>

/* What lasts longer than a request: algorithms, -sess, nextnonce; and names
 * in other forms. */

enum {
    LOGIN = VERIFY_NEEDS_LOGIN,
    QOP = VERIFY_NEEDS_LOGIN | VERIFY_NEEDS_QOP,
    SESSION = VERIFY_NEEDS_LOGIN | VERIFY_NEEDS_SESSION,
    WAIT = VERIFY_NEEDS_LOGIN | VERIFY_NEEDS_QOP | VERIFY_NEEDS_WAIT
};

/* The fresh challenge of the kind of `wanted`; false: it is gone. */
static bool
ask_for(verify_run *run, const verify_challenge *wanted,
    verify_challenge *challenge)
{
    const verify_challenge base = run->base;
    bool found;

    run->base = *wanted;
    found = verify_ask(run, 0, run->mode, challenge);
    run->base = base;
    return found;
}

static void
check_algorithms(verify_run *run, const verify_check *check,
    verify_result *result)
{
    for (size_t i = 0; i < run->offer.count; i++) {
        const verify_challenge *one = &run->offer.items[i];
        verify_request request = verify_request_new(run);
        verify_challenge challenge;
        verify_response response;
        verify_form form;

        if (!one->is_digest || one->digest.algorithm == CSN_ALG_UNKNOWN ||
            (csn_algorithm_is_session(one->digest.algorithm) &&
                !verify_challenge_is_session(one)) ||
            !csn_text_same(one->realm, run->base.realm) ||
            !ask_for(run, one, &challenge))
            continue;
        form = verify_form_new(run, &challenge, &request, 1);
        response = verify_send_form(run, 0, &request, &form);
        verify_judge(run, check, result,
            inspect_visible(&run->pool,
                csn_algorithm_name(one->digest.algorithm)),
            request.method, &response);
    }
}

/* The first -sess challenge. */
static const verify_challenge *
session_of(const verify_run *run)
{
    for (size_t i = 0; i < run->offer.count; i++) {
        if (verify_challenge_is_session(&run->offer.items[i]))
            return &run->offer.items[i];
    }
    return NULL;
}

/* The key that the first credentials make. */
static csn_span
session_key(verify_run *run, const verify_form *form)
{
    const csn_hash hash = csn_algorithm_hash(form->algorithm);
    csn_span ha1 = verify_ha1(run, hash, run->user, run->base.realm,
        run->password);
    csn_span text = csn_pool_join(&run->scratch, ha1, CSN_SPAN(":"),
        form->entries[VERIFY_NONCE].text, CSN_SPAN(":"));

    return verify_hash_hex(run, hash,
        csn_pool_join(&run->scratch, text, form->entries[VERIFY_CNONCE].text,
            (csn_span){ NULL, 0 }, (csn_span){ NULL, 0 }));
}

/* A second request of a session, with another cnonce; `kept` says whether
 * the key is the first one's. */
static void
check_key(verify_run *run, const verify_check *check, verify_result *result,
    bool kept)
{
    verify_request request = verify_request_new(run);
    verify_challenge challenge;
    verify_response response;
    verify_form first, second;
    verify_info info;

    if (!ask_for(run, session_of(run), &challenge)) {
        verify_skip(run, result, "no challenge came");
        return;
    }
    first = verify_form_new(run, &challenge, &request, 1);
    response = verify_send_form(run, 0, &request, &first);
    if (verify_outcome_of(run, request.method, &response) != VERIFY_LET_IN) {
        verify_skip(run, result, "the first login of a session got %s",
            verify_describe(run, &response));
        return;
    }
    second = verify_form_new(run, &challenge, &request, 2);
    if (kept)
        second.session_hex = session_key(run, &first);
    response = verify_send_form(run, 0, &request, &second);
    verify_judge(run, check, result,
        kept ? "the key of the first request" : "a key made anew",
        request.method, &response);
    info = verify_info_read(run, &second, &response);
    if (kept && info.proof == VERIFY_WRONG)
        verify_miss(run, check, result, "%s then", info.text);
}

static void
check_kept(verify_run *run, const verify_check *check, verify_result *result)
{
    check_key(run, check, result, true);
}

/* K-14: many clients do so. */
static void
check_rebuilt(verify_run *run, const verify_check *check,
    verify_result *result)
{
    check_key(run, check, result, false);
}

static void
check_hash(verify_run *run, const verify_check *check, verify_result *result)
{
    verify_request request;
    verify_challenge challenge;
    verify_response response;
    verify_form form;
    csn_span text;

    if (!verify_prepare(run, 0, &request, &challenge, &form, 1, result))
        return;
    text = csn_pool_join(&run->scratch, run->user, CSN_SPAN(":"),
        challenge.realm, (csn_span){ NULL, 0 });
    form.entries[VERIFY_USERNAME].text = verify_hash_hex(run,
        csn_algorithm_hash(form.algorithm), text);
    form.entries[VERIFY_USERHASH] = (verify_entry){ .text = CSN_SPAN("true"),
        .shape = VERIFY_TOKEN };
    response = verify_send_form(run, 0, &request, &form);
    verify_judge(run, check, result, "a hashed name", request.method,
        &response);
    if (verify_info_read(run, &form, &response).proof == VERIFY_WRONG)
        verify_miss(run, check, result, "rspauth is wrong then");
}

static void
check_star(verify_run *run, const verify_check *check, verify_result *result)
{
    uint8_t *octets = csn_pool_alloc(&run->scratch, 3 * run->user.len + 16);
    csn_writer out = csn_writer_init(octets, 3 * run->user.len + 16);
    verify_request request;
    verify_challenge challenge;
    verify_response response;
    verify_form form;

    if (csn_ext_value_write(&out, run->user) != CSN_OK) {
        verify_skip(run, result, "the name is not UTF-8");
        return;
    }
    if (!verify_prepare(run, 0, &request, &challenge, &form, 1, result))
        return;
    form.entries[VERIFY_USERNAME].shape = VERIFY_ABSENT;
    form.entries[VERIFY_USERNAME_EXT] =
        (verify_entry){ .text = csn_writer_span(&out), .shape = VERIFY_TOKEN };
    response = verify_send_form(run, 0, &request, &form);
    verify_judge(run, check, result, "the name as username*", request.method,
        &response);
}

/* Log in with `challenge`; nextnonce of the answer, or nothing. */
static csn_span
nextnonce_of(verify_run *run, const verify_challenge *challenge,
    verify_response *response)
{
    verify_request request = verify_request_new(run);
    verify_form form = verify_form_new(run, challenge, &request, 1);
    verify_info info;

    *response = verify_send_form(run, 0, &request, &form);
    info = verify_info_read(run, &form, response);
    return verify_info_text(&info, "nextnonce");
}

static void
check_next(verify_run *run, const verify_check *check, verify_result *result)
{
    verify_challenge challenge;
    verify_request request;
    verify_response response;
    verify_form form;
    csn_span next;

    if (run->has_next) {
        request = verify_request_new(run);
        verify_judge(run, check, result, "nextnonce with count 1",
            request.method, &run->next);
        return;
    }
    if (!verify_ask(run, 0, run->mode, &challenge)) {
        verify_skip(run, result, "no challenge came");
        return;
    }
    next = nextnonce_of(run, &challenge, &response);
    if (next.len == 0) {
        verify_skip(run, result, "no nextnonce: it may come later (--wait)");
        return;
    }
    challenge.nonce = next;
    request = verify_request_new(run);
    form = verify_form_new(run, &challenge, &request, 1);
    response = verify_send_form(run, 0, &request, &form);
    verify_judge(run, check, result, "nextnonce with count 1", request.method,
        &response);
}

/* The nonce that a nextnonce replaced, as requests on their way have it. */
static void
check_grace(verify_run *run, const verify_check *check, verify_result *result)
{
    if (!run->has_next)
        verify_skip(run, result, "no nextnonce came");
    else if (run->is_grace)
        verify_pass(run, check, result, "it was still good");
    else
        verify_miss(run, check, result,
            "it was refused at once: requests on their way fail");
}

#define ROW(key, id, why, must, need, says, function, what)                   \
    {                                                                         \
        .name = (key), .ids = (id), .reason = CSN_R_##why,                    \
        .part = VERIFY_PROVES, .level = VERIFY_##must, .needs = (need),       \
        .sentence = (says), .run = (function), .want = VERIFY_##what          \
    }

const verify_check verify_checks_session[] = {
    ROW("every-algorithm", "C-02 C-04 C-05 C-16", NONE, MUST, LOGIN,
        "each algorithm that is offered lets a right login in",
        check_algorithms, ACCEPTED),
    ROW("session-key", "C-06 D-45", NONE, MUST, SESSION,
        "-sess goes on with the key of its first request", check_kept,
        ACCEPTED),
    ROW("session-rebuilt", "E-35", NONE, TELL, SESSION,
        "whether -sess with a key made anew is let in, as browsers do it",
        check_rebuilt, ACCEPTED),
    ROW("userhash", "D-40 C-33 E-24", NONE, MUST,
        LOGIN | VERIFY_NEEDS_USERHASH, "a hashed name is let in", check_hash,
        ACCEPTED),
    ROW("username-star", "A-59", NONE, PROFILE, LOGIN,
        "a name written as username* is let in", check_star, ACCEPTED),
    ROW("nextnonce", "E-30 E-29", NONE, MUST, QOP | VERIFY_AFTER_WAIT,
        "a nextnonce is good at once, from count 1", check_next, ACCEPTED),
    ROW("old-nonce", "E-31", STALE, SHOULD, WAIT,
        "the nonce before it is good for requests on their way", check_grace,
        ACCEPTED),
    { .name = NULL },
};
