// SPDX-License-Identifier: MIT
#include "lines.h"

#include <countersign/field.h>
#include <countersign/layer.h>

#include <string.h>

static bool
is_blank(uint8_t octet)
{
    return octet == ' ' || octet == '\t';
}

static bool
is_digit(uint8_t octet)
{
    return octet >= '0' && octet <= '9';
}

static csn_span
behind(csn_span text, size_t len)
{
    return (csn_span){ text.ptr + len, text.len - len };
}

csn_span
inspect_trim(csn_span text)
{
    while (text.len > 0 && is_blank(text.ptr[0]))
        text = behind(text, 1);
    while (text.len > 0 && is_blank(text.ptr[text.len - 1]))
        text.len--;
    return text;
}

csn_span
inspect_until(csn_span text, uint8_t one, uint8_t other)
{
    csn_span part = { text.ptr, 0 };

    while (part.len < text.len && text.ptr[part.len] != one &&
        text.ptr[part.len] != other)
        part.len++;
    return part;
}

csn_span
inspect_line_outdent(csn_span text, size_t indent)
{
    while (indent-- > 0 && text.len > 0 && is_blank(text.ptr[0]))
        text = behind(text, 1);
    return text;
}

/* curl writes "> Host: x", ">" for the empty line, and "{ [5 bytes data]". */
static inspect_side
find_side(csn_span text)
{
    const bool is_marked = text.len == 1 ||
        (text.len > 1 && is_blank(text.ptr[1]));

    if (!is_marked)
        return INSPECT_SIDE_NONE;
    switch (text.ptr[0]) {
    case '>':
        return INSPECT_SIDE_SENT;
    case '<':
        return INSPECT_SIDE_CAME;
    case '*':
        return INSPECT_SIDE_CURL;
    case '{':
    case '}':
        return text.len > 2 && text.ptr[2] == '[' ? INSPECT_SIDE_CURL
                                                  : INSPECT_SIDE_NONE;
    default:
        return INSPECT_SIDE_NONE;
    }
}

static void
find_mark(inspect_line *line)
{
    csn_span text = line->text;

    line->indent = 0;
    while (line->indent < text.len && is_blank(text.ptr[line->indent]))
        line->indent++;
    text = behind(text, line->indent);
    line->side = text.len == 0 ? INSPECT_SIDE_NONE : find_side(text);
    if (line->side != INSPECT_SIDE_NONE)
        line->text = behind(text, text.len > 1 ? 2 : 1);
}

bool
inspect_lines_next(inspect_lines *lines, inspect_line *line)
{
    csn_span rest;
    const uint8_t *end;

    if (lines->pos == lines->text.len)
        return false;
    rest = inspect_lines_rest(lines);
    end = memchr(rest.ptr, '\n', rest.len);
    line->text.ptr = rest.ptr;
    line->text.len = end == NULL ? rest.len : (size_t)(end - rest.ptr);
    lines->pos += line->text.len + (end != NULL);
    lines->number++;
    if (line->text.len > 0 && line->text.ptr[line->text.len - 1] == '\r')
        line->text.len--;
    find_mark(line);
    return true;
}

csn_span
inspect_lines_rest(const inspect_lines *lines)
{
    return behind(lines->text, lines->pos);
}

void
inspect_lines_skip(inspect_lines *lines, size_t len)
{
    const uint8_t *at = lines->text.ptr + lines->pos;
    const uint8_t *end = at + len;

    lines->pos += len;
    while (at < end && (at = memchr(at, '\n', (size_t)(end - at))) != NULL) {
        lines->number++;
        at++;
    }
}

static csn_span
word(csn_span *text)
{
    csn_span found = { text->ptr, 0 };

    while (found.len < text->len && !is_blank(text->ptr[found.len]))
        found.len++;
    *text = inspect_trim(behind(*text, found.len));
    return found;
}

/* `HTTP/1.1`, `HTTP/2`. */
static bool
is_version(csn_span text)
{
    static const char name[] = "HTTP/";
    const size_t len = sizeof(name) - 1;

    if (text.len < len + 1 || memcmp(text.ptr, name, len) != 0 ||
        !is_digit(text.ptr[len]))
        return false;
    return text.len == len + 1 ||
        (text.len == len + 3 && text.ptr[len + 1] == '.' &&
            is_digit(text.ptr[len + 2]));
}

bool
inspect_is_request_line(csn_span text, csn_span *method, csn_span *target)
{
    csn_span first = word(&text);
    csn_span second = word(&text);
    csn_span third = word(&text);

    if (!csn_is_token(first) || second.len == 0 || text.len != 0 ||
        !is_version(third))
        return false;
    *method = first;
    *target = second;
    return true;
}

bool
inspect_is_status_line(csn_span text, unsigned *status)
{
    csn_span version = word(&text);
    csn_span code = word(&text);

    if (!is_version(version) || code.len != 3 || !is_digit(code.ptr[0]) ||
        !is_digit(code.ptr[1]) || !is_digit(code.ptr[2]))
        return false;
    *status = (unsigned)(code.ptr[0] - '0') * 100 +
        (unsigned)(code.ptr[1] - '0') * 10 + (unsigned)(code.ptr[2] - '0');
    return *status >= 100;
}

bool
inspect_is_field_line(csn_span text, csn_span *name, csn_span *value)
{
    const uint8_t *colon = text.len < 2
        ? NULL
        : memchr(text.ptr + 1, ':', text.len - 1);
    csn_span before;

    if (colon == NULL)
        return false;
    before = (csn_span){ text.ptr, (size_t)(colon - text.ptr) };
    if (!csn_is_token(before))
        return false;
    *name = before;
    *value = inspect_trim(behind(text, before.len + 1));
    return true;
}

bool
inspect_is_auth_name(csn_span name)
{
    static const csn_layer layers[] = { CSN_LAYER_ORIGIN, CSN_LAYER_PROXY };

    for (size_t i = 0; i < sizeof(layers) / sizeof(layers[0]); i++) {
        if (csn_name_equal(name, csn_layer_challenge_field(layers[i])) ||
            csn_name_equal(name, csn_layer_credentials_field(layers[i])) ||
            csn_name_equal(name, csn_layer_info_field(layers[i])))
            return true;
    }
    return false;
}
