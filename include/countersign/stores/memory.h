// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_STORES_MEMORY_H
#define COUNTERSIGN_STORES_MEMORY_H

#include <countersign/counts.h>
#include <countersign/crypto.h>

CSN_BEGIN_C

/*
 * The counts table: fixed size, in memory that threads of one process or
 * several processes share. It holds no pointer, so every process may map it
 * at another address. It never grows and never blocks for long.
 *
 * One nonce in use is one line of 64 octets, two under `-sess`; lines stand in
 * buckets of CSN_COUNTS_WAYS; a bucket has a robust lock and a horizon. The
 * rules that make memory pressure cost round trips and never a replay stand
 * in docs/counts.md and above the code in stores/memory/.
 *
 * Two private copies of one table would each accept a count once: a program
 * that forks afterwards keeps the table in MAP_SHARED memory, or keeps it from
 * its children with MADV_WIPEONFORK (they then get CSN_MARK_UNAVAILABLE).
 *
 * Size: live nonces = new nonces per second x (nonce_life + old_grace); a
 * table is well sized when that is a quarter to half of its lines. A new
 * domain is drawn at csn_counts_init, so a nonce minted before it is stale.
 */

#define CSN_COUNTS_WAYS 32
#define CSN_COUNTS_LINE 64

/** The table's default size in octets: 64 MiB, about a million lines. */
#define CSN_COUNTS_DEFAULT_SIZE ((size_t)64 << 20)

/** How long a call waits for a bucket before CSN_MARK_UNAVAILABLE. */
#define CSN_COUNTS_WAIT_MS 200

typedef struct csn_counts csn_counts;

/** Octets of the smallest table: one bucket. */
CSN_API size_t csn_counts_min_size(void);

/**
 * Make an empty table in the caller's memory.
 *
 * In:      `memory`, `size` octets aligned to 64, zeroed or not; mapped
 *          MAP_SHARED when processes are to share it. At least
 *          csn_counts_min_size(). `now_ms`, the wall clock: the first
 *          high-water mark.
 * Out:     `*table`, the same memory; valid while it is mapped.
 * Returns: CSN_OK; CSN_E_LENGTH, too small or not aligned; CSN_E_RANDOM or
 *          CSN_E_CRYPTO, the table's secret keys could not be drawn;
 *          CSN_E_STORE, the locks could not be made.
 * Threads: nobody else may use the memory until it returns.
 */
CSN_API CSN_NODISCARD csn_status csn_counts_init(void *memory, size_t size,
    const csn_crypto *crypto, uint64_t now_ms, csn_counts **table);

/**
 * Use a table that another process made in shared memory.
 *
 * Returns: CSN_OK; CSN_E_STATE, no finished table of this version and size
 *          stands there: make one anew.
 */
CSN_API CSN_NODISCARD csn_status csn_counts_attach(void *memory, size_t size,
    csn_counts **table);

/** The domain drawn at init; mint nonces with it. Constant for a table. */
CSN_API void csn_counts_domain(const csn_counts *table,
    uint8_t domain[CSN_DOMAIN_SIZE]);

/**
 * The time that counts: max(`wall_ms`, high-water mark), and raise the mark.
 * Nonces are minted and judged by it, so a clock set back opens no replay
 * (D-16). Threads: any, lock-free.
 */
CSN_API uint64_t csn_counts_now(csn_counts *table, uint64_t wall_ms);

/**
 * Look up, evict, insert and mark in one step under the bucket's lock.
 *
 * Returns: the result, after CSN_COUNTS_WAIT_MS at the latest.
 *          CSN_MARK_UNAVAILABLE also for a table that was wiped and for a
 *          mark that contradicts itself; CSN_MARK_BELOW_WINDOW for count 0.
 * Threads: any number at once, in any number of processes. A thread or
 *          process that is killed in here stops nobody.
 */
CSN_API csn_mark_result csn_counts_mark(csn_counts *table,
    const csn_mark *mark);

/**
 * The key of a nonce's `-sess` session, as its first mark with one left it.
 *
 * Returns: the result, after CSN_COUNTS_WAIT_MS at the latest.
 *          CSN_SESSION_UNAVAILABLE also for a table that was wiped and for a
 *          query that contradicts itself.
 * Threads: as csn_counts_mark.
 */
CSN_API csn_session_result csn_counts_session(csn_counts *table,
    const csn_session_query *query);

/** Totals for metrics; read bucket by bucket, not one moment's picture. */
typedef struct csn_counts_stats {
    uint64_t lines;         /* capacity */
    uint64_t used;          /* lines taken, expired ones included */
    uint64_t live;          /* nonces in them neither expired nor past their
                              grace, within 1/256 of the time they live */
    uint64_t evictions;     /* unexpired nonces that made way */
    uint64_t stale_evicted; /* answers CSN_MARK_EVICTED and, unless foreign,
                              CSN_SESSION_LOST */
    uint64_t owner_deaths;  /* buckets emptied because their owner died */
    uint64_t sessions;      /* of the lines used: the second ones of nonces
                              with a -sess session */
} csn_counts_stats;

/**
 * In:      `now_ms`, to tell live from expired lines.
 * Out:     `*stats`; zeros for a table that was wiped. Lines of a bucket
 *          that stayed locked are left out.
 * Returns: within about CSN_COUNTS_WAIT_MS plus the time to read the table
 *          (some ten milliseconds for 64 MiB): for a metrics thread.
 */
CSN_API void csn_counts_stats_read(csn_counts *table, uint64_t now_ms,
    csn_counts_stats *stats);

/**
 * Wipe keys and lines; afterwards attach refuses the memory.
 * Threads: nobody else may use the table any more.
 */
CSN_API void csn_counts_wipe(csn_counts *table);

CSN_END_C

#endif
