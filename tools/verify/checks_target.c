// SPDX-License-Identifier: MIT
#include "check.h"

#include <string.h>

/* Which request a response is good for: its target, method and host. */

enum {
    LOGIN = VERIFY_NEEDS_LOGIN,
    PATH = VERIFY_NEEDS_LOGIN | VERIFY_NEEDS_PATH,
};

static const csn_span none = { NULL, 0 };

/* Ask for `path` with its query, but sign the right target without it. */
static void
sign_without_query(verify_run *run, verify_form *form, verify_request *request)
{
    const bool has_query = memchr(run->path.ptr, '?', run->path.len) != NULL;
    csn_span path = csn_pool_join(&run->scratch, run->path,
        has_query ? CSN_SPAN("&") : CSN_SPAN("?"),
        CSN_SPAN("countersign=verify"), none);

    (void)form;
    request->target = verify_target(run, run->mode, path);
}

/* uri keeps the query that the request lacks. */
static void
sign_with_query(verify_run *run, verify_form *form, verify_request *request)
{
    csn_span target = request->target;

    sign_without_query(run, form, request);
    form->entries[VERIFY_URI].text = request->target;
    request->target = target;
}

static void
sign_dots(verify_run *run, verify_form *form, verify_request *request)
{
    csn_span path = csn_pool_join(&run->scratch, CSN_SPAN("/csn-verify/.."),
        run->path, none, none);

    (void)request;
    form->entries[VERIFY_URI].text = verify_target(run, run->mode, path);
}

/* The first octet of the path that can be, written with an escape. */
static void
sign_escaped(verify_run *run, verify_form *form, verify_request *request)
{
    static const char digits[] = "0123456789ABCDEF";
    const uint8_t first = run->path.len > 1 ? run->path.ptr[1] : '?';
    const char escape[] = { '/', '%', digits[first >> 4], digits[first & 15],
        '\0' };
    csn_span rest = run->path;

    if (first == '?') { /* "/": another escape that means the same */
        sign_dots(run, form, request);
        return;
    }
    rest.ptr += 2;
    rest.len -= 2;
    form->entries[VERIFY_URI].text = verify_target(run, run->mode,
        csn_pool_join(&run->scratch, csn_text_of(escape), rest, none, none));
}

static void
sign_post(verify_run *run, verify_form *form, verify_request *request)
{
    (void)run;
    (void)request;
    form->method = CSN_SPAN("POST");
}

static void
sign_lower(verify_run *run, verify_form *form, verify_request *request)
{
    form->method = csn_pool_map(&run->scratch, request->method,
        csn_octet_lower);
}

static void
send_head(verify_run *run, verify_form *form, verify_request *request)
{
    (void)run;
    (void)form;
    request->method = CSN_SPAN("HEAD");
}

static void
sign_rspauth(verify_run *run, verify_form *form, verify_request *request)
{
    (void)request;
    form->entries[VERIFY_RESPONSE].text = verify_form_rspauth(run, form, none);
}

static const verify_try uri_other[] = {
    VERIFY_TRY("another path", VERIFY_HASHED(URI, SET, "/countersign-verify")),
    VERIFY_TRY("the path and more", VERIFY_HASHED(URI, APPEND, "x")),
    VERIFY_TRY("*", VERIFY_HASHED(URI, SET, "*")),
    VERIFY_TRY("empty", VERIFY_HASHED(URI, SET, "")),
};

static const verify_try uri_query[] = {
    { .name = "uri lacks it", .before = sign_without_query },
    { .name = "the request lacks it", .before = sign_with_query },
};

static const verify_try uri_other_host[] = {
    VERIFY_TRY("another host", VERIFY_HASHED(URI, OTHER_HOST, NULL)),
};

static const verify_try uri_normalised[] = {
    { .name = "dot segments", .before = sign_dots },
    { .name = "an escape", .before = sign_escaped },
};

static const verify_try method_other[] = {
    { .name = "POST's sent as GET", .before = sign_post },
    { .name = "in lower case", .before = sign_lower },
};

static const verify_try method_head[] = {
    { .name = "GET's sent as HEAD", .before = send_head },
};

static const verify_try reflected[] = {
    { .name = "rspauth's formula", .after = sign_rspauth },
};

/* A nonce got for one Host, used for another. */
static void
check_host(verify_run *run, const verify_check *check, verify_result *result)
{
    verify_request request;
    verify_challenge challenge;
    verify_response response;
    verify_form form;

    if (!verify_prepare(run, 0, &request, &challenge, &form, 1, result))
        return;
    request.host = CSN_SPAN("countersign-verify.invalid");
    response = verify_exchange(run, 0, &request);
    if (verify_outcome_of(run, request.method, &response) != VERIFY_ASKED) {
        verify_skip(run, result, "that Host is not asked for a login: %s",
            verify_describe(run, &response));
        return;
    }
    response = verify_send_form(run, 0, &request, &form);
    verify_judge(run, check, result, "another Host", request.method,
        &response);
}

#define ROW(key, id, why, must, need, says, rows, what)                       \
    {                                                                         \
        .name = (key), .ids = (id), .reason = CSN_R_##why,                    \
        .part = VERIFY_LETS_THROUGH, .level = VERIFY_##must, .needs = (need), \
        .sentence = (says), VERIFY_TRIES(rows, what)                          \
    }

const verify_check verify_checks_target[] = {
    ROW("uri-other", "D-29", URI_MISMATCH, MUST, LOGIN,
        "a response for another resource is refused", uri_other, REFUSED_400),
    ROW("uri-query", "D-29 D-35", URI_MISMATCH, MUST, PATH,
        "a response for the same path with another query is refused",
        uri_query, REFUSED_400),
    ROW("uri-other-host", "D-29 D-31", URI_MISMATCH, MUST, LOGIN,
        "a response whose uri names another host is refused", uri_other_host,
        REFUSED_400),
    ROW("uri-normalised", "D-35", URI_MISMATCH, PROFILE, PATH,
        "uri is compared as it is written, not decoded or shortened",
        uri_normalised, REFUSED_400),
    ROW("method-other", "C-18 D-37", WRONG_RESPONSE, MUST, LOGIN,
        "a response for another method is refused", method_other,
        REFUSED_ASKED),
    ROW("method-head", "C-18 D-37", WRONG_RESPONSE, MUST, PATH,
        "a response for GET is refused in HEAD", method_head, REFUSED_ASKED),
    ROW("rspauth-as-response", "D-38", WRONG_RESPONSE, MUST, LOGIN,
        "the server's own formula (without method) is no response", reflected,
        REFUSED_ASKED),
    { .name = "host-other",
        .ids = "B-10 D-29",
        .reason = CSN_R_NONE,
        .part = VERIFY_LETS_THROUGH,
        .level = VERIFY_TELL,
        .needs = PATH | VERIFY_NEEDS_ORIGIN,
        .sentence = "whether a nonce of one Host is good for another",
        .run = check_host,
        .want = VERIFY_REFUSED },
    { .name = NULL },
};
