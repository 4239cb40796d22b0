// SPDX-License-Identifier: MIT
#ifndef CSN_STORES_COMMON_LINE_H
#define CSN_STORES_COMMON_LINE_H

#include <countersign/span.h>

/*
 * Cut the first line off `*content`.
 *
 * Out:     `*line`, without its LF, part of the content.
 * Returns: false when nothing is left.
 */
bool csn_line_next(csn_span *content, csn_span *line);

#endif
