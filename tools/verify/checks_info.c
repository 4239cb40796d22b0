// SPDX-License-Identifier: MIT
#include "info.h"

#include <countersign/field.h>

/* Where the server proves itself, and what its proof looks like. */

enum {
    LOGIN = VERIFY_NEEDS_LOGIN,
    QOP = VERIFY_NEEDS_LOGIN | VERIFY_NEEDS_QOP,
    PATH = VERIFY_NEEDS_LOGIN | VERIFY_NEEDS_QOP | VERIFY_NEEDS_PATH
};

/* A login by `method` at `path`, and the Info field of its answer. */
static bool
log_in(verify_run *run, csn_span method, csn_span path, verify_info *info,
    verify_form *form, verify_response *response, verify_result *result)
{
    verify_request request;
    verify_challenge challenge;

    if (!verify_prepare(run, 0, &request, &challenge, form, 1, result))
        return false;
    request.method = method;
    request.target = verify_target(run, run->mode, path);
    request.has_content = csn_text_same(method, CSN_SPAN("POST"));
    form->method = method;
    form->entries[VERIFY_URI].text = request.target;
    *response = verify_exchange(run, 0, &request);
    if (verify_outcome_of(run, method, response) != VERIFY_ASKED) {
        verify_skip(run, result, "it is not protected: %s without a login",
            verify_describe(run, response));
        return false;
    }
    *response = verify_send_form(run, 0, &request, form);
    if (verify_outcome_of(run, method, response) != VERIFY_LET_IN &&
        response->status / 100 != 4 && response->status / 100 != 5) {
        verify_skip(run, result, "the login got %s",
            verify_describe(run, response));
        return false;
    }
    if (verify_outcome_of(run, method, response) == VERIFY_ASKED ||
        verify_outcome_of(run, method, response) == VERIFY_LIMITED) {
        verify_skip(run, result, "the login got %u", response->status);
        return false;
    }
    *info = verify_info_read(run, form, response);
    return true;
}

static csn_span
usual_method(const verify_run *run)
{
    return run->mode == VERIFY_TUNNEL ? CSN_SPAN("CONNECT") : CSN_SPAN("GET");
}

/* The Info field of a usual login; false, and skipped, without one. */
static bool
get_info(verify_run *run, verify_info *info, verify_form *form,
    verify_result *result)
{
    verify_response response;

    if (!log_in(run, usual_method(run), run->path, info, form, &response,
            result))
        return false;
    if (info->proof == VERIFY_NO_INFO || info->proof == VERIFY_NO_PROOF) {
        verify_skip(run, result, "%s", info->text);
        return false;
    }
    return true;
}

static void
check_at(verify_run *run, const verify_check *check, verify_result *result,
    csn_span method, csn_span path)
{
    verify_response response;
    verify_info info;
    verify_form form;

    if (log_in(run, method, path, &info, &form, &response, result))
        verify_info_judge(run, check, &info, &response, result);
}

static void
check_success(verify_run *run, const verify_check *check,
    verify_result *result)
{
    check_at(run, check, result, usual_method(run), run->path);
}

static void
check_head(verify_run *run, const verify_check *check, verify_result *result)
{
    check_at(run, check, result, CSN_SPAN("HEAD"), run->path);
}

static void
check_post(verify_run *run, const verify_check *check, verify_result *result)
{
    check_at(run, check, result, CSN_SPAN("POST"), run->path);
}

/* Beside the URL's last segment, a page that is hardly there. */
static void
check_error(verify_run *run, const verify_check *check, verify_result *result)
{
    size_t len = 0;

    for (size_t i = 0; i < run->path.len && run->path.ptr[i] != '?'; i++) {
        if (run->path.ptr[i] == '/')
            len = i + 1;
    }
    check_at(run, check, result, CSN_SPAN("GET"),
        csn_pool_join(&run->scratch, (csn_span){ run->path.ptr, len },
            CSN_SPAN("countersign-verify-no-such-page"), (csn_span){ NULL, 0 },
            (csn_span){ NULL, 0 }));
}

static void
check_complete(verify_run *run, const verify_check *check,
    verify_result *result)
{
    static const char *const names[] = { "rspauth", "cnonce", "nc" };
    verify_info info;
    verify_form form;

    if (!get_info(run, &info, &form, result))
        return;
    if (verify_info_text(&info, "qop").len == 0) {
        verify_miss(run, check, result, "qop is missing");
        return;
    }
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (verify_info_text(&info, names[i]).len == 0)
            verify_miss(run, check, result, "%s is missing", names[i]);
    }
    if (result->text == NULL)
        verify_pass(run, check, result, "qop, rspauth, cnonce and nc");
}

static void
check_echo(verify_run *run, const verify_check *check, verify_result *result)
{
    verify_info info;
    verify_form form;

    if (!get_info(run, &info, &form, result))
        return;
    if (verify_info_text(&info, "cnonce").len != 0 &&
        !csn_text_same(verify_info_text(&info, "cnonce"),
            form.entries[VERIFY_CNONCE].text))
        verify_miss(run, check, result, "cnonce is not the one sent");
    if (verify_info_text(&info, "nc").len != 0 &&
        !csn_text_same(verify_info_text(&info, "nc"),
            form.entries[VERIFY_NC].text)) {
        result->reason = CSN_R_NC_WRONG;
        verify_miss(run, check, result, "nc is not the one sent");
    }
    if (result->text == NULL)
        verify_pass(run, check, result, "both come back");
}

static void
check_qop(verify_run *run, const verify_check *check, verify_result *result)
{
    verify_info info;
    verify_form form;

    if (!get_info(run, &info, &form, result))
        return;
    if (verify_info_text(&info, "qop").len != 0 &&
        !csn_text_same(verify_info_text(&info, "qop"),
            form.entries[VERIFY_QOP].text))
        verify_miss(run, check, result, "qop is not the one sent");
    else
        verify_pass(run, check, result, "the one sent");
}

static void
check_quotes(verify_run *run, const verify_check *check, verify_result *result)
{
    static const char *const quoted[] = { "rspauth", "cnonce", "nextnonce" };
    static const char *const bare[] = { "qop", "nc" };
    const verify_param *param;
    verify_info info;
    verify_form form;

    if (!get_info(run, &info, &form, result))
        return;
    for (size_t i = 0; i < sizeof(quoted) / sizeof(quoted[0]); i++) {
        param = verify_param_find(&info.params, csn_text_of(quoted[i]));
        if (param != NULL && !param->value.quoted)
            verify_miss(run, check, result, "%s is not quoted", quoted[i]);
    }
    for (size_t i = 0; i < sizeof(bare) / sizeof(bare[0]); i++) {
        param = verify_param_find(&info.params, csn_text_of(bare[i]));
        if (param != NULL && param->value.quoted)
            verify_miss(run, check, result, "%s is quoted", bare[i]);
    }
    if (result->text == NULL)
        verify_pass(run, check, result, "as it should be");
}

static void
check_once(verify_run *run, const verify_check *check, verify_result *result)
{
    verify_response response;
    verify_info info;
    verify_form form;

    if (!log_in(run, usual_method(run), run->path, &info, &form, &response,
            result))
        return;
    if (info.lines == 0)
        verify_skip(run, result, "no Info field");
    else if (info.lines > 1)
        verify_miss(run, check, result, "%zu lines", info.lines);
    else if (info.status != CSN_OK)
        verify_miss(run, check, result, "it does not parse: %s",
            csn_status_text(info.status));
    else
        verify_pass(run, check, result, "one line that parses");
}

static void
check_refusal(verify_run *run, const verify_check *check,
    verify_result *result)
{
    const verify_change wrong = VERIFY_LATE(RESPONSE, TURN_FIRST, NULL);
    const csn_span name = csn_layer_info_field(run->layer);
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
    response = verify_exchange(run, 0, &request);
    if (verify_outcome_of(run, request.method, &response) == VERIFY_LET_IN)
        verify_skip(run, result, "a wrong response is not refused");
    else if (verify_field_count(&response.fields, name) +
            verify_field_count(&response.trailer, name) !=
        0)
        verify_miss(run, check, result, "%s has one",
            verify_describe(run, &response));
    else
        verify_pass(run, check, result, "%s has none",
            verify_describe(run, &response));
}

/* A cnonce full of what could end a quoted-string. */
static void
check_escape(verify_run *run, const verify_check *check, verify_result *result)
{
    const csn_span sly = CSN_SPAN("a\", nextnonce=\"b\\");
    verify_request request;
    verify_challenge challenge;
    verify_response response;
    verify_form form;
    verify_info info;

    if (!verify_prepare(run, 0, &request, &challenge, &form, 1, result))
        return;
    form.entries[VERIFY_CNONCE].text = sly;
    response = verify_send_form(run, 0, &request, &form);
    if (verify_outcome_of(run, request.method, &response) != VERIFY_LET_IN) {
        verify_pass(run, check, result, "such a cnonce is refused: %s",
            verify_describe(run, &response));
        return;
    }
    info = verify_info_read(run, &form, &response);
    if (info.proof == VERIFY_NO_INFO || info.proof == VERIFY_NO_PROOF)
        verify_skip(run, result, "%s", info.text);
    else if (info.status == CSN_OK &&
        verify_info_text(&info, "cnonce").len == 0)
        verify_skip(run, result, "cnonce does not come back");
    else if (info.status == CSN_OK &&
        csn_text_same(verify_info_text(&info, "cnonce"), sly) &&
        !csn_text_same(verify_info_text(&info, "nextnonce"), CSN_SPAN("b")))
        verify_pass(run, check, result, "it comes back as it was sent");
    else
        verify_miss(run, check, result,
            "quotation marks or backslashes are not escaped");
}

/* K-08: an nc that is copied as it came brings its own parameters along. */
static void
check_nc(verify_run *run, const verify_check *check, verify_result *result)
{
    verify_request request;
    verify_challenge challenge;
    verify_response response;
    verify_form form;
    verify_info info;

    if (!verify_prepare(run, 0, &request, &challenge, &form, 1, result))
        return;
    form.entries[VERIFY_NC] = (verify_entry){ .text = CSN_SPAN(
                                                  "00000001, nextnonce=\"b\""),
        .shape = VERIFY_QUOTED };
    response = verify_send_form(run, 0, &request, &form);
    info = verify_info_read(run, &form, &response);
    if (csn_text_same(verify_info_text(&info, "nextnonce"), CSN_SPAN("b")))
        verify_miss(run, check, result,
            "the client's text is a nextnonce in the answer");
    else
        verify_pass(run, check, result, "it does not: %s",
            verify_describe(run, &response));
}

#define ROW(key, id, why, must, need, says, function)                         \
    {                                                                         \
        .name = (key), .ids = (id), .reason = CSN_R_##why,                    \
        .part = VERIFY_PROVES, .level = VERIFY_##must, .needs = (need),       \
        .sentence = (says), .run = (function)                                 \
    }

const verify_check verify_checks_info[] = {
    ROW("proof", "E-01 E-02 E-14 E-16", NO_INFO, PROFILE, QOP,
        "the server proves itself to a right login", check_success),
    ROW("proof-head", "E-07", NO_INFO, PROFILE, PATH,
        "it proves itself in answers to HEAD", check_head),
    ROW("proof-error", "E-05 E-06", NO_INFO, PROFILE, PATH,
        "it proves itself in answers such as 404", check_error),
    ROW("proof-post", "E-07", NO_INFO, PROFILE, PATH | VERIFY_NEEDS_POST,
        "it proves itself in answers to POST", check_post),
    ROW("info-complete", "E-17", INFO_INCOMPLETE, MUST, QOP,
        "rspauth, cnonce, nc and qop come together", check_complete),
    ROW("info-echo", "E-18", CNONCE_WRONG, MUST, QOP,
        "cnonce and nc of the request come back", check_echo),
    ROW("info-qop", "E-19", QOP_WRONG, SHOULD, QOP,
        "qop of the request comes back", check_qop),
    ROW("info-quotes", "A-67 A-68", NONE, MUST, QOP,
        "the Info field quotes what RFC 7616 says, and nothing else",
        check_quotes),
    ROW("info-once", "E-13", INFO_MALFORMED, MUST, QOP,
        "the Info field is one line that parses", check_once),
    ROW("info-on-refusal", "E-03 E-04", NONE, MUST, LOGIN,
        "a refusal has no Info field", check_refusal),
    ROW("info-escape", "E-23 H-20", INFO_MALFORMED, MUST, QOP,
        "text of the client stays within its quotation marks", check_escape),
    ROW("info-nc", "H-21", INFO_MALFORMED, MUST, QOP,
        "text of the client in nc does not become a parameter", check_nc),
    { .name = NULL },
};
