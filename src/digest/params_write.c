// SPDX-License-Identifier: MIT
#include "core/hex.h"
#include "core/writer.h"
#include "digest/params.h"

csn_params_writer
csn_params_begin(csn_writer *out, csn_span scheme)
{
    csn_params_writer writer = { .out = out,
        .before = *out,
        .status = CSN_OK,
        .first = true };

    if (scheme.len > 0) {
        csn_write(out, scheme);
        csn_write_byte(out, ' ');
    }
    return writer;
}

/* The comma in front of the first parameter stays away. */
static void
write_lead(csn_params_writer *writer, csn_span lead)
{
    size_t comma = writer->first ? sizeof(", ") - 1 : 0;

    csn_write(writer->out, (csn_span){ lead.ptr + comma, lead.len - comma });
    writer->first = false;
}

void
csn_params_fail(csn_params_writer *writer, csn_status status)
{
    if (writer->status == CSN_OK)
        writer->status = status;
}

void
csn_params_quoted(csn_params_writer *writer, csn_span lead, csn_span value)
{
    write_lead(writer, lead);
    csn_params_fail(writer, csn_quoted_write(writer->out, value));
}

void
csn_params_token(csn_params_writer *writer, csn_span lead, csn_span value)
{
    write_lead(writer, lead);
    if (!csn_is_token(value))
        csn_params_fail(writer, CSN_E_SYNTAX);
    csn_write(writer->out, value);
}

void
csn_params_ext(csn_params_writer *writer, csn_span lead, csn_span text)
{
    write_lead(writer, lead);
    csn_params_fail(writer, csn_ext_value_write(writer->out, text));
}

/* Digits to lower case: they have the bit that the letters get. */
static void
copy_lower(uint8_t *to, csn_span hex)
{
    size_t i = 0;

    for (; hex.len - i >= sizeof(uint64_t); i += sizeof(uint64_t)) {
        uint64_t word;

        memcpy(&word, hex.ptr + i, sizeof(word));
        word |= UINT64_C(0x2020202020202020);
        memcpy(to + i, &word, sizeof(word));
    }
    for (; i < hex.len; i++)
        to[i] = hex.ptr[i] | 0x20;
}

void
csn_params_hex(csn_params_writer *writer, csn_span lead, csn_span hex)
{
    uint8_t *at;

    if (hex.len == 0 || !csn_is_hex(hex)) {
        csn_params_fail(writer, CSN_E_SYNTAX);
        return;
    }
    write_lead(writer, lead);
    csn_write_byte(writer->out, '"');
    at = csn_write_room(writer->out, hex.len);
    if (at != NULL)
        copy_lower(at, hex);
    csn_write_byte(writer->out, '"');
}

csn_status
csn_params_end(csn_params_writer *writer)
{
    bool overflow = writer->out->overflow;

    if (writer->status == CSN_OK && !overflow)
        return CSN_OK;
    *writer->out = writer->before;
    writer->out->overflow = overflow;
    return writer->status != CSN_OK ? writer->status : CSN_E_OVERFLOW;
}
