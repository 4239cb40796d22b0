// SPDX-License-Identifier: MIT
/*
 * A process is killed at each step of csn_counts_mark in shared memory. First
 * a child is single-stepped through the call, to see where it goes and after
 * which instructions the table differs. Then it is done again and again and
 * killed: before and after each of these, and where code is reached for the
 * first time.
 * The others must go on, without waiting, and nothing that was marked may be
 * fresh again.
 *
 * Two things see to that, each enough alone: a dead owner's bucket is emptied,
 * and what a mark writes it writes in an order that is safe at every step. So
 * it is all done once more without the emptying.
 */
#define _GNU_SOURCE /* MAP_ANONYMOUS */

#include "counts_rig.h"
#include "counts_step.h"

#include "memory/bucket.h"

#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    WAYS = CSN_COUNTS_WAYS,
    OWNER = 50, /* the user of the nonce that the child marks */
    OTHERS = 1000,
    OWN_SERIAL = 7777,
    MANY_STORES = 64, /* from here on (a memset) every eighth will do */
    MAX_STEPS = 200000
};

#define T RIG_START_MS

/* Whose marks carry a key: the fillers', the child's own nonce's before, and
 * the one the child is killed in. */
enum { FILLERS = 1, BEFORE = 2, OWN = 4 };

/* What happened before: `fill` nonces minted at T + 1, T + 2, ..., count 1,
 * and on the child's own nonce the counts `first` to `last`. */
static const struct row {
    const char *name;
    unsigned fill;
    uint32_t first, last;
    uint64_t minted; /* the child's nonce, after T */
    uint32_t nc;
    uint64_t now; /* after T */
    bool one_time;
    bool replace;
    bool owner_died; /* before it: the child finds the lock of a dead one */
    csn_mark_result_code want;
    unsigned keyed; /* which marks carry a session's key */
} rows[] = {
    { "D-25 killed in the first use of a nonce", 3, 0, 0, 90, 1, 100, false,
        false, false, FRESH, 0 },
    { "D-25 killed in the next count", 3, 1, 5, 90, 6, 100, false, false,
        false, FRESH, 0 },
    { "D-25 killed in a late count", 3, 7, 9, 90, 3, 100, false, false, false,
        FRESH, 0 },
    { "D-25 killed while the window jumps", 3, 1, 256, 90, 300, 100, false,
        false, false, FRESH, 0 },
    { "D-25 killed while the window jumps far", 3, 1, 20, 90, 70000, 100,
        false, false, false, FRESH, 0 },
    { "D-25 killed in a replay", 3, 1, 5, 90, 3, 100, false, false, false,
        REPLAY, 0 },
    { "D-28 killed in the use of a one-time nonce", 3, 0, 0, 90, 1, 100, true,
        true, false, FRESH, 0 },
    { "E-34 killed while nextnonce is noted", 3, 1, 5, 90, 6, 100, false, true,
        false, FRESH, 0 },
    { "H-07 killed while the oldest makes way", WAYS, 0, 0, 90, 1, 100, false,
        false, false, FRESH, 0 },
    { "H-07 killed while an expired line makes way", WAYS, 0, 0, 500000, 1,
        500000, false, false, false, FRESH, 0 },
    { "H-07 killed while a newcomer is turned away", WAYS, 0, 0, 0, 1, 100,
        false, false, false, EVICTED, 0 },
    { "H-07 killed while a dead one's bucket is emptied", WAYS, 0, 0, 90, 1,
        100, false, false, true, EVICTED, 0 },
    { "D-45 killed while a session is bound to a new nonce", 3, 0, 0, 90, 1,
        100, false, false, false, FRESH, OWN },
    { "D-45 killed while a session is bound to a nonce in use", 3, 1, 5, 90, 6,
        100, false, false, false, FRESH, OWN },
    { "D-45 killed in the next count of a session", 3, 1, 5, 90, 6, 100, false,
        false, false, FRESH, BEFORE | OWN },
    { "D-45 killed while the oldest makes way with its session", WAYS / 2, 0,
        0, 90, 1, 100, false, false, false, FRESH, FILLERS | OWN },
    { "D-45 killed while two make way for a session", WAYS, 0, 0, 90, 1, 100,
        false, false, false, FRESH, OWN },
    { "D-45 killed while one makes way for a line's session", WAYS - 1, 1, 5,
        90, 6, 100, false, false, false, FRESH, OWN },
    { "D-45 killed while a session is turned away", WAYS / 2, 0, 0, 0, 1, 100,
        false, false, false, EVICTED, FILLERS | OWN },
    { "D-45 killed while sessions of a dead one are emptied", WAYS / 2, 0, 0,
        90, 1, 100, false, false, true, EVICTED, FILLERS | OWN },
};

/* The linker has the library call this one (--wrap). */
void __real_csn_bucket_empty(csn_counts *table, csn_bucket *bucket);
void __wrap_csn_bucket_empty(csn_counts *table, csn_bucket *bucket);

static bool keep_bucket;

void
__wrap_csn_bucket_empty(csn_counts *table, csn_bucket *bucket)
{
    if (!keep_bucket)
        __real_csn_bucket_empty(table, bucket);
}

typedef struct answer {
    _Atomic bool given;
    csn_mark_result_code code;
} answer;

typedef struct trial {
    const struct row *row;
    rig r;
    answer *answer;
    stepped child;
    uint64_t horizon_ms;
} trial;

/* Where the child went: what stands at [i] is true after i instructions. */
typedef struct path {
    uint32_t length;
    uint64_t address[MAX_STEPS + 1];
    bool stored[MAX_STEPS + 1];     /* the last one changed the table */
    uint32_t anchor[MAX_STEPS + 1]; /* last time that code was new */
} path;

static csn_bucket *
bucket_of(const rig *r)
{
    return &((csn_counts *)r->memory)->buckets[0];
}

static csn_mark
filler(const trial *t, uint64_t i, uint32_t nc)
{
    csn_mark mark = rig_mark_at(&t->r, T + 1 + i, i, OTHERS + i, nc,
        T + t->row->now);

    /* Past their time, these must be told from used ones by count alone. */
    mark.now_ms = mark.minted_ms;
    if ((t->row->keyed & FILLERS) != 0)
        mark = rig_with_key(mark, rig_session_key(i, 0));
    return mark;
}

static csn_mark
own(const trial *t, uint32_t nc)
{
    csn_mark mark = rig_mark_at(&t->r, T + t->row->minted, OWN_SERIAL, OWNER,
        nc, T + t->row->now);

    mark.one_time = t->row->one_time;
    mark.replace = t->row->replace;
    if (nc == t->row->nc && (t->row->keyed & OWN) != 0)
        mark = rig_with_key(mark, rig_session_key(OWN_SERIAL, OWN));
    else if (nc != t->row->nc && (t->row->keyed & BEFORE) != 0)
        mark = rig_with_key(mark, rig_session_key(OWN_SERIAL, BEFORE));
    return mark;
}

/* Somebody dies with the lock in his hand. */
static void
leave_lock(const rig *r)
{
    pid_t child = fork();

    if (child == 0)
        _exit(pthread_mutex_trylock(&bucket_of(r)->lock.mutex));
    assert_int_equal(waitpid(child, NULL, 0), child);
}

static void
child_marks(void *argument)
{
    const trial *t = argument;

    t->answer->code = rig_code(&t->r, own(t, t->row->nc));
    t->answer->given = true;
}

/* The same every time, down to the table's secret keys. */
static void
begin(trial *t, const struct row *row)
{
    rig_crypto_again();
    *t = (trial){ .row = row, .r = rig_share(1) };
    t->answer = mmap(NULL, sizeof(*t->answer), PROT_READ | PROT_WRITE,
        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true((void *)t->answer != MAP_FAILED);
    for (uint64_t i = 0; i < row->fill; i++)
        assert_int_equal(rig_code(&t->r, filler(t, i, 1)), FRESH);
    for (uint32_t nc = row->first; nc != 0 && nc <= row->last; nc++) {
        csn_mark mark = own(t, nc);

        mark.replace = false;
        assert_int_equal(rig_code(&t->r, mark), FRESH);
    }
    (void)csn_counts_now(t->r.table, T + row->now);
    t->horizon_ms = atomic_load(&bucket_of(&t->r)->horizon);
    if (row->owner_died)
        leave_lock(&t->r);
    if (!step_fork(&t->child, child_marks, t))
        skip(); /* nobody may trace in here */
}

static void
end(trial *t)
{
    step_kill(&t->child);
    munmap(t->answer, sizeof(*t->answer));
    rig_drop(&t->r);
}

static bool
is_new(const path *p, uint32_t at, const uint32_t *known, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (p->address[known[i]] == p->address[at])
            return false;
    }
    return true;
}

/* Follow the child once from end to end. */
static void
find_path(const struct row *row, path *p)
{
    static uint32_t known[MAX_STEPS + 1];
    size_t count = 0;
    trial t;
    uint8_t *seen;
    uint32_t i = 0;

    begin(&t, row);
    seen = malloc(t.r.size);
    assert_non_null(seen);
    memcpy(seen, t.r.memory, t.r.size);
    for (;; i++) {
        assert_true(i < MAX_STEPS && !t.child.exited);
        p->address[i] = step_address(&t.child);
        p->stored[i] = memcmp(seen, t.r.memory, t.r.size) != 0;
        if (p->stored[i])
            memcpy(seen, t.r.memory, t.r.size);
        if (is_new(p, i, known, count))
            known[count++] = i;
        p->anchor[i] = known[count - 1];
        if (t.answer->given)
            break;
        step_once(&t.child);
    }
    p->length = i;
    CHECK_EQ(row->name, t.answer->code, row->want);
    free(seen);
    end(&t);
}

/* Nothing that was marked before is fresh: neither lines nor evicted. */
static void
check_marked(const trial *t)
{
    for (uint64_t i = 0; i < t->row->fill; i++)
        assert_int_not_equal(rig_code(&t->r, filler(t, i, 1)), FRESH);
    for (uint32_t nc = t->row->first; nc != 0 && nc <= t->row->last; nc++) {
        csn_mark_result_code code = rig_code(&t->r, own(t, nc));

        assert_int_not_equal(code, FRESH);
        assert_int_not_equal(code, UNAVAILABLE);
    }
}

/* A session is there with its own first key, whole, or not at all. */
static void
check_session(const trial *t, const csn_mark *mark, rig_key want,
    bool must_be_there)
{
    csn_session_result got = rig_session(&t->r, mark);

    assert_int_not_equal(got.code, CSN_SESSION_UNAVAILABLE);
    if (got.code == CSN_SESSION_FOUND) {
        assert_int_equal(got.key_len, sizeof(want.octets));
        assert_memory_equal(got.key, want.octets, sizeof(want.octets));
    }
    if (must_be_there)
        assert_int_equal(got.code, CSN_SESSION_FOUND);
}

static void
check_sessions(const trial *t)
{
    bool counted = t->answer->given && t->answer->code == FRESH;
    bool before = (t->row->keyed & BEFORE) != 0;
    csn_mark mark = own(t, t->row->nc);
    bool died;

    check_session(t, &mark, rig_session_key(OWN_SERIAL, before ? BEFORE : OWN),
        false);
    died = rig_stats(&t->r, T).owner_deaths != 0; /* the look found out */
    check_session(t, &mark, rig_session_key(OWN_SERIAL, before ? BEFORE : OWN),
        (before || (counted && (t->row->keyed & OWN) != 0)) && !died);
    for (uint64_t i = 0; i < t->row->fill; i++) {
        mark = filler(t, i, 1);
        check_session(t, &mark, rig_session_key(i, 0), false);
    }
    assert_int_equal(rig_count_seconds(&t->r).orphans, 0);
}

/* The killed mark: once at most, and not again if it was answered. */
static void
check_killed_mark(const trial *t)
{
    bool counted = t->answer->given && t->answer->code == FRESH;
    bool marked_before = t->row->nc >= t->row->first &&
        t->row->nc <= t->row->last;
    unsigned fresh = counted || marked_before;

    for (int i = 0; i < 3; i++) {
        csn_mark_result_code code = rig_code(&t->r, own(t, t->row->nc));

        assert_int_not_equal(code, UNAVAILABLE);
        fresh += code == FRESH;
    }
    assert_in_range(fresh, 0, 1);
}

/* Everybody who comes after gets in. */
static void
check_others(const trial *t)
{
    uint64_t now_ms = csn_counts_now(t->r.table, T + t->row->now);
    csn_mark mark = rig_mark(&t->r, now_ms, 4444, OTHERS + 444, 1);
    csn_counts_stats stats;

    assert_int_equal(rig_code(&t->r, mark), FRESH);
    assert_int_equal(rig_code(&t->r, mark), REPLAY);
    stats = rig_stats(&t->r, now_ms);
    assert_in_range(stats.used, 1, WAYS);
    assert_in_range(stats.owner_deaths, 0, 2);
    if (stats.owner_deaths == 0) {
        /* Killed without a lock: bystanders notice nothing. */
        mark = filler(t, 4, 2);
        if (t->row->fill > 4)
            assert_int_equal(rig_code(&t->r, mark), FRESH);
        mark = filler(t, 2, 2);
        if (t->row->fill <= 4)
            assert_int_equal(rig_code(&t->r, mark), FRESH);
    }
    assert_true(atomic_load(&bucket_of(&t->r)->horizon) >= t->horizon_ms);
    assert_true(atomic_load(&bucket_of(&t->r)->horizon) <
        csn_counts_now(t->r.table, 0));
}

/* Kill the child after `steps` instructions. */
static void
kill_after(const struct row *row, const path *p, uint32_t steps)
{
    trial t;

    begin(&t, row);
    if (p->anchor[steps] != 0)
        step_until(&t.child, p->address[p->anchor[steps]]);
    for (uint32_t i = p->anchor[steps]; i < steps; i++)
        step_once(&t.child);
    assert_int_equal(step_address(&t.child), p->address[steps]);
    step_kill(&t.child);
    check_sessions(&t);
    check_marked(&t);
    check_killed_mark(&t);
    check_others(&t);
    check_marked(&t);
    end(&t);
}

/* Around a store, or where code is reached for the first time. */
static bool
is_point(const path *p, uint32_t i, unsigned stores)
{
    bool before = i < p->length && p->stored[i + 1];
    bool chosen = stores < MANY_STORES || stores % 8 == 0;

    return ((p->stored[i] || before) && chosen) ||
        (p->anchor[i] == i && !keep_bucket);
}

static void
test_row(void **state)
{
    const struct row *row = *state;
    static path p;
    unsigned stores = 0, points = 0;

    find_path(row, &p);
    for (uint32_t i = 0; i <= p.length; i++) {
        stores += p.stored[i];
        if (is_point(&p, i, stores)) {
            kill_after(row, &p, i);
            points++;
        }
    }
    print_message("# %u instructions, %u change the table; killed at %u\n",
        (unsigned)p.length, stores, points);
}

/* The rows without a death before, once more, in a bucket nobody empties. */
static int
run_by_order(void)
{
    static struct row again[COUNT_OF(rows)];
    static char names[COUNT_OF(rows)][96];
    size_t count = 0;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (rows[i].owner_died)
            continue;
        again[count] = rows[i];
        snprintf(names[count], sizeof(names[0]), "%s: the order alone",
            rows[i].name);
        again[count].name = names[count];
        count++;
    }
    keep_bucket = true;
    return check_rows("kill, order", again, count, sizeof(again[0]), test_row);
}

int
main(void)
{
    int failed = CHECK_ROWS("kill", rows, test_row);

    return failed + run_by_order();
}
