// SPDX-License-Identifier: MIT
#include "content.h"

#include <countersign/field.h>

#include <string.h>

/*
 * RFC 9112, 6 says where content ends; a pasted text may have lost octets, or
 * have other line ends than the message had. So a length is believed only
 * where the text goes on with something that can stand behind a message, and
 * otherwise the content is what stands before the next one.
 */

bool
inspect_begins_message(const inspect_line *line)
{
    csn_span text = inspect_trim(line->text);
    csn_span name, value;
    unsigned status;

    if (line->side == INSPECT_SIDE_CURL)
        return true;
    if (inspect_is_request_line(text, &name, &value) ||
        inspect_is_status_line(text, &status))
        return true;
    return inspect_is_field_line(text, &name, &value) &&
        inspect_is_auth_name(name);
}

/* Whether nothing, or another message, stands `len` octets ahead. */
static bool
fits(const inspect_lines *lines, size_t len)
{
    inspect_lines ahead = *lines;
    inspect_line line;
    int empty = 0;

    ahead.pos += len;
    while (inspect_lines_next(&ahead, &line)) {
        if (line.side == INSPECT_SIDE_NONE && line.text.len == 0 &&
            empty++ < 8)
            continue;
        return inspect_begins_message(&line);
    }
    return true;
}

/* Where curl itself goes on: it writes no line end behind content. */
static size_t
find_curl(csn_span text)
{
    static const char word[] = "* Connection #";
    const uint8_t *at = text.len == 0
        ? NULL
        : memmem(text.ptr, text.len, word, sizeof(word) - 1);

    return at == NULL ? text.len : (size_t)(at - text.ptr);
}

/* Everything up to the next message. */
static void
take_shown(inspect_lines *lines, inspect_message *message)
{
    csn_span rest = inspect_lines_rest(lines);
    inspect_lines ahead = *lines;
    inspect_line line;
    size_t len = rest.len;
    size_t at = 0;

    while (inspect_lines_next(&ahead, &line)) {
        if (inspect_begins_message(&line)) {
            len = at;
            break;
        }
        at = ahead.pos - lines->pos;
    }
    if (message->prefixed)
        len = find_curl((csn_span){ rest.ptr, len });
    inspect_lines_skip(lines, len);
    message->content = (csn_span){ rest.ptr, len };
    message->content_state = INSPECT_CONTENT_SEEN;
}

static void
take_length(inspect_lines *lines, inspect_message *message, size_t len)
{
    csn_span rest = inspect_lines_rest(lines);
    csn_span shown;

    if (len <= rest.len && fits(lines, len)) {
        inspect_lines_skip(lines, len);
        message->content = (csn_span){ rest.ptr, len };
        message->content_state = INSPECT_CONTENT_WHOLE;
        return;
    }
    take_shown(lines, message);
    shown = message->content;
    if (shown.len > len) /* a line end was put behind it */
        message->content.len = len;
    else if (shown.len < len)
        message->content_state = INSPECT_CONTENT_UNKNOWN;
}

static bool
read_number(csn_span text, unsigned base, size_t *number)
{
    size_t value = 0;

    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = csn_octet_lower(text.ptr[i]);
        unsigned digit = c >= '0' && c <= '9' ? (unsigned)(c - '0')
            : c >= 'a' && c <= 'f'            ? (unsigned)(c - 'a') + 10
                                              : 16;

        if (digit >= base || i == 12)
            return false;
        value = value * base + digit;
    }
    *number = value;
    return text.len != 0;
}

static csn_span
chunk_size(csn_span text)
{
    const uint8_t *extension = text.len == 0 ? NULL
                                             : memchr(text.ptr, ';', text.len);

    if (extension != NULL)
        text.len = (size_t)(extension - text.ptr);
    return inspect_trim(text);
}

/* Trailer fields up to an empty line; false when they are too many. */
static bool
take_trailers(csn_pool *pool, inspect_lines *lines, inspect_message *message)
{
    inspect_line line;

    for (;;) {
        inspect_lines before = *lines;
        inspect_field field = { .trailer = true };

        if (!inspect_lines_next(lines, &line) || line.text.len == 0)
            return true;
        if (!inspect_is_field_line(line.text, &field.name, &field.value)) {
            *lines = before;
            return true;
        }
        field.line = lines->number;
        if (!inspect_field_add(pool, message, &field))
            return false;
    }
}

/*
 * Step over chunks, and put their data together in `octets` unless that is
 * NULL. Whether all were right; if not, `lines` stands where they were not,
 * and from there the next message is looked for.
 */
static bool
walk_chunks(inspect_lines *lines, uint8_t *octets, size_t *len)
{
    inspect_line line;
    size_t size;

    *len = 0;
    for (;;) {
        csn_span rest;

        if (!inspect_lines_next(lines, &line) ||
            !read_number(chunk_size(line.text), 16, &size))
            return false;
        if (size == 0)
            return true;
        rest = inspect_lines_rest(lines);
        if (size > rest.len)
            return false;
        if (octets != NULL)
            memcpy(octets + *len, rest.ptr, size);
        *len += size;
        inspect_lines_skip(lines, size);
        if (!inspect_lines_next(lines, &line) || line.text.len != 0)
            return false;
    }
}

static bool
take_chunks(csn_pool *pool, inspect_lines *lines, inspect_message *message)
{
    inspect_lines again = *lines;
    uint8_t *octets;
    size_t len;

    message->content_state = INSPECT_CONTENT_UNKNOWN;
    if (!walk_chunks(lines, NULL, &len))
        return true;
    octets = csn_pool_alloc(pool, len);
    (void)walk_chunks(&again, octets, &len);
    message->content = (csn_span){ octets, len };
    message->content_state = INSPECT_CONTENT_WHOLE;
    return take_trailers(pool, lines, message);
}

/* curl -v shows no request's content, and may write a response's elsewhere. */
static bool
is_hidden(const inspect_lines *lines, const inspect_message *message)
{
    inspect_lines ahead = *lines;
    inspect_line line;

    if (!message->prefixed)
        return false;
    return message->kind == INSPECT_REQUEST ||
        !inspect_lines_next(&ahead, &line) || line.side != INSPECT_SIDE_NONE;
}

bool
inspect_content_read(csn_pool *pool, inspect_lines *lines,
    inspect_message *message, csn_span method)
{
    const inspect_field *length = inspect_field_find(message,
        CSN_SPAN("Content-Length"));
    const inspect_field *coding = inspect_field_find(message,
        CSN_SPAN("Transfer-Encoding"));
    const bool is_response = message->kind == INSPECT_RESPONSE;
    const bool has_number = length != NULL && coding == NULL;
    size_t len = 0;

    message->content_state = INSPECT_CONTENT_WHOLE;
    if (is_response && inspect_has_no_content(message->status, method))
        return true;
    if (has_number && read_number(length->value, 10, &len) && len == 0)
        return true;
    if (!is_response && length == NULL && coding == NULL)
        return true;
    if (is_hidden(lines, message)) {
        message->content_state = INSPECT_CONTENT_UNKNOWN;
        return true;
    }
    if (has_number && len != 0) {
        take_length(lines, message, len);
        return true;
    }
    if (coding != NULL && !message->prefixed)
        return take_chunks(pool, lines, message);
    take_shown(lines, message);
    return true;
}
