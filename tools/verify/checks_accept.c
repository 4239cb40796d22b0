// SPDX-License-Identifier: MIT
#include "check.h"

/* What a server must take: other ways to write right credentials. */

enum {
    LOGIN = VERIFY_NEEDS_LOGIN,
    QOP = VERIFY_NEEDS_LOGIN | VERIFY_NEEDS_QOP
};

static const verify_try quoted[] = {
    VERIFY_TRY("qop", VERIFY_LATE(QOP, ENQUOTE, NULL)),
    VERIFY_TRY("nc", VERIFY_LATE(NC, ENQUOTE, NULL)),
    VERIFY_TRY("algorithm", VERIFY_LATE(ALGORITHM, ENQUOTE, NULL)),
};

static const verify_try bare[] = {
    VERIFY_TRY("realm", VERIFY_LATE(REALM, UNQUOTE, NULL)),
    VERIFY_TRY("username", VERIFY_LATE(USERNAME, UNQUOTE, NULL)),
    VERIFY_TRY("nonce", VERIFY_LATE(NONCE, UNQUOTE, NULL)),
    VERIFY_TRY("cnonce", VERIFY_LATE(CNONCE, UNQUOTE, NULL)),
    VERIFY_TRY("response", VERIFY_LATE(RESPONSE, UNQUOTE, NULL)),
};

static const verify_try upper[] = {
    VERIFY_TRY("upper-case digits", VERIFY_LATE(RESPONSE, UPPER, NULL)),
};

static const verify_try nc_upper[] = {
    VERIFY_TRY("0000000A", VERIFY_HASHED(NC, SET_TOKEN, "0000000A")),
    VERIFY_TRY("0000000a", VERIFY_HASHED(NC, SET_TOKEN, "0000000a")),
};

static const verify_try unknown[] = {
    VERIFY_TRY("token", VERIFY_LATE(FURTHER, SET_TOKEN, "x")),
    VERIFY_TRY("quoted", VERIFY_LATE(FURTHER, SET, "a, b=\"c")),
};

static const verify_try escaped_cnonce[] = {
    VERIFY_TRY("backslash pairs", VERIFY_HASHED(CNONCE, SET, "csn\"ver\\ify")),
};

static void
write_upper_scheme(verify_run *run, verify_form *form, verify_request *request)
{
    (void)run;
    (void)request;
    form->scheme = CSN_SPAN("DIGEST");
}

static void
write_upper_names(verify_run *run, verify_form *form, verify_request *request)
{
    (void)run;
    (void)request;
    form->upper_names = true;
}

static void
write_blanks(verify_run *run, verify_form *form, verify_request *request)
{
    (void)run;
    (void)request;
    form->equals = CSN_SPAN(" = ");
}

static const verify_try letters[] = {
    { .name = "the scheme", .after = write_upper_scheme },
    { .name = "names", .after = write_upper_names },
};

static const verify_try blanks[] = {
    { .name = "blanks around =", .after = write_blanks },
};

static const verify_try absolute[] = {
    VERIFY_TRY("the absolute URI", VERIFY_HASHED(URI, ABSOLUTE, NULL)),
};

#define ROW(key, id, must, need, says, rows)                                  \
    {                                                                         \
        .name = (key), .ids = (id), .part = VERIFY_PROVES,                    \
        .level = VERIFY_##must, .needs = (need), .sentence = (says),          \
        VERIFY_TRIES(rows, ACCEPTED)                                          \
    }

const verify_check verify_checks_accept[] = {
    ROW("takes-quoted", "D-06 A-12", MUST, QOP,
        "quoted qop, nc and algorithm are taken", quoted),
    ROW("takes-unquoted", "D-06 A-12", MUST, QOP,
        "unquoted realm, username, nonce, cnonce and response are taken",
        bare),
    ROW("takes-upper-hex", "A-52", PROFILE, LOGIN,
        "a response in upper-case digits is taken", upper),
    ROW("takes-nc-letters", "A-51 C-17", MUST, QOP,
        "letters of either case are taken in nc", nc_upper),
    ROW("takes-any-case", "A-07 A-08", MUST, LOGIN,
        "scheme and names of parameters are taken in any letter case",
        letters),
    ROW("takes-blanks", "A-19", MUST, LOGIN,
        "blanks around the = of a parameter are taken", blanks),
    ROW("takes-unknown", "A-45", MUST, LOGIN,
        "parameters that nobody knows are stepped over", unknown),
    ROW("takes-escapes", "A-13", MUST, QOP,
        "backslash pairs in a quoted value are taken", escaped_cnonce),
    ROW("takes-absolute-uri", "D-31", MUST,
        LOGIN | VERIFY_NEEDS_PATH | VERIFY_NEEDS_ORIGIN,
        "an absolute uri that names the same resource is taken", absolute),
    { .name = NULL },
};
