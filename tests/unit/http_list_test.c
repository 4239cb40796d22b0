// SPDX-License-Identifier: MIT
#include "check.h"
#include "events.h"

/*
 * Going through the list: csn_field_skip, errors, and copies of a cursor, in
 * every state that a cursor can be in.
 */

#define INFO CSN_FIELD_INFO
#define AUTH CSN_FIELD_CREDENTIALS
#define OFFER CSN_FIELD_CHALLENGES

static csn_field_event
next(csn_field_cursor *cursor)
{
    csn_field_event event = { .kind = CSN_EVENT_END };

    CHECK_EQ("next", csn_field_next(cursor, &event), CSN_OK);
    return event;
}

static void
begin(csn_field_cursor *cursor, csn_field_kind kind, const csn_span *line)
{
    CHECK_EQ("begin", csn_field_begin(cursor, kind, line, 1), CSN_OK);
}

/* The next event of a challenge list must be this scheme, or its end. */
static void
expect_scheme(csn_field_cursor *cursor, const char *want)
{
    csn_field_event event = next(cursor);

    CHECK_EQ("kind", event.kind, *want ? CSN_EVENT_SCHEME : CSN_EVENT_END);
    CHECK_SPAN("scheme", event.name, check_text(want));
}

static void
step_over(csn_field_cursor *cursor)
{
    CHECK_EQ("skip", csn_field_skip(cursor), CSN_OK);
}

/* Over each challenge from each place inside it. */
static void
test_skip_from(void **state)
{
    static const csn_span line = CSN_LIT("A, B YWI=, C c=\"x, Y z\", d=1, "
                                         "D ,e=1, E");
    static const size_t events_inside[] = { 0, 1, 2, 1, 0 };

    (void)state;
    for (size_t stop = 0; stop < COUNT_OF(events_inside); stop++) {
        for (size_t inside = 0; inside <= events_inside[stop]; inside++) {
            static const char *const names[] = { "A", "B", "C", "D", "E", "" };
            csn_field_cursor cursor;

            begin(&cursor, OFFER, &line);
            for (size_t i = 0; i < stop; i++) {
                expect_scheme(&cursor, names[i]);
                step_over(&cursor);
            }
            expect_scheme(&cursor, names[stop]);
            for (size_t i = 0; i < inside; i++)
                CHECK_EQ("inside", next(&cursor).kind > CSN_EVENT_SCHEME, 1);
            step_over(&cursor);
            step_over(&cursor); /* between challenges it does nothing */
            expect_scheme(&cursor, names[stop + 1]);
        }
    }
}

static void
test_skip_at_ends(void **state)
{
    static const csn_span offer = CSN_LIT("A a=1");
    static const csn_span info = CSN_LIT("a=1, b=\"2, 3\"");
    csn_field_cursor cursor;

    (void)state;
    begin(&cursor, OFFER, &offer);
    step_over(&cursor); /* before the first one too */
    expect_scheme(&cursor, "A");
    step_over(&cursor);
    expect_scheme(&cursor, "");
    step_over(&cursor);
    expect_scheme(&cursor, ""); /* the end comes again */

    begin(&cursor, INFO, &info);
    step_over(&cursor);
    CHECK_EQ("info", next(&cursor).kind, CSN_EVENT_END);

    begin(&cursor, AUTH, &offer);
    step_over(&cursor);
    CHECK_EQ("credentials", next(&cursor).kind, CSN_EVENT_END);
}

/* Without csn_field_skip an error comes again, and nothing else. */
static void
test_error_stays(void **state)
{
    static const csn_span line = CSN_LIT("A a=1 b=2, B \"");
    csn_field_cursor cursor;
    csn_field_event event = { .kind = CSN_EVENT_TOKEN68 };
    const csn_field_event untouched = event;

    (void)state;
    begin(&cursor, OFFER, &line);
    expect_scheme(&cursor, "A");
    (void)next(&cursor);
    for (int i = 0; i < 3; i++) {
        CHECK_EQ("again", csn_field_next(&cursor, &event), CSN_E_SYNTAX);
        CHECK_EQ("untouched", memcmp(&event, &untouched, sizeof(event)), 0);
    }
    step_over(&cursor);
    expect_scheme(&cursor, "B");
    for (int i = 0; i < 3; i++)
        CHECK_EQ("lost", csn_field_skip(&cursor), CSN_E_SYNTAX);
    CHECK_EQ("lost", csn_field_next(&cursor, &event), CSN_E_SYNTAX);
}

static void
test_failed_begin_stays(void **state)
{
    static const csn_span line = CSN_LIT("A a=1\n");
    csn_field_cursor cursor;
    csn_field_event event;

    (void)state;
    CHECK_EQ("begin", csn_field_begin(&cursor, OFFER, &line, 1), CSN_E_SYNTAX);
    CHECK_EQ("next", csn_field_next(&cursor, &event), CSN_E_SYNTAX);
    CHECK_EQ("skip", csn_field_skip(&cursor), CSN_E_SYNTAX);
}

/* A cursor may be copied by assignment; both copies go on. */
static void
test_copy(void **state)
{
    static const csn_span line = CSN_LIT("A a=1, b=2, B");
    static const char want[] = "b=2 [B] .";
    csn_field_cursor cursor, copy;
    char got[64];

    (void)state;
    begin(&cursor, OFFER, &line);
    expect_scheme(&cursor, "A");
    (void)next(&cursor);
    copy = cursor;
    events_render_rest(&cursor, got, sizeof(got));
    CHECK_SPAN("first", check_text(got), check_text(want));
    events_render_rest(&copy, got, sizeof(got));
    CHECK_SPAN("copy", check_text(got), check_text(want));
}

#define TEST(name, function)                                                  \
    {                                                                         \
        name, function, NULL, NULL, NULL                                      \
    }

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("A-36 a challenge is stepped over from every place in it",
            test_skip_from),
        TEST("skip before the first challenge and behind the last",
            test_skip_at_ends),
        TEST("an error stays until it is skipped", test_error_stays),
        TEST("A-27 a failed begin stays", test_failed_begin_stays),
        TEST("a cursor may be copied", test_copy),
    };

    return cmocka_run_group_tests_name("list", tests, NULL, NULL);
}
