// SPDX-License-Identifier: MIT
#include "core/ascii.h"
#include "core/hex.h"
#include "core/span.h"
#include "core/writer.h"

#include <countersign/field.h>

/*
 * ext-value   = charset "'" [ language ] "'" value-chars
 * value-chars = *( pct-encoded / attr-char )
 * attr-char   = tchar without "*", "'" and "%"
 *
 * RFC 8187, 3.2.1.
 */

/* The octets before the next "'", which is dropped too; false without one. */
static bool
take_part(csn_span *rest, csn_span *part)
{
    for (size_t i = 0; i < rest->len; i++) {
        if (rest->ptr[i] == '\'') {
            *part = csn_span_slice(*rest, 0, i);
            *rest = csn_span_slice(*rest, i + 1, rest->len);
            return true;
        }
    }
    return false;
}

/* Letters, digits and "-", the alphabet of RFC 5646, 2.1; may be empty. */
static bool
is_language(csn_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t octet = text.ptr[i];

        if (!csn_ascii_is(octet, CSN_CLASS_TOKEN68) || octet == '.' ||
            octet == '_' || octet == '~' || octet == '+' || octet == '/')
            return false;
    }
    return true;
}

static bool
is_attr_char(uint8_t octet)
{
    return csn_ascii_is(octet, CSN_CLASS_TCHAR) && octet != '*' &&
        octet != '\'' && octet != '%';
}

static csn_status
decode_octets(csn_span text, csn_writer *out)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t octet = text.ptr[i];

        if (octet == '%') {
            if (csn_hex_decode(csn_span_slice(text, i + 1, 2), &octet, 1) !=
                CSN_OK)
                return CSN_E_SYNTAX;
            i += 2;
        } else if (!is_attr_char(octet)) {
            return CSN_E_SYNTAX;
        }
        csn_write_byte(out, octet);
    }
    return out->overflow ? CSN_E_OVERFLOW : CSN_OK;
}

/*
 * Well-formed UTF-8 (RFC 3629, 4: no overlong form, no surrogate, nothing
 * above U+10FFFF), by first octet: how many follow, and the range of the
 * first of those.
 */
static const struct {
    uint8_t first, last;
    uint8_t more;
    uint8_t low, high;
} utf8_rows[] = {
    { 0x20, 0x7e, 0, 0, 0 },       /* no control octet: A-59 */
    { 0xc2, 0xc2, 1, 0xa0, 0xbf }, /* U+0080 to U+009F are controls too */
    { 0xc3, 0xdf, 1, 0x80, 0xbf },
    { 0xe0, 0xe0, 2, 0xa0, 0xbf },
    { 0xe1, 0xec, 2, 0x80, 0xbf },
    { 0xed, 0xed, 2, 0x80, 0x9f },
    { 0xee, 0xef, 2, 0x80, 0xbf },
    { 0xf0, 0xf0, 3, 0x90, 0xbf },
    { 0xf1, 0xf3, 3, 0x80, 0xbf },
    { 0xf4, 0xf4, 3, 0x80, 0x8f },
};

/* Octets of the character at the start of `text`; 0 when it is not one. */
static size_t
character_len(csn_span text)
{
    for (size_t i = 0; i < sizeof(utf8_rows) / sizeof(utf8_rows[0]); i++) {
        size_t len = (size_t)utf8_rows[i].more + 1;

        if (text.ptr[0] < utf8_rows[i].first ||
            text.ptr[0] > utf8_rows[i].last)
            continue;
        if (text.len < len)
            return 0;
        if (len > 1 &&
            (text.ptr[1] < utf8_rows[i].low ||
                text.ptr[1] > utf8_rows[i].high))
            return 0;
        for (size_t k = 2; k < len; k++) {
            if ((text.ptr[k] & 0xc0) != 0x80)
                return 0;
        }
        return len;
    }
    return 0;
}

static bool
is_text(csn_span text)
{
    while (text.len > 0) {
        size_t len = character_len(text);

        if (len == 0)
            return false;
        text = csn_span_slice(text, len, text.len);
    }
    return true;
}

csn_status
csn_ext_value_decode(csn_span text, csn_writer *out)
{
    csn_writer saved = *out;
    csn_span charset, language;
    csn_status status;

    if (!take_part(&text, &charset) || !take_part(&text, &language) ||
        !csn_is_token(charset) || !is_language(language))
        return CSN_E_SYNTAX;
    if (!csn_name_equal(charset, CSN_SPAN("UTF-8")))
        return CSN_E_UNSUPPORTED;

    status = decode_octets(text, out);
    if (status == CSN_OK && out->len > saved.len) {
        csn_span octets = { out->buf + saved.len, out->len - saved.len };

        if (!is_text(octets))
            status = CSN_E_SYNTAX;
    }
    if (status != CSN_OK)
        *out = saved;
    return status;
}

csn_status
csn_ext_value_write(csn_writer *out, csn_span text)
{
    static const char digits[] = "0123456789ABCDEF";

    if (!is_text(text))
        return CSN_E_SYNTAX;
    csn_write(out, CSN_SPAN("UTF-8''"));
    for (size_t i = 0; i < text.len; i++) {
        uint8_t octet = text.ptr[i];

        if (is_attr_char(octet)) {
            csn_write_byte(out, octet);
        } else {
            csn_write_byte(out, '%');
            csn_write_byte(out, (uint8_t)digits[octet >> 4]);
            csn_write_byte(out, (uint8_t)digits[octet & 15]);
        }
    }
    return CSN_OK;
}
