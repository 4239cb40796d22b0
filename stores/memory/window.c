// SPDX-License-Identifier: MIT
#include "window.h"

#include "layout.h"

static size_t
word_of(uint32_t width, uint32_t nc)
{
    return nc % width / 64;
}

static uint64_t
bit_of(uint32_t nc)
{
    return UINT64_C(1) << (nc % 64);
}

/*
 * Move the window up to `nc`. The counts skipped on the way stand where older
 * ones stood that now fall out. They are freed last: before that they only
 * look used, while freeing them first would free the older ones, which the
 * window still held.
 */
static void
advance(uint64_t *bits, uint32_t width, uint32_t *highest, uint32_t nc)
{
    uint32_t gap = nc - *highest;

    *highest = nc;
    CSN_STEP();
    bits[word_of(width, nc)] |= bit_of(nc);
    CSN_STEP();
    for (uint32_t back = 1; back < gap && back < width; back++)
        bits[word_of(width, nc - back)] &= ~bit_of(nc - back);
}

csn_mark_result_code
csn_window_judge(const uint64_t *bits, uint32_t width, uint32_t highest,
    uint32_t nc)
{
    if (nc > highest)
        return CSN_MARK_FRESH;
    if (nc == 0 || highest - nc >= width)
        return CSN_MARK_BELOW_WINDOW;
    return (bits[word_of(width, nc)] & bit_of(nc)) != 0 ? CSN_MARK_REPLAY
                                                        : CSN_MARK_FRESH;
}

csn_mark_result_code
csn_window_mark(uint64_t *bits, uint32_t width, uint32_t *highest, uint32_t nc)
{
    csn_mark_result_code code = csn_window_judge(bits, width, *highest, nc);

    if (code != CSN_MARK_FRESH)
        return code;
    if (nc > *highest)
        advance(bits, width, highest, nc);
    else
        bits[word_of(width, nc)] |= bit_of(nc);
    return CSN_MARK_FRESH;
}
