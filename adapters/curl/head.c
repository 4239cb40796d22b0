// SPDX-License-Identifier: MIT
#include "head.h"

#include <countersign/field.h>

#include <stdlib.h>
#include <string.h>

#include "text.h"

void
csn_curl_head_reset(curl_head *head)
{
    head->len = 0;
    head->lines = 0;
    head->status = 0;
}

void
csn_curl_head_free(curl_head *head)
{
    free(head->octets);
    free(head->starts);
    memset(head, 0, sizeof(*head));
}

static bool
is_blank(uint8_t c)
{
    return c == ' ' || c == '\t';
}

static bool
is_line_end(uint8_t c)
{
    return c == '\r' || c == '\n';
}

static csn_status
reserve(curl_head *head, size_t more)
{
    size_t cap = head->cap ? head->cap : 1024;
    char *octets;
    size_t *starts;

    if (more > HEAD_MAX_OCTETS - head->len || head->lines == HEAD_MAX_LINES)
        return CSN_E_LIMIT;
    while (cap < head->len + more)
        cap *= 2;
    if (cap != head->cap) {
        octets = realloc(head->octets, cap);
        if (octets == NULL)
            return CSN_E_MEMORY;
        head->octets = octets;
        head->cap = cap;
    }
    if (head->lines == head->lines_cap) {
        size_t lines_cap = head->lines_cap ? head->lines_cap * 2 : 32;

        starts = realloc(head->starts, lines_cap * sizeof(*starts));
        if (starts == NULL)
            return CSN_E_MEMORY;
        head->starts = starts;
        head->lines_cap = lines_cap;
    }
    return CSN_OK;
}

/* "HTTP/1.1 200 OK", "HTTP/2 200": RFC 9112, 4, and libcurl's own form. */
static unsigned
read_status(csn_span line)
{
    size_t i = 0;
    unsigned status = 0;

    while (i < line.len && line.ptr[i] != ' ')
        i++;
    for (i++; i < line.len && line.ptr[i] >= '0' && line.ptr[i] <= '9' &&
         status < 1000;
         i++)
        status = status * 10 + (unsigned)(line.ptr[i] - '0');
    return status;
}

csn_status
csn_curl_head_add(curl_head *head, csn_span line)
{
    bool folded = head->lines > (head->status != 0) && line.len != 0 &&
        is_blank(line.ptr[0]);
    csn_status status;

    /* Only the first line: a field may be named so, and is nobody's status. */
    if (head->lines == 0 && line.len >= 5 && memcmp(line.ptr, "HTTP/", 5) == 0)
        head->status = read_status(line);
    status = reserve(head, line.len);
    if (status != CSN_OK)
        return status;
    if (folded)
        for (size_t i = head->len;
             i != 0 && is_line_end((uint8_t)head->octets[i - 1]); i--)
            head->octets[i - 1] = ' ';
    else
        head->starts[head->lines++] = head->len;
    if (line.len != 0)
        memcpy(head->octets + head->len, line.ptr, line.len);
    head->len += line.len;
    return CSN_OK;
}

csn_span
csn_curl_head_line(const curl_head *head, size_t index)
{
    size_t start = head->starts[index];
    size_t end = index + 1 < head->lines ? head->starts[index + 1] : head->len;

    return (csn_span){ (const uint8_t *)head->octets + start, end - start };
}

/* Whether `line` is the field `name`; its value then goes to `*value`. */
static bool
match_field(csn_span line, csn_span name, csn_span *value)
{
    const uint8_t *p = line.ptr;
    const uint8_t *end = line.ptr + line.len;

    if (line.len <= name.len || p[name.len] != ':' ||
        !csn_name_equal((csn_span){ p, name.len }, name))
        return false;
    p += name.len + 1;
    while (end > p && is_line_end(end[-1]))
        end--;
    while (end > p && is_blank(end[-1]))
        end--;
    while (p < end && is_blank(*p))
        p++;
    *value = (csn_span){ p, (size_t)(end - p) };
    return true;
}

csn_status
csn_curl_head_values(const curl_head *head, csn_span name, csn_span **values,
    size_t *count)
{
    csn_span value;

    *values = NULL;
    *count = 0;
    for (size_t i = 0; i < head->lines; i++)
        if (match_field(csn_curl_head_line(head, i), name, &value))
            ++*count;
    if (*count == 0)
        return CSN_OK;
    *values = malloc(*count * sizeof(**values));
    if (*values == NULL)
        return CSN_E_MEMORY;
    *count = 0;
    for (size_t i = 0; i < head->lines; i++)
        if (match_field(csn_curl_head_line(head, i), name, &value))
            (*values)[(*count)++] = value;
    return CSN_OK;
}

char *
csn_curl_head_text(const curl_head *head, const char *name)
{
    csn_span value;

    for (size_t i = 0; i < head->lines; i++)
        if (match_field(csn_curl_head_line(head, i), csn_curl_text_span(name),
                &value))
            return csn_curl_text_of_span(value);
    return NULL;
}
