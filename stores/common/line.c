// SPDX-License-Identifier: MIT
#include "line.h"

#include "core/span.h"

bool
csn_line_next(csn_span *content, csn_span *line)
{
    const uint8_t *end;

    if (content->len == 0)
        return false;
    end = memchr(content->ptr, '\n', content->len);
    line->ptr = content->ptr;
    line->len = end != NULL ? (size_t)(end - content->ptr) : content->len;
    *content = csn_span_slice(*content, line->len + (end != NULL),
        content->len);
    return true;
}
