// SPDX-License-Identifier: MIT
#include "check.h"
#include "events.h"

/*
 * The limits on a field and on what it may cost, at each one, below and above
 * it: octets, lines, empty elements, names, values, parameters, challenges.
 */

#define INFO CSN_FIELD_INFO
#define AUTH CSN_FIELD_CREDENTIALS
#define OFFER CSN_FIELD_CHALLENGES

/* A field made of repeated parts: head, `times` x part, tail. */
static const struct made {
    const char *name;
    csn_field_kind kind;
    const char *head;
    const char *part;
    size_t times;
    const char *tail;
    const char *ends_with; /* of what events.h writes */
} made_rows[] = {
    { "A-22 one empty element less than allowed", INFO, "", ",", 63, "a=b",
        "a=b ." },
    { "A-22 as many empty elements as allowed", INFO, "", " ,", 64, "a=b",
        "a=b ." },
    { "A-22 one empty element too many", INFO, "", ",", 65, "a=b",
        "!limit@0:64 >syntax" },
    { "A-22 as many as allowed between parameters", INFO, "a=b", ",", 65,
        "c=d", "a=b c=d ." },
    { "A-22 too many between parameters", INFO, "a=b", ",", 66, "c=d",
        "a=b !limit@0:68 >syntax" },
    { "A-22 as many as allowed at the end", INFO, "a=b", ",", 64, "",
        "a=b ." },
    { "A-22 too many at the end", INFO, "a=b", ",", 65, "",
        "a=b !limit@0:68 >syntax" },
    { "A-22 the limit counts in skipped challenges too", OFFER, "\"", "\",,\"",
        65, "\", A", "!syntax@0:0 >syntax" },
    { "A-22, A-40 malformed elements are not empty", OFFER, "A a=1", ",/x",
        100, ", C c=1", "[A] a=1 !syntax@0:6 > [C] c=1 ." },
    { "A-22 as many as allowed before a challenge", OFFER, "", ",", 64,
        "A a=b", "[A] a=b ." },

    { "A-48 a name one octet below its limit", INFO, "", "n", 63, "=v, b=c",
        "nnnn=v b=c ." },
    { "A-48 a name as long as its limit", INFO, "", "n", 64, "=v, b=c",
        "nnnn=v b=c ." },
    { "A-48 a name above its limit", INFO, "", "n", 65, "=v, b=c",
        "!limit@0:0 > ." },
    { "A-48 a scheme as long as its limit", OFFER, "", "s", 64, ", B",
        "ssss] [B] ." },
    { "A-48 a scheme above its limit", OFFER, "", "s", 65, ", B",
        "!limit@0:0 > [B] ." },
    { "A-48 a scheme above its limit in credentials", AUTH, "", "s", 65,
        " a=b", "!limit@0:0 > ." },

    { "A-48 a token one octet below its limit", INFO, "a=", "v", 4095, "",
        "vvvv ." },
    { "A-48 a token as long as its limit", INFO, "a=", "v", 4096, "",
        "vvvv ." },
    { "A-48 a token above its limit", INFO, "a=", "v", 4097, "",
        "!limit@0:2 > ." },
    { "A-48 a string as long as its limit", INFO, "a=\"", "v", 4096, "\"",
        "vvvv\" ." },
    { "A-48 a string above its limit", INFO, "a=\"", "v", 4097, "\", b=c",
        "!limit@0:2 > ." },
    { "A-48 escapes do not count in the limit", INFO, "a=\"", "\\v", 4090,
        "\"", "\\v\\v\" ." },
    { "A-48 a long challenge is stepped over", OFFER, "A a=\"", "v", 4097,
        "\", B", "!limit@0:4 > [B] ." },
    { "A-33 a token68 is as long as its field", AUTH, "Negotiate ", "v", 8000,
        "", "vvvv> ." },

    { "A-46, A-48 a field one octet below its limit", INFO, "a=b", " ", 8187,
        "x", "a=b !syntax@0:8190 > ." },
    { "A-46, A-48 a field as long as its limit", INFO, "a=b", " ", 8188, "x",
        "a=b !syntax@0:8191 > ." },
    { "A-46, A-47 a field above its limit", INFO, "a=b", " ", 8189, "x",
        "!limit@0:0" },
    { "A-46, A-47 far above it", OFFER, "", "A,", 40000, "", "!limit@0:0" },

    { "A-48 one challenge less than allowed", OFFER, "", "A,", 15, "",
        "[A] [A] ." },
    { "A-48 as many challenges as allowed", OFFER, "", "A,", 16, "",
        "[A] [A] ." },
    { "A-40, A-48 one challenge too many", OFFER, "", "A,", 17, "",
        "[A] [A] !limit@0:32 >syntax" },
};

static csn_span
make(const struct made *row)
{
    static uint8_t text[100000];
    size_t len = 0;

    memcpy(text, row->head, strlen(row->head));
    len += strlen(row->head);
    for (size_t i = 0; i < row->times; i++) {
        memcpy(text + len, row->part, strlen(row->part));
        len += strlen(row->part);
    }
    memcpy(text + len, row->tail, strlen(row->tail));
    return (csn_span){ text, len + strlen(row->tail) };
}

static void
check_ends_with(const char *name, const char *got, const char *want)
{
    size_t len = strlen(got), tail = strlen(want);
    size_t from = len > tail ? len - tail : 0;

    CHECK_SPAN(name, check_text(got + from), check_text(want));
}

static void
test_made(void **state)
{
    static char got[EVENTS_SIZE];
    const struct made *row = *state;
    csn_span exact = check_exact(make(row));

    events_render(row->kind, &exact, 1, got, sizeof(got));
    check_drop(exact);
    check_ends_with(row->name, got, row->ends_with);
}

/* `count` parameters p0, p1, ... of one challenge. */
static void
check_params(unsigned count, const char *ends_with)
{
    static char text[CSN_MAX_FIELD], got[EVENTS_SIZE];
    size_t len = (size_t)snprintf(text, sizeof(text), "A ");
    csn_span exact;

    for (unsigned i = 0; i < count; i++)
        len += (size_t)snprintf(text + len, sizeof(text) - len, "p%u=v,", i);
    len += (size_t)snprintf(text + len, sizeof(text) - len, "B b=c");
    exact = check_exact((csn_span){ (const uint8_t *)text, len });
    events_render(OFFER, &exact, 1, got, sizeof(got));
    check_drop(exact);
    check_ends_with("params", got, ends_with);
}

static void
test_params(void **state)
{
    (void)state;
    check_params(31, "p30=v [B] b=c .");
    check_params(32, "p31=v [B] b=c .");
    check_params(33, "p31=v !limit@0:184 > [B] b=c .");
}

/* Each of 32 names is found again, whichever it is. */
static void
test_last_duplicate(void **state)
{
    (void)state;
    for (unsigned again = 0; again < 32; again++) {
        char text[512], got[1024];
        csn_span field = { (const uint8_t *)text, 0 };

        for (unsigned i = 0; i < 32; i++)
            field.len += (size_t)snprintf(text + field.len,
                sizeof(text) - field.len, "p%02u=v,", i);
        field.len += (size_t)snprintf(text + field.len,
            sizeof(text) - field.len, "P%02u=v", again);
        events_render(INFO, &field, 1, got, sizeof(got));
        check_ends_with("duplicate", got, "p31=v !duplicate@0:192 > .");
    }
}

/* Whatever its length and first letter, a name is found again. */
static void
test_any_duplicate(void **state)
{
    (void)state;
    for (size_t len = 1; len <= CSN_MAX_NAME; len++) {
        for (char letter = 'a'; letter <= 'z'; letter++) {
            char text[160], got[256], name[CSN_MAX_NAME + 1] = "";
            int used;
            csn_span field = { (const uint8_t *)text, 0 };

            memset(name, letter, len);
            used = snprintf(text, sizeof(text), "%s=1,%s=2", name, name);
            field.len = (size_t)used;
            events_render(INFO, &field, 1, got, sizeof(got));
            CHECK_EQ(name, strstr(got, "!duplicate") != NULL, true);
        }
    }
}

/* The limit on a field holds for its lines together, commas between them. */
static void
test_lines_together(void **state)
{
    static uint8_t blanks[CSN_MAX_FIELD];
    static const struct {
        size_t first, second;
        csn_status want;
    } rows[] = {
        { 8190, 0, CSN_OK },
        { 8191, 0, CSN_OK },
        { 8192, 0, CSN_E_LIMIT },
        { 4000, 4191, CSN_OK },
        { 4000, 4192, CSN_E_LIMIT },
        { 0, 8191, CSN_OK },
        { 0, 8192, CSN_E_LIMIT },
        { 1, SIZE_MAX, CSN_E_LIMIT },
        { SIZE_MAX, 1, CSN_E_LIMIT },
    };

    (void)state;
    memset(blanks, ' ', sizeof(blanks));
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        csn_span lines[2] = { { blanks, rows[i].first },
            { blanks, rows[i].second } };
        csn_field_cursor cursor;

        CHECK_EQ("together", csn_field_begin(&cursor, INFO, lines, 2),
            rows[i].want);
    }
}

static void
test_many_lines(void **state)
{
    static csn_span lines[CSN_MAX_FIELD + 2];
    csn_field_cursor cursor;

    (void)state;
    CHECK_EQ("64 empty lines", csn_field_begin(&cursor, INFO, lines, 64),
        CSN_OK);
    CHECK_EQ("all that may be",
        csn_field_begin(&cursor, INFO, lines, CSN_MAX_FIELD + 1), CSN_OK);
    CHECK_EQ("one more",
        csn_field_begin(&cursor, INFO, lines, CSN_MAX_FIELD + 2), CSN_E_LIMIT);
}

/*
 * Each call makes progress: a field of n octets has at most n + 2 events and
 * as many skips, whatever its octets are.
 */
static void
test_progress(void **state)
{
    static const char *const parts[] = { ",", "A,", "A ", "\"\",", "a=b,",
        "A a=b c,", "=,", "\\", "A \"x, y\",", "a=\"", "\t",
        "A b=,B ,c=\"\\\"," };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        struct made row = { .head = "", .part = parts[i], .tail = "" };
        csn_field_cursor cursor;
        csn_field_event event = { .kind = CSN_EVENT_PARAM };
        csn_span exact;
        size_t steps = 0;

        row.times = CSN_MAX_FIELD / strlen(parts[i]);
        exact = check_exact(make(&row));
        for (csn_status status = csn_field_begin(&cursor, OFFER, &exact, 1);
             event.kind != CSN_EVENT_END; steps++) {
            status = csn_field_next(&cursor, &event);
            if (status != CSN_OK && csn_field_skip(&cursor) != CSN_OK)
                break;
        }
        CHECK_EQ(parts[i], steps <= exact.len + 2, true);
        check_drop(exact);
    }
}

#define TEST(name, function)                                                  \
    {                                                                         \
        name, function, NULL, NULL, NULL                                      \
    }

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("A-48 parameters up to their limit", test_params),
        TEST("A-41 each of many names is found again", test_last_duplicate),
        TEST("A-41 names of every length and first letter",
            test_any_duplicate),
        TEST("A-46 the limit holds for all lines together",
            test_lines_together),
        TEST("A-46 it bounds the number of lines", test_many_lines),
        TEST("A-48 every call makes progress", test_progress),
    };

    return CHECK_ROWS("limits", made_rows, test_made) +
        cmocka_run_group_tests_name("limits", tests, NULL, NULL);
}
