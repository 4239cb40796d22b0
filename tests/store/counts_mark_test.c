// SPDX-License-Identifier: MIT
/* What the store answers to marks on a few nonces, one after another. */
#include "counts_rig.h"

enum {
    LIFE = RIG_LIFE_MS,
    GRACE = RIG_GRACE_MS,
    ONE_TIME = 1, /* what is asked */
    REPLACE = 2,
    OTHER_DOMAIN = 4,
    OTHER_MINTED = 8, /* minted_ms contradicts id */
    END = 64,
    MAX_STEPS = 16
};

/* `at_ms` after minting; `replaced_ms` after minting + 1, 0 for none. */
typedef struct step {
    uint32_t at_ms;
    uint32_t nc;
    unsigned user;
    unsigned what;
    csn_mark_result_code want;
    uint32_t replaced;
} step;

static const struct row {
    const char *name;
    step steps[MAX_STEPS];
} rows[] = {
    { "D-24 1 5 5 2 3 4: once each",
        { { 0, 1, 7, 0, FRESH, 0 }, { 1, 5, 7, 0, FRESH, 0 },
            { 2, 5, 7, 0, REPLAY, 0 }, { 3, 2, 7, 0, FRESH, 0 },
            { 4, 3, 7, 0, FRESH, 0 }, { 5, 4, 7, 0, FRESH, 0 },
            { 6, 2, 7, 0, REPLAY, 0 }, { 6, 1, 7, 0, REPLAY, 0 },
            { 6, 6, 7, 0, FRESH, 0 }, { 0, 0, 0, END, 0, 0 } } },
    { "D-23 the same count again, and again much later",
        { { 0, 1, 7, 0, FRESH, 0 }, { 0, 1, 7, 0, REPLAY, 0 },
            { LIFE, 1, 7, 0, REPLAY, 0 }, { 0, 0, 0, END, 0, 0 } } },
    { "D-24 the window is 256 wide",
        { { 0, 300, 7, 0, FRESH, 0 }, { 0, 45, 7, 0, FRESH, 0 },
            { 0, 44, 7, 0, BELOW, 0 }, { 0, 45, 7, 0, REPLAY, 0 },
            { 0, 0, 0, END, 0, 0 } } },
    { "D-23 count 0 is never fresh, on a nonce unknown and known",
        { { 0, 0, 7, 0, BELOW, 0 }, { 0, 1, 7, 0, FRESH, 0 },
            { 0, 0, 7, 0, BELOW, 0 }, { 0, 0, 0, END, 0, 0 } } },
    { "D-14 good at nonce_life, stale a millisecond later",
        { { 0, 1, 7, 0, FRESH, 0 }, { LIFE, 2, 7, 0, FRESH, 0 },
            { LIFE + 1, 3, 7, 0, EXPIRED, 0 }, { LIFE, 3, 7, 0, FRESH, 0 },
            { 0, 0, 0, END, 0, 0 } } },
    { "D-14 first use at nonce_life",
        { { LIFE, 1, 7, 0, FRESH, 0 }, { 0, 0, 0, END, 0, 0 } } },
    { "D-14 first use past nonce_life",
        { { LIFE + 1, 1, 7, 0, EXPIRED, 0 }, { 0, 0, 0, END, 0, 0 } } },
    { "D-14 minted a little ahead of now",
        { { UINT32_MAX, 1, 7, 0, FRESH, 0 },
            { UINT32_MAX, 1, 7, 0, REPLAY, 0 },
            { UINT32_MAX, 2, 7, REPLACE, FRESH, 1 },
            { 0, 0, 0, END, 0, 0 } } },
    { "E-34 the time of nextnonce is noted once, for all to come",
        { { 10, 1, 7, 0, FRESH, 0 }, { 20, 2, 7, REPLACE, FRESH, 21 },
            { 30, 3, 7, REPLACE, FRESH, 21 }, { 40, 4, 7, 0, FRESH, 21 },
            { 40, 4, 7, 0, REPLAY, 0 }, { 0, 0, 0, END, 0, 0 } } },
    { "E-34 replaced at first use, in the millisecond of minting",
        { { 0, 1, 7, REPLACE, FRESH, 1 }, { 5, 2, 7, 0, FRESH, 1 },
            { 0, 0, 0, END, 0, 0 } } },
    { "E-34 a replay does not note a nextnonce",
        { { 0, 1, 7, 0, FRESH, 0 }, { 5, 1, 7, REPLACE, REPLAY, 0 },
            { 9, 2, 7, 0, FRESH, 0 }, { 0, 0, 0, END, 0, 0 } } },
    { "E-31 replaced: good for old_grace, refused after",
        { { 100, 1, 7, REPLACE, FRESH, 101 },
            { 100 + GRACE, 2, 7, 0, FRESH, 101 },
            { 101 + GRACE, 3, 7, 0, EXPIRED, 0 }, { 0, 0, 0, END, 0, 0 } } },
    { "H-07 replaced at nonce_life: never beyond it plus old_grace",
        { { LIFE, 1, 7, REPLACE, FRESH, LIFE + 1 },
            { LIFE + GRACE, 2, 7, 0, FRESH, LIFE + 1 },
            { LIFE + GRACE + 1, 3, 7, 0, EXPIRED, 0 },
            { 0, 0, 0, END, 0, 0 } } },
    { "E-33 nextnonce does not reset the counts",
        { { 0, 3, 7, 0, FRESH, 0 }, { 1, 4, 7, REPLACE, FRESH, 2 },
            { 2, 3, 7, 0, REPLAY, 0 }, { 2, 4, 7, 0, REPLAY, 0 },
            { 2, 2, 7, 0, FRESH, 2 }, { 0, 0, 0, END, 0, 0 } } },
    { "D-28 one-time: one use, whatever the count",
        { { 0, 1, 7, ONE_TIME | REPLACE, FRESH, 1 },
            { 0, 2, 7, ONE_TIME | REPLACE, USED_UP, 0 },
            { 1, 1, 7, ONE_TIME | REPLACE, USED_UP, 0 },
            { LIFE, 3, 7, ONE_TIME | REPLACE, USED_UP, 0 },
            { LIFE + 1, 3, 7, ONE_TIME | REPLACE, EXPIRED, 0 },
            { 0, 0, 0, END, 0, 0 } } },
    { "D-28 one-time with any first count",
        { { 0, 77, 7, ONE_TIME, FRESH, 0 }, { 0, 1, 7, ONE_TIME, USED_UP, 0 },
            { 0, 0, 0, END, 0, 0 } } },
    { "H-07 used without a count, then with counts",
        { { 0, 1, 7, ONE_TIME, FRESH, 0 }, { 0, 2, 7, 0, USED_UP, 0 },
            { 0, 0, 0, END, 0, 0 } } },
    { "H-07 used with counts, then without",
        { { 0, 5, 7, 0, FRESH, 0 }, { 0, 1, 7, ONE_TIME, USED_UP, 0 },
            { 0, 2, 7, 0, FRESH, 0 }, { 0, 0, 0, END, 0, 0 } } },
    { "D-42 another user changes nothing for the first",
        { { 0, 1, 7, 0, FRESH, 0 }, { 1, 999, 8, REPLACE, OTHER_USER, 0 },
            { 2, 2, 8, ONE_TIME, OTHER_USER, 0 }, { 3, 2, 7, 0, FRESH, 0 },
            { 4, 999, 7, 0, FRESH, 0 }, { 0, 0, 0, END, 0, 0 } } },
    { "D-42 the user comes before the count",
        { { 0, 1, 7, 0, FRESH, 0 }, { 1, 1, 8, 0, OTHER_USER, 0 },
            { 1, 1, 8, ONE_TIME, OTHER_USER, 0 }, { 0, 0, 0, END, 0, 0 } } },
    { "D-42 the age comes before user and count",
        { { 0, 1, 7, 0, FRESH, 0 }, { LIFE + 1, 1, 8, 0, EXPIRED, 0 },
            { LIFE + 1, 1, 7, 0, EXPIRED, 0 }, { 0, 0, 0, END, 0, 0 } } },
    { "D-42 the domain comes before user and count",
        { { 0, 1, 7, 0, FRESH, 0 }, { 0, 1, 8, OTHER_DOMAIN, FOREIGN, 0 },
            { 0, 1, 7, OTHER_DOMAIN, FOREIGN, 0 }, { 0, 2, 7, 0, FRESH, 0 },
            { 0, 0, 0, END, 0, 0 } } },
    { "D-18 a nonce of another domain is never fresh",
        { { 0, 1, 7, OTHER_DOMAIN, FOREIGN, 0 },
            { 0, 1, 7, OTHER_DOMAIN, FOREIGN, 0 }, { 0, 1, 7, 0, FRESH, 0 },
            { 0, 0, 0, END, 0, 0 } } },
    { "H-34 a mark that contradicts itself gets no answer",
        { { 0, 1, 7, OTHER_MINTED, UNAVAILABLE, 0 }, { 0, 1, 7, 0, FRESH, 0 },
            { 0, 2, 7, OTHER_MINTED, UNAVAILABLE, 0 },
            { 0, 2, 7, 0, FRESH, 0 }, { 0, 0, 0, END, 0, 0 } } },
};

static csn_mark
mark_of(const rig *r, const step *s)
{
    uint64_t at_ms = s->at_ms == UINT32_MAX ? RIG_START_MS - 2000
                                            : RIG_START_MS + s->at_ms;
    csn_mark mark = rig_mark_at(r, RIG_START_MS, 1, s->user, s->nc, at_ms);

    mark.one_time = (s->what & ONE_TIME) != 0;
    mark.replace = (s->what & REPLACE) != 0;
    if ((s->what & OTHER_DOMAIN) != 0)
        mark.domain[CSN_DOMAIN_SIZE - 1] ^= 1;
    if ((s->what & OTHER_MINTED) != 0)
        mark.minted_ms++;
    return mark;
}

static void
test_row(void **state)
{
    const struct row *row = *state;
    rig r = rig_make(1);

    for (size_t i = 0; row->steps[i].what != END; i++) {
        const step *s = &row->steps[i];
        csn_mark mark = mark_of(&r, s);
        csn_mark_result result = csn_counts_mark(r.table, &mark);
        uint64_t replaced_ms = s->replaced ? RIG_START_MS + s->replaced - 1
                                           : 0;
        char where[96];

        snprintf(where, sizeof(where), "%s, step %zu", row->name, i);
        CHECK_EQ(where, result.code, s->want);
        CHECK_EQ(where, result.replaced_ms, replaced_ms);
    }
    rig_drop(&r);
}

/* Refusals that leave no trace: no line comes into being. */
static void
test_refused_takes_no_line(void **state)
{
    rig r = rig_make(1);
    csn_mark mark = rig_mark(&r, RIG_START_MS, 1, 7, 1);

    (void)state;
    mark.domain[0] ^= 0x80;
    assert_int_equal(rig_code(&r, mark), FOREIGN);
    mark = rig_mark(&r, RIG_START_MS, 2, 7, 0);
    assert_int_equal(rig_code(&r, mark), BELOW);
    mark = rig_mark_at(&r, RIG_START_MS, 3, 7, 1, RIG_START_MS + LIFE + 1);
    assert_int_equal(rig_code(&r, mark), EXPIRED);
    assert_int_equal(rig_stats(&r, RIG_START_MS).used, 0);
    mark = rig_mark(&r, RIG_START_MS, 4, 7, 1);
    assert_int_equal(rig_code(&r, mark), FRESH);
    assert_int_equal(rig_stats(&r, RIG_START_MS).used, 1);
    rig_drop(&r);
}

/* Any bit of the key makes another nonce with counts of its own. */
static void
test_every_bit_of_the_key(void **state)
{
    rig r = rig_make(1);
    csn_mark mark = rig_mark(&r, RIG_START_MS, 1, 7, 1);

    (void)state;
    assert_int_equal(rig_code(&r, mark), FRESH);
    for (unsigned bit = 0; bit < 64; bit++) {
        rig one = rig_make(1);
        csn_mark first = rig_mark(&one, RIG_START_MS, 1, 7, 1);
        csn_mark other = rig_mark(&one, RIG_START_MS, 1 ^ (UINT64_C(1) << bit),
            7, 1);

        assert_int_equal(rig_code(&one, first), FRESH);
        assert_int_equal(rig_code(&one, other), FRESH);
        assert_int_equal(rig_code(&one, first), REPLAY);
        rig_drop(&one);
    }
    mark = rig_mark_at(&r, RIG_START_MS + 1, 1, 7, 1, RIG_START_MS + 1);
    assert_int_equal(rig_code(&r, mark), FRESH);
    rig_drop(&r);
}

/* The longest life there can be: the time of nextnonce still fits. */
static void
test_longest_life(void **state)
{
    rig r = rig_make(1);
    csn_mark mark = rig_mark(&r, RIG_START_MS, 1, 7, 1);
    csn_mark_result result;

    (void)state;
    mark.life_ms = UINT32_MAX;
    mark.grace_ms = UINT32_MAX;
    mark.replace = true;
    mark.now_ms = RIG_START_MS + UINT32_MAX;
    result = csn_counts_mark(r.table, &mark);
    assert_int_equal(result.code, FRESH);
    assert_int_equal(result.replaced_ms, RIG_START_MS + UINT32_MAX - 1);
    mark.nc = 2;
    mark.now_ms = RIG_START_MS + UINT32_MAX - 1 + UINT32_MAX;
    result = csn_counts_mark(r.table, &mark);
    assert_int_equal(result.code, FRESH);
    assert_int_equal(result.replaced_ms, RIG_START_MS + UINT32_MAX - 1);
    mark.nc = 3;
    mark.now_ms++;
    assert_int_equal(rig_code(&r, mark), EXPIRED);
    rig_drop(&r);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        { "H-06 a refused mark takes no line", test_refused_takes_no_line,
            NULL, NULL, NULL },
        { "D-23 every bit of the key counts", test_every_bit_of_the_key, NULL,
            NULL, NULL },
        { "E-34 nextnonce at the end of the longest life", test_longest_life,
            NULL, NULL, NULL },
    };
    int failed = CHECK_ROWS("mark", rows, test_row);

    return failed +
        cmocka_run_group_tests_name("mark whole", tests, NULL, NULL);
}
