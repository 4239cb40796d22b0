// SPDX-License-Identifier: MIT
#include "info.h"

/* What a proxy has besides: CONNECT, and absolute targets. */

enum {
    TUNNEL = VERIFY_NEEDS_LOGIN | VERIFY_NEEDS_PROXY | VERIFY_NEEDS_CONNECT
};

/* Run a check as if CONNECT were the run's way of asking. */
static void
connect_with(verify_run *run, const verify_check *check, verify_result *result,
    const char *what, csn_span uri)
{
    const verify_mode mode = run->mode;
    verify_request request;
    verify_challenge challenge;
    verify_response response;
    verify_form form;
    verify_info info;

    run->mode = VERIFY_TUNNEL;
    if (verify_prepare(run, 0, &request, &challenge, &form, 1, result)) {
        if (uri.len != 0)
            form.entries[VERIFY_URI].text = uri;
        response = verify_send_form(run, 0, &request, &form);
        if (uri.len != 0) {
            verify_judge(run, check, result, what, request.method, &response);
        } else {
            info = verify_info_read(run, &form, &response);
            verify_info_judge(run, check, &info, &response, result);
        }
    }
    run->mode = mode;
}

static void
check_proof(verify_run *run, const verify_check *check, verify_result *result)
{
    connect_with(run, check, result, "CONNECT", (csn_span){ NULL, 0 });
}

/* Host and port of the URL, but with another port. */
static void
check_port(verify_run *run, const verify_check *check, verify_result *result)
{
    csn_span uri = csn_pool_join(&run->scratch, run->host_port, CSN_SPAN("1"),
        (csn_span){ NULL, 0 }, (csn_span){ NULL, 0 });

    connect_with(run, check, result, "another port", uri);
}

static void
check_no_port(verify_run *run, const verify_check *check,
    verify_result *result)
{
    csn_span uri = run->host_port;

    while (uri.len > 1 && uri.ptr[uri.len - 1] != ':')
        uri.len--;
    uri.len--;
    connect_with(run, check, result, "no port", uri);
}

static void
check_host(verify_run *run, const verify_check *check, verify_result *result)
{
    connect_with(run, check, result, "another host",
        CSN_SPAN("countersign-verify.invalid:443"));
}

static void
check_path(verify_run *run, const verify_check *check, verify_result *result)
{
    connect_with(run, check, result, "a path", CSN_SPAN("/"));
}

/* Browsers put only the path into uri; another host is then not noticed. */
static void
check_origin_form(verify_run *run, const verify_check *check,
    verify_result *result)
{
    const verify_change change = VERIFY_HASHED(URI, PATH_ONLY, NULL);
    verify_request request;
    verify_challenge challenge;
    verify_response response;
    verify_form form;

    if (!verify_prepare(run, 0, &request, &challenge, &form, 1, result))
        return;
    verify_change_apply(run, &form, &change);
    response = verify_send_form(run, 0, &request, &form);
    verify_pass(run, check, result, "uri without a host gets %s",
        verify_describe(run, &response));
}

#define ROW(key, id, why, what, must, need, says, function)                   \
    {                                                                         \
        .name = (key), .ids = (id), .reason = CSN_R_##why,                    \
        .part = VERIFY_##what, .level = VERIFY_##must, .needs = (need),       \
        .sentence = (says), .run = (function), .want = VERIFY_REFUSED_400     \
    }

const verify_check verify_checks_proxy[] = {
    ROW("proof-connect", "E-12 G-22", NO_INFO, PROVES, PROFILE,
        TUNNEL | VERIFY_NEEDS_QOP,
        "the proxy proves itself in its answer to CONNECT", check_proof),
    ROW("connect-host", "D-29 D-33", URI_MISMATCH, LETS_THROUGH, MUST, TUNNEL,
        "CONNECT with a response for another host is refused", check_host),
    ROW("connect-port", "D-29 D-33", URI_MISMATCH, LETS_THROUGH, MUST, TUNNEL,
        "CONNECT with a response for another port is refused", check_port),
    ROW("connect-no-port", "D-33", URI_MISMATCH, LETS_THROUGH, PROFILE, TUNNEL,
        "CONNECT with a uri without a port is refused", check_no_port),
    ROW("connect-path", "D-33", URI_MISMATCH, LETS_THROUGH, PROFILE, TUNNEL,
        "CONNECT with a path as uri is refused", check_path),
    ROW("origin-form-uri", "D-32", NONE, LETS_THROUGH, TELL,
        VERIFY_NEEDS_LOGIN | VERIFY_NEEDS_PATH | VERIFY_NEEDS_PROXY,
        "whether a uri without a host is let in at a proxy",
        check_origin_form),
    { .name = NULL },
};
