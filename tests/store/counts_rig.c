// SPDX-License-Identifier: MIT
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */

#include "counts_rig.h"

#include "core/bytes.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "memory/layout.h"

uint64_t
rig_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

enum { DRAW_SEED = 7616 };

static uint64_t draw_state = DRAW_SEED;

void
rig_crypto_again(void)
{
    draw_state = DRAW_SEED;
}

static csn_status
draw(uint8_t *out, size_t len)
{
    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)rig_random(&draw_state);
    return CSN_OK;
}

const csn_crypto *
rig_crypto(void)
{
    static const csn_crypto crypto = {
        .version = CSN_CRYPTO_VERSION,
        .random = draw,
    };

    return &crypto;
}

size_t
rig_size(size_t buckets)
{
    return csn_counts_min_size() + (buckets - 1) * sizeof(csn_bucket);
}

static rig
make_in(void *memory, size_t buckets, bool shared)
{
    rig r = { memory, rig_size(buckets), shared, NULL };

    if (csn_counts_init(memory, r.size, rig_crypto(), RIG_START_MS,
            &r.table) != CSN_OK)
        abort();
    return r;
}

rig
rig_make(size_t buckets)
{
    void *memory = aligned_alloc(CSN_CACHE_LINE, rig_size(buckets));

    if (memory == NULL)
        abort();
    memset(memory, 0xa5, rig_size(buckets)); /* init must not rely on zeros */
    return make_in(memory, buckets, false);
}

rig
rig_share(size_t buckets)
{
    void *memory = mmap(NULL, rig_size(buckets), PROT_READ | PROT_WRITE,
        MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (memory == MAP_FAILED)
        abort();
    return make_in(memory, buckets, true);
}

void
rig_drop(rig *r)
{
    if (r->shared)
        munmap(r->memory, r->size);
    else
        free(r->memory);
    r->memory = NULL;
}

csn_mark
rig_mark_at(const rig *r, uint64_t minted_ms, uint64_t serial, uint64_t user,
    uint32_t nc, uint64_t now_ms)
{
    csn_mark mark = {
        .minted_ms = minted_ms,
        .now_ms = now_ms,
        .life_ms = RIG_LIFE_MS,
        .grace_ms = RIG_GRACE_MS,
        .nc = nc,
    };

    csn_counts_domain(r->table, mark.domain);
    csn_put_be(mark.id, minted_ms, 6);
    csn_put_be(mark.id + 6, serial, 8);
    csn_put_be(mark.user_tag, user, 8);
    return mark;
}

csn_mark
rig_mark(const rig *r, uint64_t minted_ms, uint64_t serial, uint64_t user,
    uint32_t nc)
{
    return rig_mark_at(r, minted_ms, serial, user, nc, minted_ms);
}

rig_key
rig_session_key(uint64_t serial, uint64_t variant)
{
    rig_key key;

    for (size_t i = 0; i < sizeof(key.octets); i++)
        key.octets[i] = (uint8_t)(0x80 | (serial * 31 + variant * 7 + i));
    return key;
}

csn_mark
rig_with_key(csn_mark mark, rig_key key)
{
    mark.session_len = sizeof(key.octets);
    memcpy(mark.session, key.octets, sizeof(key.octets));
    return mark;
}

csn_session_result
rig_session(const rig *r, const csn_mark *mark)
{
    csn_session_query query = { .minted_ms = mark->minted_ms };

    memcpy(query.domain, mark->domain, sizeof(query.domain));
    memcpy(query.id, mark->id, sizeof(query.id));
    memcpy(query.user_tag, mark->user_tag, sizeof(query.user_tag));
    return csn_counts_session(r->table, &query);
}

static bool
has_first(const csn_bucket *bucket, size_t second)
{
    for (size_t i = 0; i < CSN_COUNTS_WAYS; i++) {
        if (bucket->tags[i] != 0 &&
            (bucket->lines[i].flags & CSN_LINE_SESSION) == 0 &&
            memcmp(bucket->lines[i].id, bucket->lines[second].id,
                CSN_ID_SIZE) == 0)
            return true;
    }
    return false;
}

rig_seconds
rig_count_seconds(const rig *r)
{
    const csn_counts *table = r->memory;
    rig_seconds found = { 0, 0 };

    for (size_t b = 0; b < table->bucket_count; b++) {
        const csn_bucket *bucket = &table->buckets[b];

        for (size_t i = 0; i < CSN_COUNTS_WAYS; i++) {
            if (bucket->tags[i] == 0 ||
                (bucket->lines[i].flags & CSN_LINE_SESSION) == 0)
                continue;
            found.all++;
            found.orphans += !has_first(bucket, i);
        }
    }
    return found;
}

csn_mark_result_code
rig_code(const rig *r, csn_mark mark)
{
    return csn_counts_mark(r->table, &mark).code;
}

csn_counts_stats
rig_stats(const rig *r, uint64_t now_ms)
{
    csn_counts_stats stats;

    csn_counts_stats_read(r->table, now_ms, &stats);
    return stats;
}

pid_t
rig_fork(void)
{
    pid_t child = fork();

    if (child == 0)
        prctl(PR_SET_PDEATHSIG, SIGKILL);
    return child;
}

void
rig_wait(pid_t child)
{
    int status;

    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}
