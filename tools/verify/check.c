// SPDX-License-Identifier: MIT
#include "check.h"

#include <countersign/field.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *
verify_verdict_name(verify_verdict verdict)
{
    static const char *const names[VERIFY_VERDICTS] = { "pass", "warn", "fail",
        "skipped" };

    return names[verdict];
}

const char *
verify_reason_name(const verify_check *check, const verify_result *result)
{
    const csn_reason reason = result == NULL || result->reason == CSN_R_NONE
        ? check->reason
        : result->reason;

    return reason == CSN_R_NONE ? NULL : csn_reason_name(reason);
}

const char *
verify_part_name(verify_part part)
{
    static const char *const names[VERIFY_PARTS] = { "offers", "proves",
        "lets-through" };

    return names[part];
}

const char *
verify_level_name(verify_level level)
{
    static const char *const names[] = { "must", "profile", "should", "tell" };

    return names[level];
}

static const char *
format_text(verify_run *run, const char *format, va_list args)
{
    char *text = NULL;
    const char *kept = "";

    if (vasprintf(&text, format, args) >= 0) {
        kept = csn_pool_format(&run->pool, "%s", text);
        free(text);
    }
    return kept;
}

/* A worse verdict and its text replace a better one; equal ones add up. */
static void
settle(verify_run *run, verify_result *result, verify_verdict verdict,
    verify_level level, const char *text)
{
    if (*text == '\0' && verdict <= result->verdict)
        return;
    if (result->text == NULL || verdict > result->verdict)
        *result = (verify_result){ verdict, text, result->reason, level };
    else if (verdict == result->verdict)
        result->text = csn_pool_format(&run->pool, "%s; %s", result->text,
            text);
}

static verify_verdict
verdict_of(const verify_run *run, verify_level level)
{
    switch (level) {
    case VERIFY_MUST:
        return VERIFY_FAIL;
    case VERIFY_PROFILE:
        return run->options->strict ? VERIFY_FAIL : VERIFY_WARN;
    case VERIFY_SHOULD:
        return VERIFY_WARN;
    case VERIFY_TELL:
        break;
    }
    return VERIFY_PASS;
}

void
verify_pass(verify_run *run, const verify_check *check, verify_result *result,
    const char *format, ...)
{
    va_list args;

    (void)check;
    va_start(args, format);
    settle(run, result, VERIFY_PASS, VERIFY_TELL,
        format_text(run, format, args));
    va_end(args);
}

void
verify_miss(verify_run *run, const verify_check *check, verify_result *result,
    const char *format, ...)
{
    va_list args;

    va_start(args, format);
    settle(run, result, verdict_of(run, check->level), check->level,
        format_text(run, format, args));
    va_end(args);
}

void
verify_miss_at(verify_run *run, verify_level level, verify_result *result,
    const char *format, ...)
{
    va_list args;

    va_start(args, format);
    settle(run, result, verdict_of(run, level), level,
        format_text(run, format, args));
    va_end(args);
}

void
verify_skip(verify_run *run, verify_result *result, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    if (result->verdict == VERIFY_PASS)
        *result = (verify_result){ VERIFY_SKIPPED,
            format_text(run, format, args), CSN_R_NONE, VERIFY_TELL };
    va_end(args);
}

/* What the gateway profile says where RFC 7616 leaves the answer open. */
static void
judge_refusal(verify_run *run, const verify_check *check,
    verify_result *result, const char *what, verify_outcome outcome,
    unsigned status)
{
    const bool is_wanted = check->want == VERIFY_REFUSED ||
        (outcome == VERIFY_BAD) == (check->want == VERIFY_REFUSED_400);

    if (!is_wanted && run->options->strict)
        verify_miss_at(run, VERIFY_PROFILE, result, "%s: %u where %s", what,
            status,
            check->want == VERIFY_REFUSED_400 ? "the profile says 400"
                                              : "a challenge is wanted");
    else
        verify_pass(run, check, result, "%s: %u", what, status);
}

void
verify_judge(verify_run *run, const verify_check *check, verify_result *result,
    const char *what, csn_span method, const verify_response *response)
{
    const verify_outcome outcome = verify_outcome_of(run, method, response);
    const char *answer = verify_describe(run, response);

    switch (outcome) {
    case VERIFY_LIMITED:
        verify_skip(run, result,
            "the server limits guesses (429) and says no more: run it again "
            "later, or without that limit");
        return;
    case VERIFY_LET_IN:
        if (check->want == VERIFY_ACCEPTED)
            verify_pass(run, check, result, "%s: %s", what, answer);
        else
            verify_miss(run, check, result, "%s: let in with %s", what,
                answer);
        return;
    case VERIFY_ASKED:
    case VERIFY_BAD:
        if (check->want == VERIFY_ACCEPTED)
            verify_miss(run, check, result, "%s: refused with %s", what,
                answer);
        else
            judge_refusal(run, check, result, what, outcome, response->status);
        return;
    case VERIFY_BROKE:
    case VERIFY_SILENT:
        verify_miss_at(run,
            check->want == VERIFY_ACCEPTED ? check->level : VERIFY_SHOULD,
            result, "%s: it gives %s", what, answer);
        return;
    }
}

bool
verify_prepare(verify_run *run, size_t which, verify_request *request,
    verify_challenge *challenge, verify_form *form, uint32_t count,
    verify_result *result)
{
    *request = verify_request_new(run);
    if (!verify_ask(run, which, run->mode, challenge)) {
        verify_skip(run, result, "no challenge came");
        return false;
    }
    *form = verify_form_new(run, challenge, request, count);
    return true;
}

verify_response
verify_log_in(verify_run *run, size_t which, verify_request *request,
    verify_form *form, verify_result *result)
{
    verify_response response = { .kind = VERIFY_TIMEOUT };
    verify_challenge challenge;
    verify_outcome outcome;

    if (!verify_prepare(run, which, request, &challenge, form, 1, result))
        return response;
    response = verify_send_form(run, which, request, form);
    outcome = verify_outcome_of(run, request->method, &response);
    if (outcome != VERIFY_LET_IN) {
        verify_skip(run, result, "a right login got %s",
            verify_describe(run, &response));
        response.kind = VERIFY_TIMEOUT;
    }
    return response;
}

csn_span
verify_outline(verify_run *run, const verify_response *response, bool fields)
{
    const csn_span none = { NULL, 0 };
    const csn_span end = CSN_SPAN("\n");
    csn_span text = csn_text_of(
        csn_pool_format(&run->scratch, "%u\n", response->status));
    verify_offer offer = verify_offer_read(&run->scratch, &response->fields,
        run->layer);

    for (size_t i = 0; fields && i < response->fields.count; i++)
        text = csn_pool_join(&run->scratch, text,
            response->fields.items[i].name, end, none);
    for (size_t i = 0; i < offer.count; i++) {
        const verify_params *params = &offer.items[i].params;

        text = csn_pool_join(&run->scratch, text, params->scheme, end, none);
        for (size_t j = 0; j < params->count; j++) {
            const verify_param *one = &params->items[j];
            bool is_fresh = csn_name_equal(one->name, CSN_SPAN("nonce")) ||
                csn_name_equal(one->name, CSN_SPAN("opaque"));

            text = csn_pool_join(&run->scratch, text, one->name, end,
                is_fresh ? none : one->text);
        }
    }
    return text;
}
