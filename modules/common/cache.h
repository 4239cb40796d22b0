// SPDX-License-Identifier: MIT
#ifndef CSN_COMMON_CACHE_H
#define CSN_COMMON_CACHE_H

#include <countersign/span.h>

#include <stdbool.h>

enum { CSN_CACHE_LINES = 16, CSN_CACHE_SIZE = 4096 };

/**
 * Cache-Control of a response that carries our Info field: it is for one
 * reader, so is the response (E-44). `public` and `s-maxage` would give it to
 * the others (E-45; RFC 9111, 3.5), so they go; what else the application says
 * stays.
 *
 * In:      `lines`, the values it has; with CSN_CACHE_LINES or more of them
 *          nothing is kept. `whole`: the proof covers the content, which
 *          intermediaries may not change either (E-28).
 * Out:     `room` may be used.
 * Returns: the value to send in place of all the lines.
 */
csn_span csn_cache_control(const csn_span *lines, size_t count, bool whole,
    uint8_t room[CSN_CACHE_SIZE]);

#endif
