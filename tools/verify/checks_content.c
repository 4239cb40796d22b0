// SPDX-License-Identifier: MIT
#include "info.h"

#include <string.h>

/* Content: auth-int both ways, and what waits for 100 (Continue). */

enum {
    INT = VERIFY_NEEDS_LOGIN | VERIFY_NEEDS_AUTH_INT,
    INT_POST = INT | VERIFY_NEEDS_POST | VERIFY_NEEDS_PATH,
    POST = VERIFY_NEEDS_POST | VERIFY_NEEDS_PATH
};

#define CONTENT CSN_SPAN("countersign verify\n")

static bool
prepare_int(verify_run *run, verify_request *request, verify_form *form,
    verify_result *result)
{
    verify_challenge challenge;

    if (!verify_prepare(run, 0, request, &challenge, form, 1, result))
        return false;
    form->entries[VERIFY_QOP].text = CSN_SPAN("auth-int");
    return true;
}

/* POST under auth-int: hashed content, and what is really sent. */
static void
post(verify_run *run, const verify_check *check, verify_result *result,
    csn_span hashed, csn_span sent, const char *what)
{
    verify_request request;
    verify_response response;
    verify_form form;

    if (!prepare_int(run, &request, &form, result))
        return;
    request.method = CSN_SPAN("POST");
    request.has_content = true;
    request.content = sent;
    form.method = request.method;
    form.content = hashed;
    response = verify_send_form(run, 0, &request, &form);
    verify_judge(run, check, result, what, request.method, &response);
}

static void
check_right(verify_run *run, const verify_check *check, verify_result *result)
{
    post(run, check, result, CONTENT, CONTENT, "content as hashed");
}

static void
check_wrong(verify_run *run, const verify_check *check, verify_result *result)
{
    post(run, check, result, CONTENT, CSN_SPAN("countersign VERIFY\n"),
        "other content");
    post(run, check, result, CONTENT, (csn_span){ NULL, 0 }, "no content");
    post(run, check, result, (csn_span){ NULL, 0 }, CONTENT,
        "content where none was hashed");
}

static void
check_proof(verify_run *run, const verify_check *check, verify_result *result)
{
    verify_request request;
    verify_response response;
    verify_form form;
    verify_info info;

    if (!prepare_int(run, &request, &form, result))
        return;
    request.extra = CSN_SPAN("TE: trailers\r\n");
    response = verify_send_form(run, 0, &request, &form);
    if (verify_outcome_of(run, request.method, &response) != VERIFY_LET_IN) {
        verify_miss_at(run, VERIFY_MUST, result, "auth-int got %s",
            verify_describe(run, &response));
        return;
    }
    info = verify_info_read(run, &form, &response);
    verify_info_judge(run, check, &info, &response, result);
}

/* Who is not logged in must not be told to send content. */
static void
check_expect(verify_run *run, const verify_check *check, verify_result *result)
{
    verify_request request = verify_request_new(run);
    verify_response response;

    request.method = CSN_SPAN("POST");
    request.has_content = true;
    request.content = CONTENT;
    request.expect = true;
    response = verify_exchange(run, 0, &request);
    if (response.kind != VERIFY_ANSWERED)
        verify_miss(run, check, result, "it gives %s",
            verify_describe(run, &response));
    else if (response.continued)
        verify_miss(run, check, result,
            "100 first, then %u: the content was sent for nothing",
            response.status);
    else
        verify_pass(run, check, result, "%u at once", response.status);
}

/* And who is must get his content through. */
static void
check_expect_in(verify_run *run, const verify_check *check,
    verify_result *result)
{
    verify_request request;
    verify_challenge challenge;
    verify_response response;
    verify_outcome outcome;
    verify_form form;

    if (!verify_prepare(run, 0, &request, &challenge, &form, 1, result))
        return;
    request.method = CSN_SPAN("POST");
    request.has_content = true;
    request.content = CONTENT;
    request.expect = true;
    form.method = request.method;
    form.content = CONTENT;
    response = verify_send_form(run, 0, &request, &form);
    outcome = verify_outcome_of(run, request.method, &response);
    if (outcome == VERIFY_LIMITED)
        verify_skip(run, result, "the server limits guesses (429)");
    else if (outcome != VERIFY_LET_IN)
        verify_miss(run, check, result, "a right login with it gets %s",
            verify_describe(run, &response));
    else
        verify_pass(run, check, result, "%s%u",
            response.continued ? "100, then " : "", response.status);
}

#define ROW(key, id, why, what, must, need, says, function, wanted)           \
    {                                                                         \
        .name = (key), .ids = (id), .reason = CSN_R_##why,                    \
        .part = VERIFY_##what, .level = VERIFY_##must, .needs = (need),       \
        .sentence = (says), .run = (function), .want = VERIFY_##wanted        \
    }

const verify_check verify_checks_content[] = {
    ROW("auth-int-proof", "E-15 E-26", NO_INFO, PROVES, PROFILE, INT,
        "under auth-int the server proves its content", check_proof, ACCEPTED),
    ROW("auth-int-content", "C-15 D-41", NONE, PROVES, MUST, INT_POST,
        "a request with hashed content is let in", check_right, ACCEPTED),
    ROW("expect-content", "D-46", NONE, PROVES, SHOULD,
        VERIFY_NEEDS_LOGIN | POST,
        "a right login with Expect: 100-continue gets its answer",
        check_expect_in, ACCEPTED),
    ROW("auth-int-changed", "D-41 C-57", WRONG_RESPONSE, LETS_THROUGH, MUST,
        INT_POST, "a request whose content was changed is refused",
        check_wrong, REFUSED_ASKED),
    ROW("expect-stranger", "B-01", NO_CREDENTIALS, LETS_THROUGH, SHOULD, POST,
        "nobody is told to send content before he logged in", check_expect,
        REFUSED),
    { .name = NULL },
};
