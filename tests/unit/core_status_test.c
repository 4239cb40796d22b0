// SPDX-License-Identifier: MIT
#include "check.h"

#include <countersign/status.h>

/* Words that logs and metrics keep; their numbers are part of the ABI. */
struct named {
    const char *name;
    int code;
    const char *(*word)(int code);
    const char *want;
};

static const char *
status_name(int code)
{
    return csn_status_name((csn_status)code);
}

static const char *
reason_name(int code)
{
    return csn_reason_name((csn_reason)code);
}

static const struct named named[] = {
    { "the first status", 0, status_name, "ok" },
    { "the second is no error", 1, status_name, "end" },
    { "CSN_E_SYNTAX", CSN_E_SYNTAX, status_name, "syntax" },
    { "the last status", CSN_E_REFUSED, status_name, "refused" },
    { "behind the last status", CSN_E_REFUSED + 1, status_name, "unknown" },
    { "no status", -1, status_name, "unknown" },
    { "the first reason", 0, reason_name, "none" },
    { "CSN_R_STALE", CSN_R_STALE, reason_name, "stale" },
    { "CSN_R_REPLAY", CSN_R_REPLAY, reason_name, "replay" },
    { "CSN_R_WRONG_RESPONSE", CSN_R_WRONG_RESPONSE, reason_name,
        "wrong-response" },
    { "the last reason", CSN_REASON_COUNT - 1, reason_name,
        "content-changed" },
    { "behind the last reason", CSN_REASON_COUNT, reason_name, "unknown" },
    { "no reason", -1, reason_name, "unknown" },
};

static void
test_named(void **state)
{
    const struct named *row = *state;

    CHECK_SPAN(row->name, check_text(row->word(row->code)),
        check_text(row->want));
}

/* One word, of small letters and dashes; a sentence; no word twice. */
static void
check_words(const char *(*word)(int code), int count)
{
    for (int i = 0; i < count; i++) {
        const char *name = word(i);

        CHECK_EQ("length", strlen(name) > 1, true);
        CHECK_EQ("alphabet",
            strspn(name, "abcdefghijklmnopqrstuvwxyz-") == strlen(name), true);
        for (int other = 0; other < i; other++)
            CHECK_EQ("twice", strcmp(name, word(other)) == 0, false);
    }
}

static void
test_words(void **state)
{
    (void)state;
    check_words(status_name, CSN_E_REFUSED + 1);
    check_words(reason_name, CSN_REASON_COUNT);
}

static void
test_sentences(void **state)
{
    (void)state;
    for (int i = 0; i <= CSN_E_REFUSED; i++)
        CHECK_EQ("status", strlen(csn_status_text((csn_status)i)) > 8, true);
    for (int i = 0; i < CSN_REASON_COUNT; i++)
        CHECK_EQ("reason", strlen(csn_reason_text((csn_reason)i)) > 8, true);
    CHECK_SPAN("none", check_text(csn_status_text((csn_status)1000)),
        CSN_SPAN("unknown"));
    CHECK_SPAN("none", check_text(csn_reason_text(CSN_REASON_COUNT)),
        CSN_SPAN("unknown"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        { "every code has a word of its own", test_words, NULL, NULL, NULL },
        { "every code has a sentence", test_sentences, NULL, NULL, NULL },
    };

    return CHECK_ROWS("named", named, test_named) +
        cmocka_run_group_tests_name("status", tests, NULL, NULL);
}
