// SPDX-License-Identifier: MIT
#include "check.h"

/* Each request counts once: what comes again, and in which order. */

enum {
    LOGIN = VERIFY_NEEDS_LOGIN,
    QOP = VERIFY_NEEDS_LOGIN | VERIFY_NEEDS_QOP
};

/* Credentials for `count` on the same nonce, sent. */
static verify_response
send_count(verify_run *run, size_t which, const verify_challenge *challenge,
    uint32_t count)
{
    verify_request request = verify_request_new(run);
    verify_form form = verify_form_new(run, challenge, &request, count);

    return verify_send_form(run, which, &request, &form);
}

/* The same octets twice; the second time on connection `which`. */
static void
replay(verify_run *run, const verify_check *check, size_t which,
    const char *what, verify_result *result)
{
    verify_request request;
    verify_form form;
    verify_response response = verify_log_in(run, 0, &request, &form, result);

    if (response.kind != VERIFY_ANSWERED)
        return;
    if (which != 0)
        verify_hang_up(run, which);
    response = verify_exchange(run, which, &request);
    verify_judge(run, check, result, what, request.method, &response);
}

static void
check_same(verify_run *run, const verify_check *check, verify_result *result)
{
    replay(run, check, 0, "the same request again", result);
}

static void
check_elsewhere(verify_run *run, const verify_check *check,
    verify_result *result)
{
    replay(run, check, 1, "the same request on a new connection", result);
}

static bool
is_in(verify_run *run, const verify_response *response)
{
    const csn_span method = verify_request_new(run).method;

    return verify_outcome_of(run, method, response) == VERIFY_LET_IN;
}

/* A replay knew the password: it may be told to try again at once. */
static void
check_stale(verify_run *run, const verify_check *check, verify_result *result)
{
    verify_request request;
    verify_form form;
    verify_response response = verify_log_in(run, 0, &request, &form, result);
    const verify_challenge *found;
    verify_offer offer;

    if (response.kind != VERIFY_ANSWERED)
        return;
    response = verify_exchange(run, 0, &request);
    offer = verify_offer_read(&run->scratch, &response.fields, run->layer);
    found = verify_offer_like(&offer, &run->base);
    if (verify_outcome_of(run, request.method, &response) != VERIFY_ASKED ||
        found == NULL)
        verify_skip(run, result, "a replay is not challenged: %s",
            verify_describe(run, &response));
    else if (found->digest.stale)
        verify_pass(run, check, result, "stale=true and a new nonce");
    else
        verify_miss(run, check, result,
            "no stale=true: a browser asks its user again");
}

/* Counts 1 and 2, then the first request again. */
static void
check_later(verify_run *run, const verify_check *check, verify_result *result)
{
    verify_request request;
    verify_challenge challenge;
    verify_response response;
    verify_form form;

    if (!verify_prepare(run, 0, &request, &challenge, &form, 1, result))
        return;
    response = verify_send_form(run, 0, &request, &form);
    if (is_in(run, &response))
        response = send_count(run, 0, &challenge, 2);
    if (!is_in(run, &response)) {
        verify_skip(run, result, "count 2 got %s",
            verify_describe(run, &response));
        return;
    }
    response = verify_exchange(run, 0, &request);
    verify_judge(run, check, result, "count 1 again after count 2",
        request.method, &response);
}

static void
check_cnonce(verify_run *run, const verify_check *check, verify_result *result)
{
    verify_request request;
    verify_form form;
    verify_response response = verify_log_in(run, 0, &request, &form, result);

    if (response.kind != VERIFY_ANSWERED)
        return;
    form.entries[VERIFY_CNONCE].text = verify_cnonce(run);
    response = verify_send_form(run, 0, &request, &form);
    verify_judge(run, check, result, "the same count with another cnonce",
        request.method, &response);
}

enum { COUNTS = 6 };

/* 1 5 5 2 3 4 on one nonce. */
static bool
send_counts(verify_run *run, verify_response responses[COUNTS],
    verify_result *result)
{
    static const uint32_t counts[COUNTS] = { 1, 5, 5, 2, 3, 4 };
    verify_challenge challenge;

    if (!verify_ask(run, 0, run->mode, &challenge)) {
        verify_skip(run, result, "no challenge came");
        return false;
    }
    for (size_t i = 0; i < COUNTS; i++)
        responses[i] = send_count(run, 0, &challenge, counts[i]);
    return true;
}

static void
check_once(verify_run *run, const verify_check *check, verify_result *result)
{
    verify_response responses[COUNTS];

    if (!send_counts(run, responses, result))
        return;
    if (!is_in(run, &responses[1])) {
        verify_skip(run, result, "counts that jump are refused: 5 got %s",
            verify_describe(run, &responses[1]));
        return;
    }
    verify_judge(run, check, result, "5 again after 1 and 5",
        verify_request_new(run).method, &responses[2]);
}

/* Nonces that are good once each, with a successor in every answer. */
static bool
is_one_time(verify_run *run, const verify_response *responses)
{
    const csn_span *line = verify_field_find(&responses[0].fields,
        csn_layer_info_field(run->layer));
    verify_params params;

    return line != NULL &&
        verify_params_read(&run->scratch, CSN_FIELD_INFO, *line, &params) ==
        CSN_OK &&
        verify_param_find(&params, CSN_SPAN("nextnonce")) != NULL &&
        !is_in(run, &responses[1]) && !is_in(run, &responses[3]);
}

static void
check_order(verify_run *run, const verify_check *check, verify_result *result)
{
    verify_response responses[COUNTS];

    if (!send_counts(run, responses, result))
        return;
    if (is_in(run, &responses[1]) && is_in(run, &responses[3]) &&
        is_in(run, &responses[4]) && is_in(run, &responses[5]))
        verify_pass(run, check, result, "1 5 2 3 4 are all let in");
    else if (is_one_time(run, responses))
        verify_skip(run, result,
            "each nonce is good once, and has a successor");
    else
        verify_miss(run, check, result,
            "of 1 5 2 3 4 the answers are %u %u %u %u %u: requests sent in "
            "parallel are refused",
            responses[0].status, responses[1].status, responses[3].status,
            responses[4].status, responses[5].status);
}

static void
check_jump(verify_run *run, const verify_check *check, verify_result *result)
{
    verify_challenge challenge;
    verify_response response;

    if (!verify_ask(run, 0, run->mode, &challenge))
        return;
    response = send_count(run, 0, &challenge, 0xfffffff0);
    verify_pass(run, check, result, "count fffffff0 gets %s",
        verify_describe(run, &response));
}

/* A stranger's wrong answer must not use a count up. */
static void
check_stranger(verify_run *run, const verify_check *check,
    verify_result *result)
{
    const verify_change wrong = VERIFY_LATE(RESPONSE, TURN_LAST, NULL);
    verify_request request;
    verify_challenge challenge;
    verify_response response;
    verify_form form;

    if (!verify_prepare(run, 0, &request, &challenge, &form, 1, result))
        return;
    verify_form_sign(run, &form);
    verify_change_apply(run, &form, &wrong);
    request.lines[0] = verify_form_write(run, &form);
    request.line_count = 1;
    response = verify_exchange(run, 1, &request);
    if (is_in(run, &response)) {
        verify_skip(run, result, "a wrong response is let in");
        return;
    }
    response = send_count(run, 0, &challenge, 1);
    verify_judge(run, check, result, "count 1 after a wrong answer with it",
        request.method, &response);
}

/* A nonce is not bound to a connection. */
static void
check_connection(verify_run *run, const verify_check *check,
    verify_result *result)
{
    verify_request request;
    verify_challenge challenge;
    verify_response response;
    verify_form form;

    if (!verify_prepare(run, 0, &request, &challenge, &form, 1, result))
        return;
    verify_hang_up(run, 1);
    response = verify_send_form(run, 1, &request, &form);
    verify_judge(run, check, result, "a nonce on another connection",
        request.method, &response);
}

/* A login speaks for its own request alone. */
static void
check_state(verify_run *run, const verify_check *check, verify_result *result)
{
    verify_request request;
    verify_form form;
    verify_response response = verify_log_in(run, 0, &request, &form, result);

    if (response.kind != VERIFY_ANSWERED)
        return;
    if (run->wires[0].easy == NULL) {
        verify_skip(run, result, "the connection was closed");
        return;
    }
    request.line_count = 0;
    response = verify_exchange(run, 0, &request);
    verify_judge(run, check, result, "a second request without credentials",
        request.method, &response);
}

#define ROW(key, id, why, must, need, says, function, what)                   \
    {                                                                         \
        .name = (key), .ids = (id), .reason = CSN_R_##why,                    \
        .part = VERIFY_LETS_THROUGH, .level = VERIFY_##must, .needs = (need), \
        .sentence = (says), .run = (function), .want = VERIFY_##what          \
    }

const verify_check verify_checks_replay[] = {
    ROW("replay", "D-23 H-07", REPLAY, MUST, QOP,
        "the same request is let in once on a connection", check_same,
        REFUSED),
    ROW("replay-elsewhere", "D-23 H-07", REPLAY, MUST, QOP,
        "the same request is not let in on another connection either",
        check_elsewhere, REFUSED),
    ROW("replay-later", "D-23", REPLAY, MUST, QOP,
        "an old request is not let in after a newer one", check_later,
        REFUSED),
    ROW("replay-cnonce", "D-23", REPLAY, MUST, QOP,
        "a used count is not let in with another cnonce", check_cnonce,
        REFUSED),
    ROW("replay-stale", "D-22", REPLAY, SHOULD, QOP,
        "a replay is challenged with stale=true", check_stale, REFUSED_ASKED),
    ROW("counts-once", "D-23 D-24", REPLAY, MUST, QOP,
        "of the counts 1 5 5 2 3 4 the second 5 is refused", check_once,
        REFUSED),
    ROW("counts-any-order", "D-24", NONE, SHOULD, QOP,
        "of the counts 1 5 5 2 3 4 each new one is let in", check_order,
        ACCEPTED),
    ROW("count-jump", "D-27", NONE, TELL, QOP,
        "what a count near the end gets on a fresh nonce", check_jump,
        ACCEPTED),
    ROW("count-not-burnt", "D-26", NONE, PROFILE, QOP,
        "a wrong answer does not use a count up", check_stranger, ACCEPTED),
    ROW("other-connection", "D-46", NONE, MUST, LOGIN,
        "a nonce is good on any connection", check_connection, ACCEPTED),
    ROW("state-carried-over", "D-47 G-24", NO_CREDENTIALS, MUST, LOGIN,
        "the next request on a connection must log in itself", check_state,
        REFUSED_ASKED),
    { .name = NULL },
};
