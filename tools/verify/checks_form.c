// SPDX-License-Identifier: MIT
#include "check.h"

#include <string.h>

/*
 * Credentials with one thing wrong in them. Where the response could be right
 * for what is sent, it is: only that one thing may be the reason to refuse.
 */

enum {
    LOGIN = VERIFY_NEEDS_LOGIN,
    QOP = VERIFY_NEEDS_LOGIN | VERIFY_NEEDS_QOP
};

static const verify_try nc_zero[] = {
    VERIFY_TRY("00000000", VERIFY_HASHED(NC, SET_TOKEN, "00000000")),
};

static const verify_try nc_malformed[] = {
    VERIFY_TRY("one digit", VERIFY_HASHED(NC, SET_TOKEN, "1")),
    VERIFY_TRY("seven digits", VERIFY_HASHED(NC, SET_TOKEN, "0000001")),
    VERIFY_TRY("nine digits", VERIFY_HASHED(NC, SET_TOKEN, "000000001")),
    VERIFY_TRY("sixteen digits",
        VERIFY_HASHED(NC, SET_TOKEN, "0000000000000001")),
    VERIFY_TRY("a sign", VERIFY_HASHED(NC, SET_TOKEN, "+0000001")),
    VERIFY_TRY("no hex", VERIFY_HASHED(NC, SET_TOKEN, "0000000g")),
    VERIFY_TRY("empty", VERIFY_HASHED(NC, SET, "")),
};

static const verify_try nonce_invented[] = {
    VERIFY_TRY("of the same form", VERIFY_HASHED(NONCE, INVENT, NULL)),
    VERIFY_TRY("of another form",
        VERIFY_HASHED(NONCE, SET, "Y291bnRlcnNpZ24tdmVyaWZ5LXdhcy1oZXJl")),
};

static const verify_try nonce_changed[] = {
    VERIFY_TRY("first octet", VERIFY_HASHED(NONCE, TURN_FIRST, NULL)),
    VERIFY_TRY("middle octet", VERIFY_HASHED(NONCE, TURN_MIDDLE, NULL)),
    VERIFY_TRY("last octet", VERIFY_HASHED(NONCE, TURN_LAST, NULL)),
    VERIFY_TRY("one octet more", VERIFY_HASHED(NONCE, APPEND, "0")),
    VERIFY_TRY("one octet less", VERIFY_HASHED(NONCE, CUT, NULL)),
};

static const verify_try nonce_empty[] = {
    VERIFY_TRY("empty", VERIFY_HASHED(NONCE, SET, "")),
};

static const verify_try qop_dropped[] = {
    VERIFY_TRY("without qop, nc and cnonce", VERIFY_HASHED(QOP, DROP, NULL),
        VERIFY_HASHED(NC, DROP, NULL), VERIFY_HASHED(CNONCE, DROP, NULL)),
    VERIFY_TRY("without qop alone", VERIFY_HASHED(QOP, DROP, NULL)),
};

static const verify_try qop_unknown[] = {
    VERIFY_TRY("a name nobody knows",
        VERIFY_HASHED(QOP, SET_TOKEN, "csn-verify")),
    VERIFY_TRY("a list", VERIFY_HASHED(QOP, SET, "auth,auth-int")),
    VERIFY_TRY("empty", VERIFY_LATE(QOP, SET, "")),
};

static void
swap_qop(verify_run *run, verify_form *form, verify_request *request)
{
    verify_entry *qop = &form->entries[VERIFY_QOP];

    (void)run;
    (void)request;
    qop->text = csn_text_same(qop->text, CSN_SPAN("auth"))
        ? CSN_SPAN("auth-int")
        : CSN_SPAN("auth");
}

static const verify_try qop_changed[] = {
    { .name = "auth and auth-int swapped", .after = swap_qop },
};

static const verify_try realm_other[] = {
    VERIFY_TRY("another", VERIFY_LATE(REALM, SET, "countersign-verify")),
    VERIFY_TRY("letters in other case", VERIFY_LATE(REALM, SWAP_CASE, NULL)),
    VERIFY_TRY("empty", VERIFY_LATE(REALM, SET, "")),
    VERIFY_TRY("one octet more", VERIFY_LATE(REALM, APPEND, "x")),
};

static const verify_try opaque_changed[] = {
    VERIFY_TRY("another", VERIFY_LATE(OPAQUE, SET, "countersign-verify")),
    VERIFY_TRY("empty", VERIFY_LATE(OPAQUE, SET, "")),
};

static const verify_try opaque_missing[] = {
    VERIFY_TRY("missing", VERIFY_LATE(OPAQUE, DROP, NULL)),
};

static const verify_try missing[] = {
    VERIFY_TRY("username", VERIFY_LATE(USERNAME, DROP, NULL)),
    VERIFY_TRY("realm", VERIFY_LATE(REALM, DROP, NULL)),
    VERIFY_TRY("nonce", VERIFY_LATE(NONCE, DROP, NULL)),
    VERIFY_TRY("uri", VERIFY_LATE(URI, DROP, NULL)),
    VERIFY_TRY("response", VERIFY_LATE(RESPONSE, DROP, NULL)),
};

static const verify_try missing_counts[] = {
    VERIFY_TRY("cnonce", VERIFY_LATE(CNONCE, DROP, NULL)),
    VERIFY_TRY("nc", VERIFY_LATE(NC, DROP, NULL)),
    VERIFY_TRY("cnonce, hashed as empty", VERIFY_HASHED(CNONCE, SET, ""),
        VERIFY_LATE(CNONCE, DROP, NULL)),
};

static const verify_try response_length[] = {
    VERIFY_TRY("empty", VERIFY_LATE(RESPONSE, SET, "")),
    VERIFY_TRY("one digit short", VERIFY_LATE(RESPONSE, CUT, NULL)),
    VERIFY_TRY("the first half", VERIFY_LATE(RESPONSE, HALVE, NULL)),
    VERIFY_TRY("one digit long", VERIFY_LATE(RESPONSE, APPEND, "0")),
    VERIFY_TRY("16 KiB", VERIFY_LATE(RESPONSE, LONG, NULL)),
};

static const verify_try response_wrong[] = {
    VERIFY_TRY("first digit", VERIFY_LATE(RESPONSE, TURN_FIRST, NULL)),
    VERIFY_TRY("middle digit", VERIFY_LATE(RESPONSE, TURN_MIDDLE, NULL)),
    VERIFY_TRY("last digit", VERIFY_LATE(RESPONSE, TURN_LAST, NULL)),
};

static const verify_try repeated[] = {
    VERIFY_TRY("nonce, the same", VERIFY_LATE(NONCE, REPEAT, NULL)),
    VERIFY_TRY("uri, the right one first",
        VERIFY_LATE(URI, REPEAT_OTHER, "/countersign-verify")),
    VERIFY_TRY("uri, the right one last",
        VERIFY_LATE(URI, OTHER_REPEAT, "/countersign-verify")),
    VERIFY_TRY("username, the right one first",
        VERIFY_LATE(USERNAME, REPEAT_OTHER, "countersign-verify")),
    VERIFY_TRY("username, the right one last",
        VERIFY_LATE(USERNAME, OTHER_REPEAT, "countersign-verify")),
    VERIFY_TRY("response, the same", VERIFY_LATE(RESPONSE, REPEAT, NULL)),
};

static const verify_try control_octets[] = {
    VERIFY_TRY("0x01", VERIFY_HASHED(CNONCE, SET, "csn\x01verify")),
    VERIFY_TRY("DEL", VERIFY_HASHED(CNONCE, SET, "csn\x7fverify")),
};

static const verify_try nul_octet[] = {
    VERIFY_TRY("NUL", VERIFY_OCTETS(CNONCE, SET, "csn\0verify")),
    VERIFY_TRY("a lone CR", VERIFY_HASHED(CNONCE, SET, "csn\rverify")),
};

static const verify_try unclosed[] = {
    VERIFY_TRY("a lone quotation mark",
        VERIFY_LATE(FURTHER, SET_RAW, "\"csn-verify")),
    VERIFY_TRY("a lone backslash at the end",
        VERIFY_LATE(FURTHER, SET_RAW, "\"csn-verify\\")),
    VERIFY_TRY("no value", VERIFY_LATE(FURTHER, SET_RAW, "")),
};

static const verify_try huge[] = {
    VERIFY_TRY("16 KiB", VERIFY_LATE(FURTHER, LONG, NULL)),
};

static void
use_other_scheme(verify_run *run, verify_form *form, verify_request *request)
{
    (void)run;
    (void)request;
    form->scheme = CSN_SPAN("CountersignVerify");
}

static void
use_no_scheme(verify_run *run, verify_form *form, verify_request *request)
{
    (void)run;
    (void)request;
    form->scheme = (csn_span){ NULL, 0 };
}

static const verify_try other_scheme[] = {
    { .name = "a scheme nobody knows", .after = use_other_scheme },
};

static const verify_try no_scheme[] = {
    { .name = "parameters alone", .after = use_no_scheme },
};

static void
write_two(verify_run *run, verify_form *form, verify_request *request,
    bool right_first, bool right_last)
{
    csn_span right = verify_form_write(run, form);
    const verify_change wrong = VERIFY_LATE(RESPONSE, TURN_FIRST, NULL);
    csn_span other;

    verify_change_apply(run, form, &wrong);
    other = verify_form_write(run, form);
    request->lines[0] = right_first ? right : other;
    request->lines[1] = right_last ? right : other;
    request->line_count = 2;
}

static void
write_same_twice(verify_run *run, verify_form *form, verify_request *request)
{
    write_two(run, form, request, true, true);
}

static void
write_right_first(verify_run *run, verify_form *form, verify_request *request)
{
    write_two(run, form, request, true, false);
}

static void
write_right_last(verify_run *run, verify_form *form, verify_request *request)
{
    write_two(run, form, request, false, true);
}

static const verify_try two_lines[] = {
    { .name = "the same twice", .after = write_same_twice },
    { .name = "the right one first", .after = write_right_first },
    { .name = "the right one last", .after = write_right_last },
};

#define ROW(key, id, why, must, need, says, rows, what)                       \
    {                                                                         \
        .name = (key), .ids = (id), .reason = CSN_R_##why,                    \
        .part = VERIFY_LETS_THROUGH, .level = VERIFY_##must, .needs = (need), \
        .sentence = (says), VERIFY_TRIES(rows, what)                          \
    }

const verify_check verify_checks_form[] = {
    ROW("response-wrong", "D-38", WRONG_RESPONSE, MUST, LOGIN,
        "a response with one digit changed is refused", response_wrong,
        REFUSED_ASKED),
    ROW("response-length", "D-05 A-52", MALFORMED, MUST, LOGIN,
        "a response that is empty, short, cut or long is refused",
        response_length, REFUSED_400),
    ROW("missing-parameter", "D-02", MISSING_PARAMETER, MUST, LOGIN,
        "credentials without one of the parameters are refused", missing,
        REFUSED_400),
    ROW("missing-counts", "D-02", MISSING_PARAMETER, MUST, QOP,
        "credentials with qop, but without cnonce or nc, are refused",
        missing_counts, REFUSED_400),
    ROW("repeated-parameter", "A-41 A-43", REPEATED_PARAMETER, MUST, LOGIN,
        "a parameter that is written twice is refused", repeated, REFUSED_400),
    ROW("credentials-twice", "A-05 H-32", REPEATED_FIELD, PROFILE, LOGIN,
        "two lines of credentials are refused", two_lines, REFUSED_400),
    ROW("nc-zero", "D-05", MALFORMED, MUST, QOP, "count 0 is refused", nc_zero,
        REFUSED_400),
    ROW("nc-malformed", "D-05 A-51", MALFORMED, MUST, QOP,
        "an nc that is not eight hex digits is refused", nc_malformed,
        REFUSED_400),
    ROW("nonce-invented", "D-13 D-15", NONCE_UNKNOWN, MUST, LOGIN,
        "a nonce that was never given out is refused", nonce_invented,
        REFUSED_ASKED),
    ROW("nonce-changed", "D-13 D-15", NONCE_UNKNOWN, MUST, LOGIN,
        "a nonce with one octet changed is refused", nonce_changed,
        REFUSED_ASKED),
    ROW("nonce-empty", "D-15", NONCE_UNKNOWN, MUST, LOGIN,
        "an empty nonce is refused", nonce_empty, REFUSED),
    ROW("qop-dropped", "D-09", QOP_MISSING, MUST, QOP,
        "the old form without qop is refused where qop was offered",
        qop_dropped, REFUSED_400),
    ROW("qop-changed", "D-08", WRONG_RESPONSE, MUST, QOP,
        "another qop than the one that was hashed is refused", qop_changed,
        REFUSED),
    ROW("qop-unknown", "D-08", QOP_NOT_OFFERED, MUST, QOP,
        "a qop that was not offered is refused", qop_unknown, REFUSED_400),
    ROW("realm-other", "D-10", REALM_NOT_OFFERED, MUST, LOGIN,
        "another realm than the challenge's is refused", realm_other,
        REFUSED_ASKED),
    ROW("opaque-changed", "D-11", OPAQUE_MISMATCH, PROFILE,
        LOGIN | VERIFY_NEEDS_OPAQUE,
        "another opaque than the challenge's is refused", opaque_changed,
        REFUSED_ASKED),
    ROW("opaque-missing", "D-11", OPAQUE_MISMATCH, PROFILE,
        LOGIN | VERIFY_NEEDS_OPAQUE,
        "credentials without the challenge's opaque are refused",
        opaque_missing, REFUSED_ASKED),
    ROW("control-octets", "A-15", MALFORMED, SHOULD, QOP,
        "control octets in a quoted value are refused", control_octets,
        REFUSED),
    ROW("nul-octet", "A-27", MALFORMED, MUST, QOP,
        "NUL and a lone CR in a value are refused", nul_octet, REFUSED),
    ROW("unclosed-quote", "A-14 A-18", MALFORMED, MUST, LOGIN,
        "a value that is not closed, or not there, is refused", unclosed,
        REFUSED_400),
    ROW("huge-field", "A-46", TOO_LARGE, PROFILE, LOGIN,
        "credentials of 16 KiB are refused with a 4xx", huge, REFUSED_400),
    ROW("scheme-unknown", "D-01", SCHEME_NOT_OFFERED, MUST, LOGIN,
        "a scheme that was not offered is challenged", other_scheme,
        REFUSED_ASKED),
    ROW("scheme-missing", "A-03", MALFORMED, MUST, LOGIN,
        "parameters without a scheme in front are refused", no_scheme,
        REFUSED),
    { .name = NULL },
};
