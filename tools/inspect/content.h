// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_TOOLS_INSPECT_CONTENT_H
#define COUNTERSIGN_TOOLS_INSPECT_CONTENT_H

#include "lines.h"
#include "message.h"

/*
 * The content behind a header section. `lines` stands behind the empty line;
 * afterwards behind the content, as far as it could be told. Chunks are put
 * together, and what is in their trailer section becomes trailer fields.
 *
 * In:      `method`, of the request a response answers.
 * Returns: false when there are more trailer fields than are kept.
 */
bool inspect_content_read(csn_pool *pool, inspect_lines *lines,
    inspect_message *message, csn_span method);

/* Whether a message could begin in this line. */
bool inspect_begins_message(const inspect_line *line);

#endif
