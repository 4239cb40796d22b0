// SPDX-License-Identifier: MIT
#ifndef CSN_MEMORY_WINDOW_H
#define CSN_MEMORY_WINDOW_H

#include <countersign/counts.h>

/**
 * Mark one count in a window.
 *
 * Source:  D-23, D-24; RFC 7616, 3.4 (a repeated count is a replay).
 * In:      `width` counts, a multiple of 64 and a power of two, so that the
 *          ring goes on evenly when counts pass a multiple of it; `bits`,
 *          width / 64 words; bit nc % width tells whether count nc was
 *          marked, for highest - width < nc <= highest. An empty window is
 *          all zeros with `*highest` 0. `nc`, any number; 0 is no count.
 * Out:     `*highest` and `bits`, changed with CSN_MARK_FRESH only.
 * Returns: CSN_MARK_FRESH, CSN_MARK_REPLAY, CSN_MARK_BELOW_WINDOW.
 */
CSN_NODISCARD csn_mark_result_code csn_window_mark(uint64_t *bits,
    uint32_t width, uint32_t *highest, uint32_t nc);

/** What csn_window_mark would answer; changes nothing. */
CSN_NODISCARD csn_mark_result_code csn_window_judge(const uint64_t *bits,
    uint32_t width, uint32_t highest, uint32_t nc);

#endif
