// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_STORES_THROTTLE_H
#define COUNTERSIGN_STORES_THROTTLE_H

#include <countersign/crypto.h>
#include <countersign/layer.h>

CSN_BEGIN_C

/*
 * Guessing is slowed down (H-09): failed logins are counted in a table of
 * fixed size, under up to five names each. Beyond the limit of some of them
 * credentials are to be answered with 429 unread, for a window at most; beyond
 * that of the others a wrong answer is only to be sent later.
 *
 *     counted are failures of          limit (x `failures`)   beyond it
 *     a user at an address                                1   429
 *     an address (IPv6: a /64)                           10   429
 *     an IPv6 /48, one customer's at most               100   429
 *     an IPv6 /32, one provider's at least             1000   delay
 *     a user, wherever he comes from                      2   delay
 *
 * What counts a user's failures wherever they come from only delays, so nobody
 * can lock a user out.
 *
 * The counts are leaky: they run down steadily, from the limit to nothing in a
 * window. Threads of one process or several processes share the table; it has
 * no lock, so a process that is killed stops nobody. When it is full some
 * count becomes too small, and none ever too large. It reads no clock: time is
 * an argument, in milliseconds, of a clock that all who share it have.
 */

/** A table of about 65,000 counts. */
#define CSN_THROTTLE_DEFAULT_SIZE ((size_t)512 << 10)

typedef struct csn_throttle csn_throttle;

/**
 * What is allowed, for one place that asks for logins; several places may
 * share a table.
 *
 * `failures`      within a window, of one user at one address; 0: any number.
 * `window_ms`     1000..3600000 (an hour). Places with windows of different
 *                 lengths count apart.
 * `max_delay_ms`  the longest that a wrong answer is to wait: so long from
 *                 twice the limit on; 0: none waits.
 */
typedef struct csn_throttle_limits {
    uint32_t failures;
    uint32_t window_ms;
    uint32_t max_delay_ms;
} csn_throttle_limits;

enum { CSN_THROTTLE_KINDS = 5 };

/** Who wants to log in: a key for each count he has, 0 where he has none. */
typedef struct csn_throttle_source {
    uint64_t keys[CSN_THROTTLE_KINDS];
} csn_throttle_source;

/** Octets of the smallest table. */
CSN_API size_t csn_throttle_min_size(void);

/**
 * Make an empty table in the caller's memory.
 *
 * In:      `memory`, `size` octets aligned to 64, zeroed or not; mapped
 *          MAP_SHARED where processes are to share it, before they fork.
 *          `crypto`, for the secret that places hang on: nobody can aim at
 *          another's count. `now_ms`, the earliest time.
 * Out:     `*table`, the same memory.
 * Returns: CSN_OK; CSN_E_LENGTH, too small or not aligned; CSN_E_RANDOM.
 */
CSN_API CSN_NODISCARD csn_status csn_throttle_init(void *memory, size_t size,
    const csn_crypto *crypto, uint64_t now_ms, csn_throttle **table);

/**
 * Who wants to log in.
 *
 * In:      `address`, 16 octets, IPv4 mapped (::ffff:a.b.c.d). `user`, the
 *          name as it was sent: any octets, known or not.
 */
CSN_API csn_throttle_source csn_throttle_find(const csn_throttle *table,
    const csn_throttle_limits *limits, csn_layer layer,
    const uint8_t address[16], csn_span user);

/**
 * How long until credentials from there are to be read again; 0: they are.
 * Threads: any number at once, in any number of processes, as all below.
 */
CSN_API uint64_t csn_throttle_wait_ms(const csn_throttle *table,
    const csn_throttle_limits *limits, const csn_throttle_source *source,
    uint64_t now_ms);

/**
 * Note a failed login (csn_server_outcome.failed_login).
 *
 * Returns: how long its answer should wait, up to `max_delay_ms`.
 */
CSN_API uint32_t csn_throttle_failed(csn_throttle *table,
    const csn_throttle_limits *limits, const csn_throttle_source *source,
    uint64_t now_ms);

/** Counts that have not run down. Walks the table: for metrics. */
CSN_API size_t csn_throttle_used(const csn_throttle *table, uint64_t now_ms);

/** Counts that made way before they had run down. */
CSN_API uint64_t csn_throttle_displaced(const csn_throttle *table);

CSN_END_C

#endif
