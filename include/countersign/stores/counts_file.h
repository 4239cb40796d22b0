// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_STORES_COUNTS_FILE_H
#define COUNTERSIGN_STORES_COUNTS_FILE_H

#include <countersign/stores/memory.h>

CSN_BEGIN_C

/*
 * A counts table (memory.h) in a file, for programs of one machine that
 * share counts: what one of them marked, the others know; all mint nonces of
 * one domain.
 *
 * The table lives as long as somebody uses it. Who comes when nobody does
 * makes it anew, with a domain of its own, whatever stood there: nonces from
 * before are then stale, never fresh. So neither a crash nor another version
 * leaves anything behind that could be believed. Who comes while others use
 * it joins them, or is refused when its version or size is another.
 *
 * The file has mode 0600 and one owner. It lies in memory (/dev/shm, /run):
 * on a network's file system two machines would each see a table of their
 * own, and accept a count once each.
 */

/** Why a file was refused; for a person. */
typedef struct csn_counts_file_error {
    char text[256];
} csn_counts_file_error;

/**
 * Open the file and, when nobody uses it, make the table. The descriptor
 * returned is what tells others that somebody does: it is kept open, also by
 * a child that inherits it, until the table is no longer used.
 *
 * In:      `size`, octets of the table, as for csn_counts_init. `now_ms`, the
 *          wall clock.
 * Out:     `*fd`, close-on-exec, on CSN_OK only; otherwise `*error`.
 * Returns: CSN_OK; CSN_E_STORE, it cannot be opened or made, or another
 *          program has been making it for seconds; CSN_E_REFUSED, it is not a
 *          file of this user's alone, not in memory, or holds something else;
 *          CSN_E_STATE, others use a table of another version or size;
 *          what csn_counts_init returns.
 * Threads: may wait for some seconds: not for event threads.
 */
CSN_API CSN_NODISCARD csn_status csn_counts_file_open(const char *path,
    size_t size, const csn_crypto *crypto, uint64_t now_ms, int *fd,
    csn_counts_file_error *error);

/**
 * Map the table of an open file, also one that was inherited.
 *
 * Out:     `*table`, on CSN_OK only; otherwise `*error`. Kept out of core
 *          files.
 * Returns: CSN_OK; CSN_E_STATE, no table of this version and size stands
 *          there; CSN_E_STORE, it cannot be mapped.
 */
CSN_API CSN_NODISCARD csn_status csn_counts_file_map(int fd, size_t size,
    csn_counts **table, csn_counts_file_error *error);

/** Undo csn_counts_file_map; `fd` stays open. */
CSN_API void csn_counts_file_unmap(csn_counts *table, size_t size);

CSN_END_C

#endif
