// SPDX-License-Identifier: MIT
#include "plugin.h"

static csn_span
span_of(const char *text, int len)
{
    return (csn_span){ (const uint8_t *)text, len > 0 ? (size_t)len : 0 };
}

bool
csn_gw_field_value(const csn_gw_header *header, csn_span name, csn_span *value)
{
    return csn_gw_field_lines(header, name, value, 1) > 0;
}

size_t
csn_gw_field_lines(const csn_gw_header *header, csn_span name, csn_span *lines,
    size_t max)
{
    TSMLoc field = TSMimeHdrFieldFind(header->buffer, header->at,
        (const char *)name.ptr, (int)name.len);
    size_t count = 0;

    while (field != TS_NULL_MLOC) {
        TSMLoc next = TSMimeHdrFieldNextDup(header->buffer, header->at, field);

        if (count < max) {
            int len;
            const char *text = TSMimeHdrFieldValueStringGet(header->buffer,
                header->at, field, -1, &len);

            lines[count++] = span_of(text, len);
        }
        TSHandleMLocRelease(header->buffer, header->at, field);
        field = next;
    }
    return count;
}

void
csn_gw_field_append(const csn_gw_header *header, csn_span name, csn_span value)
{
    TSMLoc field;

    if (TSMimeHdrFieldCreateNamed(header->buffer, header->at,
            (const char *)name.ptr, (int)name.len, &field) != TS_SUCCESS)
        return;
    if (TSMimeHdrFieldValueStringSet(header->buffer, header->at, field, -1,
            (const char *)value.ptr, (int)value.len) == TS_SUCCESS)
        (void)TSMimeHdrFieldAppend(header->buffer, header->at, field);
    TSHandleMLocRelease(header->buffer, header->at, field);
}

/*
 * Lower case, and `-` for whatever is neither letter nor digit: where a name
 * becomes a variable (CGI, FastCGI, PHP) `-`, `_`, `.` and the like become
 * one and the same.
 */
static uint8_t
fold(uint8_t octet)
{
    if (octet >= 'A' && octet <= 'Z')
        return (uint8_t)(octet | 0x20);
    if ((octet >= 'a' && octet <= 'z') || (octet >= '0' && octet <= '9'))
        return octet;
    return '-';
}

bool
csn_gw_is_alike(csn_span a, csn_span b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++) {
        if (fold(a.ptr[i]) != fold(b.ptr[i]))
            return false;
    }
    return true;
}

unsigned
csn_gw_fields_remove(const csn_gw_header *header, const csn_span *names,
    size_t count)
{
    TSMLoc field = TSMimeHdrFieldGet(header->buffer, header->at, 0);
    unsigned removed = 0;

    while (field != TS_NULL_MLOC) {
        TSMLoc next = TSMimeHdrFieldNext(header->buffer, header->at, field);
        int len;
        const char *text = TSMimeHdrFieldNameGet(header->buffer, header->at,
            field, &len);
        csn_span name = span_of(text, len);

        for (size_t i = 0; i < count; i++) {
            if (!csn_gw_is_alike(name, names[i]))
                continue;
            (void)TSMimeHdrFieldDestroy(header->buffer, header->at, field);
            removed |= 1u << i;
            break;
        }
        TSHandleMLocRelease(header->buffer, header->at, field);
        field = next;
    }
    return removed;
}

void
csn_gw_fields_clear(const csn_gw_header *header)
{
    static const csn_span kept[] = { CSN_LIT("Connection"), CSN_LIT("Date"),
        CSN_LIT("Content-Length"), CSN_LIT("Transfer-Encoding") };
    TSMLoc field = TSMimeHdrFieldGet(header->buffer, header->at, 0);

    while (field != TS_NULL_MLOC) {
        TSMLoc next = TSMimeHdrFieldNext(header->buffer, header->at, field);
        int len;
        const char *text = TSMimeHdrFieldNameGet(header->buffer, header->at,
            field, &len);
        bool stays = false;

        for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
            stays = stays || csn_gw_is_alike(span_of(text, len), kept[i]);
        if (!stays)
            (void)TSMimeHdrFieldDestroy(header->buffer, header->at, field);
        TSHandleMLocRelease(header->buffer, header->at, field);
        field = next;
    }
}

bool
csn_gw_next_option(csn_span *rest, csn_span *option)
{
    size_t begin = 0;
    size_t end;

    while (begin < rest->len &&
        (rest->ptr[begin] == ',' || rest->ptr[begin] == ' ' ||
            rest->ptr[begin] == '\t'))
        begin++;
    if (begin == rest->len)
        return false;
    end = begin;
    while (end < rest->len && rest->ptr[end] != ',' && rest->ptr[end] != ' ' &&
        rest->ptr[end] != '\t')
        end++;
    *option = (csn_span){ rest->ptr + begin, end - begin };
    *rest = (csn_span){ rest->ptr + end, rest->len - end };
    return true;
}

enum { CONNECTION_LINES = 8 };

bool
csn_gw_connection_lists(const csn_gw_header *header, csn_span option)
{
    csn_span lines[CONNECTION_LINES];
    size_t count = csn_gw_field_lines(header, CSN_GW_KNOWN(CONNECTION), lines,
        CONNECTION_LINES);
    csn_span named;

    for (size_t i = 0; i < count; i++) {
        while (csn_gw_next_option(&lines[i], &named)) {
            if (csn_gw_is_alike(named, option))
                return true;
        }
    }
    return false;
}

uint64_t
csn_gw_length_parse(csn_span text)
{
    enum { MAX_DIGITS = 18 };
    uint64_t length = 0;

    if (text.len == 0 || text.len > MAX_DIGITS)
        return UINT64_MAX;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return UINT64_MAX;
        length = length * 10 + (uint64_t)(text.ptr[i] - '0');
    }
    return length;
}
