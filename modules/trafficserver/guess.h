// SPDX-License-Identifier: MIT
#ifndef CSN_GW_GUESS_H
#define CSN_GW_GUESS_H

#include <countersign/layer.h>
#include <countersign/span.h>

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Guessing is slowed down (H-09): failed logins are counted in a table of
 * fixed size, under up to five names each (csn_gw_guess_kind). Beyond the
 * limit of some of them credentials are answered with 429 unread, for a
 * minute at most; beyond that of the others a wrong answer is only sent later.
 * What counts a user's failures wherever they come from is of the second
 * sort, so nobody can lock a user out.
 *
 * Nothing here reads a clock or knows the engine.
 */

/** What a failed login is counted under. */
typedef enum csn_gw_guess_kind {
    CSN_GW_GUESS_ADDRESS,   /* an IPv4 address, an IPv6 /64 */
    CSN_GW_GUESS_SITE,      /* an IPv6 /48: what one customer has at most */
    CSN_GW_GUESS_NETWORK,   /* an IPv6 /32: what one provider has at least */
    CSN_GW_GUESS_USER_HERE, /* a user at an address */
    CSN_GW_GUESS_USER,      /* a user, wherever it comes from */
    CSN_GW_GUESS_KINDS
} csn_gw_guess_kind;

/** Who asks. A key that is 0 is not known, or does not exist. */
typedef struct csn_gw_source {
    uint64_t keys[CSN_GW_GUESS_KINDS];
} csn_gw_source;

/** The longest that a wrong answer waits. */
#define CSN_GW_GUESS_MAX_DELAY_MS 5000

#define CSN_GW_GUESS_WAYS 4
#define CSN_GW_GUESS_CELLS (1u << 16)

/**
 * The table. A cell is 0 or a key's tag with the time at which its count will
 * have run down to nothing (a leaky bucket): a failure moves that on by a
 * share of a minute, and the count is over its limit while it lies more than
 * a minute ahead. A key's place hangs on a secret, so nobody can aim at
 * another's, and a tag of 20 bits keeps neighbours apart. When the four
 * places of a key are taken the one with the least in it makes way: then some
 * count is too small, and none is ever too large.
 */
typedef struct csn_gw_guess {
    uint64_t secret[2];
    uint64_t start_ms;
    unsigned max; /* failures a minute of a user at an address; 0: any */
    _Atomic uint64_t displaced;
    _Atomic uint64_t cells[CSN_GW_GUESS_CELLS];
} csn_gw_guess;

/** In: `guess` all zero; `secret` random. */
void csn_gw_guess_init(csn_gw_guess *guess, const uint64_t secret[2],
    unsigned max, uint64_t now_ms);

/** In: `address` in its 16 octet form, IPv4 mapped. */
csn_gw_source csn_gw_guess_source(const csn_gw_guess *guess, csn_layer layer,
    const uint8_t address[16]);

/** Say who wants to log in; any octets, known user or not. */
void csn_gw_guess_user(const csn_gw_guess *guess, csn_layer layer,
    csn_span user, csn_gw_source *source);

/** How long until credentials from there are read again; 0: they are. */
uint64_t csn_gw_guess_wait_ms(const csn_gw_guess *guess,
    const csn_gw_source *source, uint64_t now_ms);

/**
 * Note a failed login.
 *
 * Returns: how long its answer should wait, up to CSN_GW_GUESS_MAX_DELAY_MS.
 */
uint32_t csn_gw_guess_failed(csn_gw_guess *guess, const csn_gw_source *source,
    uint64_t now_ms);

/** Counts that have not run down. Walks the table: for metrics. */
size_t csn_gw_guess_used(const csn_gw_guess *guess, uint64_t now_ms);

/** Counts that made way before they had run down. */
uint64_t csn_gw_guess_displaced(const csn_gw_guess *guess);

#endif
