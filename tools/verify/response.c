// SPDX-License-Identifier: MIT
#include "response.h"

#include <countersign/field.h>
#include <string.h>

static const uint8_t *
find(csn_span text, const char *what, size_t len)
{
    return text.ptr == NULL || text.len < len
        ? NULL
        : memmem(text.ptr, text.len, what, len);
}

static csn_span
behind(csn_span text, size_t len)
{
    return (csn_span){ text.ptr + len, text.len - len };
}

/* Blanks at both ends dropped. */
static csn_span
trim(csn_span text)
{
    while (text.len != 0 && (*text.ptr == ' ' || *text.ptr == '\t'))
        text = behind(text, 1);
    while (text.len != 0 &&
        (text.ptr[text.len - 1] == ' ' || text.ptr[text.len - 1] == '\t'))
        text.len--;
    return text;
}

/* Lines `name: value` that CRLF ends; false for anything else. */
static bool
read_fields(csn_pool *pool, csn_span text, verify_fields *fields)
{
    while (text.len != 0) {
        const uint8_t *end = find(text, "\r\n", 2);
        csn_span line = { text.ptr, 0 };
        const uint8_t *colon;
        verify_field field;

        if (end == NULL || fields->count == VERIFY_MAX_FIELDS)
            return false;
        line.len = (size_t)(end - text.ptr);
        colon = memchr(line.ptr, ':', line.len);
        if (colon == NULL)
            return false;
        field.name = (csn_span){ line.ptr, (size_t)(colon - line.ptr) };
        field.value = trim(behind(line, field.name.len + 1));
        if (!csn_is_token(field.name))
            return false;
        fields->items = csn_pool_grow(pool, fields->items, fields->count,
            sizeof(*fields->items));
        fields->items[fields->count++] = field;
        text = behind(text, line.len + 2);
    }
    return true;
}

/* `HTTP/1.x NNN ...`. */
static bool
read_status(csn_span head, verify_response *response)
{
    if (head.len < 12 || memcmp(head.ptr, "HTTP/1.", 7) != 0 ||
        head.ptr[8] != ' ')
        return false;
    response->last = head.ptr[7] == '0';
    response->status = 0;
    for (size_t i = 9; i < 12; i++) {
        if (head.ptr[i] < '0' || head.ptr[i] > '9')
            return false;
        response->status = response->status * 10 + (head.ptr[i] - '0');
    }
    return response->status >= 100;
}

static bool
has_word(const verify_fields *fields, csn_span name, csn_span word)
{
    for (size_t i = 0; i < fields->count; i++) {
        csn_span rest = fields->items[i].value;

        if (!csn_name_equal(fields->items[i].name, name))
            continue;
        while (rest.len != 0) {
            const uint8_t *comma = memchr(rest.ptr, ',', rest.len);
            size_t len = comma == NULL ? rest.len : (size_t)(comma - rest.ptr);

            if (csn_name_equal(trim((csn_span){ rest.ptr, len }), word))
                return true;
            rest = behind(rest, comma == NULL ? len : len + 1);
        }
    }
    return false;
}

/* A number in hex or decimal of at most 8 digits, blanks around it gone. */
static bool
read_number(csn_span text, unsigned base, size_t *number)
{
    text = trim(text);
    if (text.len == 0 || text.len > 8)
        return false;
    *number = 0;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = csn_octet_lower(text.ptr[i]);
        unsigned digit = c >= '0' && c <= '9' ? (unsigned)(c - '0')
            : c >= 'a' && c <= 'f'            ? (unsigned)(c - 'a' + 10)
                                              : 16;

        if (digit >= base)
            return false;
        *number = *number * base + digit;
    }
    return true;
}

/* Content in chunks; what is too long is cut and ends the connection. */
static verify_progress
read_chunks(csn_pool *pool, csn_span text, verify_response *response,
    size_t *used)
{
    uint8_t *body = csn_pool_alloc(pool, text.len);
    size_t at = 0, len = 0;

    for (;;) {
        csn_span rest = behind(text, at);
        const uint8_t *end = find(rest, "\r\n", 2);
        csn_span line = { rest.ptr, end ? (size_t)(end - rest.ptr) : 0 };
        const uint8_t *semicolon;
        size_t size;

        if (end == NULL)
            return rest.len > VERIFY_MAX_HEAD ? VERIFY_BROKEN : VERIFY_MORE;
        at += line.len + 2;
        semicolon = memchr(line.ptr, ';', line.len);
        if (semicolon != NULL)
            line.len = (size_t)(semicolon - line.ptr);
        if (!read_number(line, 16, &size))
            return VERIFY_BROKEN;
        if (size == 0)
            break;
        if (size > VERIFY_MAX_BODY - len) {
            response->body_whole = false;
            response->last = true;
            *used = text.len;
            return VERIFY_WHOLE;
        }
        if (text.len - at < size + 2)
            return VERIFY_MORE;
        if (memcmp(text.ptr + at + size, "\r\n", 2) != 0)
            return VERIFY_BROKEN;
        memcpy(body + len, text.ptr + at, size);
        len += size;
        at += size + 2;
    }
    response->body = (csn_span){ body, len };
    text = behind(text, at);
    *used = at + 2;
    if (text.len >= 2 && memcmp(text.ptr, "\r\n", 2) == 0)
        return VERIFY_WHOLE;
    if (find(text, "\r\n\r\n", 4) == NULL)
        return text.len > VERIFY_MAX_HEAD ? VERIFY_BROKEN : VERIFY_MORE;
    text.len = (size_t)(find(text, "\r\n\r\n", 4) - text.ptr) + 2;
    *used = at + text.len + 2;
    text = csn_pool_join(pool, text, (csn_span){ NULL, 0 },
        (csn_span){ NULL, 0 }, (csn_span){ NULL, 0 });
    return read_fields(pool, text, &response->trailer) ? VERIFY_WHOLE
                                                       : VERIFY_BROKEN;
}

static verify_progress
read_body(csn_pool *pool, csn_span text, csn_span method, bool ended,
    verify_response *response, size_t *used)
{
    const bool is_tunnel = csn_text_same(method, CSN_SPAN("CONNECT")) &&
        response->status / 100 == 2;
    const csn_span none = { NULL, 0 };
    const csn_span *length;
    size_t len = text.len;

    *used = 0;
    response->body_whole = true;
    response->last = response->last || is_tunnel ||
        has_word(&response->fields, CSN_SPAN("Connection"), CSN_SPAN("close"));
    if (csn_text_same(method, CSN_SPAN("HEAD")) || is_tunnel ||
        response->status < 200 || response->status == 204 ||
        response->status == 304)
        return VERIFY_WHOLE;
    if (has_word(&response->fields, CSN_SPAN("Transfer-Encoding"),
            CSN_SPAN("chunked")))
        return read_chunks(pool, text, response, used);
    length = verify_field_find(&response->fields, CSN_SPAN("Content-Length"));
    if (length != NULL && !read_number(*length, 10, &len))
        return VERIFY_BROKEN;
    if (length == NULL)
        response->last = true;
    if (len > VERIFY_MAX_BODY) {
        response->body_whole = false;
        response->last = true;
        *used = text.len;
        return VERIFY_WHOLE;
    }
    if (length == NULL ? !ended : text.len < len)
        return VERIFY_MORE;
    text.len = len;
    *used = len;
    response->body = csn_pool_join(pool, text, none, none, none);
    return VERIFY_WHOLE;
}

verify_progress
verify_response_read(csn_pool *pool, csn_span octets, csn_span method,
    bool ended, verify_response *response, size_t *used)
{
    const uint8_t *end = find(octets, "\r\n\r\n", 4);
    const csn_span none = { NULL, 0 };
    const uint8_t *line_end;
    verify_progress progress;
    csn_span head;

    if (end == NULL)
        return octets.len > VERIFY_MAX_HEAD ? VERIFY_BROKEN : VERIFY_MORE;
    head = (csn_span){ octets.ptr, (size_t)(end - octets.ptr) + 2 };
    *response = (verify_response){ .kind = VERIFY_ANSWERED };
    if (head.len > VERIFY_MAX_HEAD || !read_status(head, response))
        return VERIFY_BROKEN;
    octets = behind(octets, head.len + 2);
    head = csn_pool_join(pool, head, none, none, none);
    line_end = find(head, "\r\n", 2);
    if (!read_fields(pool, behind(head, (size_t)(line_end - head.ptr) + 2),
            &response->fields))
        return VERIFY_BROKEN;
    progress = read_body(pool, octets, method, ended, response, used);
    *used += head.len + 2;
    return progress;
}

const csn_span *
verify_field_find(const verify_fields *fields, csn_span name)
{
    for (size_t i = 0; i < fields->count; i++) {
        if (csn_name_equal(fields->items[i].name, name))
            return &fields->items[i].value;
    }
    return NULL;
}

size_t
verify_field_count(const verify_fields *fields, csn_span name)
{
    size_t count = 0;

    for (size_t i = 0; i < fields->count; i++)
        count += csn_name_equal(fields->items[i].name, name);
    return count;
}
