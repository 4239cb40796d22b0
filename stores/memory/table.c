// SPDX-License-Identifier: MIT
#include "table.h"

#include "core/ct.h"
#include "line.h"
#include "lock.h"

#include <string.h>

size_t
csn_counts_min_size(void)
{
    return sizeof(csn_counts) + sizeof(csn_bucket);
}

static bool
is_usable(const void *memory, size_t size)
{
    return (uintptr_t)memory % CSN_CACHE_LINE == 0 &&
        size >= csn_counts_min_size();
}

static uint32_t
buckets_in(size_t size)
{
    size_t count = (size - sizeof(csn_counts)) / sizeof(csn_bucket);

    return count < UINT32_MAX ? (uint32_t)count : UINT32_MAX;
}

static bool
make_buckets(csn_counts *table, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        memset(&table->buckets[i], 0, sizeof(table->buckets[i]));
        if (!csn_lock_make(&table->buckets[i])) {
            while (i-- > 0)
                csn_lock_destroy(&table->buckets[i]);
            return false;
        }
    }
    return true;
}

csn_status
csn_counts_init(void *memory, size_t size, const csn_crypto *crypto,
    uint64_t now_ms, csn_counts **out)
{
    csn_counts *table = memory;
    csn_status status;

    if (!is_usable(memory, size))
        return CSN_E_LENGTH;
    /* First of all, so that nobody attaches to a half-made table. */
    atomic_store_explicit(&table->magic, 0, memory_order_seq_cst);
    CSN_STEP();
    status = crypto->random(table->domain, sizeof(table->domain));
    if (status == CSN_OK)
        status = crypto->random(table->hash_key, sizeof(table->hash_key));
    if (status == CSN_OK && !make_buckets(table, buckets_in(size)))
        status = CSN_E_STORE;
    if (status != CSN_OK) {
        csn_wipe(memory, sizeof(*table));
        return status;
    }

    table->version = CSN_TABLE_VERSION;
    table->layout = CSN_TABLE_LAYOUT;
    table->size = size;
    table->bucket_count = buckets_in(size);
    atomic_store_explicit(&table->high_water, now_ms, memory_order_relaxed);
    atomic_store_explicit(&table->magic, CSN_TABLE_MAGIC,
        memory_order_release);
    *out = table;
    return CSN_OK;
}

csn_status
csn_counts_attach(void *memory, size_t size, csn_counts **out)
{
    csn_counts *table = memory;

    if (!is_usable(memory, size) || !csn_table_is_finished(table) ||
        table->version != CSN_TABLE_VERSION ||
        table->layout != CSN_TABLE_LAYOUT || table->size != size)
        return CSN_E_STATE;
    *out = table;
    return CSN_OK;
}

void
csn_counts_domain(const csn_counts *table, uint8_t domain[CSN_DOMAIN_SIZE])
{
    memcpy(domain, table->domain, CSN_DOMAIN_SIZE);
}

uint64_t
csn_counts_now(csn_counts *table, uint64_t wall_ms)
{
    uint64_t mark_ms = atomic_load_explicit(&table->high_water,
        memory_order_relaxed);

    while (mark_ms < wall_ms) {
        if (atomic_compare_exchange_weak_explicit(&table->high_water, &mark_ms,
                wall_ms, memory_order_relaxed, memory_order_relaxed))
            return wall_ms;
    }
    return mark_ms;
}

static void
add_bucket(const csn_bucket *bucket, bool locked, uint64_t now_ms,
    csn_counts_stats *stats)
{
    stats->evictions += atomic_load_explicit(&bucket->evictions,
        memory_order_relaxed);
    stats->stale_evicted += atomic_load_explicit(&bucket->stale_evicted,
        memory_order_relaxed);
    stats->owner_deaths += atomic_load_explicit(&bucket->owner_deaths,
        memory_order_relaxed);
    for (size_t i = 0; locked && i < CSN_COUNTS_WAYS; i++) {
        if (bucket->tags[i] == 0)
            continue;
        stats->used++;
        if (csn_line_is_session(&bucket->lines[i]))
            stats->sessions++;
        else
            stats->live += !csn_line_is_dead(&bucket->lines[i], now_ms);
    }
}

void
csn_counts_stats_read(csn_counts *table, uint64_t now_ms,
    csn_counts_stats *stats)
{
    unsigned wait_ms = CSN_COUNTS_WAIT_MS;

    memset(stats, 0, sizeof(*stats));
    if (!csn_table_is_finished(table))
        return;
    stats->lines = (uint64_t)table->bucket_count * CSN_COUNTS_WAYS;
    for (uint32_t i = 0; i < table->bucket_count; i++) {
        csn_bucket *bucket = &table->buckets[i];
        bool locked = csn_lock_take(table, bucket, wait_ms);

        add_bucket(bucket, locked, now_ms, stats);
        if (locked)
            csn_lock_give(bucket);
        else
            wait_ms = 0; /* waited once: that bounds the whole call */
    }
}

void
csn_counts_wipe(csn_counts *table)
{
    size_t size = (size_t)table->size;

    if (!csn_table_is_finished(table))
        return;
    atomic_store_explicit(&table->magic, 0, memory_order_seq_cst);
    for (uint32_t i = 0; i < table->bucket_count; i++)
        csn_lock_destroy(&table->buckets[i]);
    csn_wipe(table, size);
}
