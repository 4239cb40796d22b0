// SPDX-License-Identifier: MIT
#include "show.h"

#include <countersign/field.h>
#include <countersign/layer.h>
#include <stdio.h>
#include <string.h>

static bool
begins(csn_span text, csn_span with)
{
    return text.len >= with.len &&
        csn_name_equal((csn_span){ text.ptr, with.len }, with);
}

static bool
is_one_of(uint8_t octet, const char *set)
{
    return octet != 0 && strchr(set, octet) != NULL;
}

/* Octets of a value that is hidden from `text` on: up to what ends it. */
static size_t
hidden_len(csn_span text)
{
    bool is_quoted = text.len != 0 && *text.ptr == '"';
    size_t at = is_quoted ? 1 : 0;

    while (at < text.len &&
        (is_quoted ? text.ptr[at] != '"'
                   : text.ptr[at] != ',' && text.ptr[at] != ' '))
        at++;
    return is_quoted && at < text.len ? at + 1 : at;
}

/* Digest's own fields, all but the values that are secret. */
static void
show_digest(csn_span text, FILE *stream)
{
    static const csn_span secrets[] = { CSN_LIT("response"),
        CSN_LIT("rspauth") };

    while (text.len != 0) {
        size_t len = 1;

        for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++) {
            csn_span rest = text;

            if (!begins(text, secrets[i]))
                continue;
            rest.ptr += secrets[i].len;
            rest.len -= secrets[i].len;
            while (rest.len != 0 && is_one_of(*rest.ptr, " \t=")) {
                rest.ptr++;
                rest.len--;
            }
            len = (size_t)(rest.ptr - text.ptr) + hidden_len(rest);
            fprintf(stream, "%.*s=(hidden)", (int)secrets[i].len,
                (const char *)secrets[i].ptr);
        }
        if (len == 1 && (*text.ptr < 0x20 || *text.ptr >= 0x7f))
            fprintf(stream, "\\x%02x", *text.ptr);
        else if (len == 1)
            fputc(*text.ptr, stream);
        text.ptr += len;
        text.len -= len;
    }
}

static bool
is_credentials(csn_span name)
{
    return csn_name_equal(name,
               csn_layer_credentials_field(CSN_LAYER_ORIGIN)) ||
        csn_name_equal(name, csn_layer_credentials_field(CSN_LAYER_PROXY));
}

static void
show_line(csn_span line, FILE *stream)
{
    const uint8_t *colon = line.len == 0 ? NULL
                                         : memchr(line.ptr, ':', line.len);
    size_t len = colon == NULL ? 0 : (size_t)(colon - line.ptr);
    csn_span value = { line.ptr + len, line.len - len };

    while (value.len != 0 && is_one_of(*value.ptr, ": \t")) {
        value.ptr++;
        value.len--;
    }
    if (len != 0 && is_credentials((csn_span){ line.ptr, len }) &&
        !begins(value, CSN_SPAN("Digest"))) {
        line.len = len;
        show_digest(line, stream);
        fputs(": (hidden)", stream);
        return;
    }
    show_digest(line, stream);
}

void
verify_show(csn_span message, char mark)
{
    while (message.len != 0) {
        const uint8_t *end = memmem(message.ptr, message.len, "\r\n", 2);
        size_t len = end == NULL ? message.len : (size_t)(end - message.ptr);

        fprintf(stderr, "%c ", mark);
        show_line((csn_span){ message.ptr, len }, stderr);
        fputc('\n', stderr);
        if (end == NULL || len == 0)
            return;
        message.ptr += len + 2;
        message.len -= len + 2;
    }
}
