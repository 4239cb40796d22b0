// SPDX-License-Identifier: MIT
#include "core/hex.h"
#include "core/writer.h"
#include "digest/params.h"

csn_params_writer
csn_params_begin(csn_writer *out, csn_span scheme)
{
    csn_params_writer writer = { .out = out,
        .before = *out,
        .status = CSN_OK };

    if (scheme.len > 0) {
        csn_write(out, scheme);
        writer.separator = CSN_SPAN(" ");
    }
    return writer;
}

static void
write_name(csn_params_writer *writer, csn_span name)
{
    csn_write(writer->out, writer->separator);
    csn_write(writer->out, name);
    csn_write_byte(writer->out, '=');
    writer->separator = CSN_SPAN(", ");
}

void
csn_params_fail(csn_params_writer *writer, csn_status status)
{
    if (writer->status == CSN_OK)
        writer->status = status;
}

void
csn_params_quoted(csn_params_writer *writer, csn_span name, csn_span value)
{
    write_name(writer, name);
    csn_params_fail(writer, csn_quoted_write(writer->out, value));
}

void
csn_params_token(csn_params_writer *writer, csn_span name, csn_span value)
{
    write_name(writer, name);
    if (!csn_is_token(value))
        csn_params_fail(writer, CSN_E_SYNTAX);
    csn_write(writer->out, value);
}

void
csn_params_hex(csn_params_writer *writer, csn_span name, csn_span hex)
{
    size_t start;

    write_name(writer, name);
    if (hex.len == 0 || !csn_is_hex(hex))
        csn_params_fail(writer, CSN_E_SYNTAX);
    csn_write_byte(writer->out, '"');
    start = writer->out->len;
    csn_write(writer->out, hex);
    for (size_t i = start; i < writer->out->len; i++)
        writer->out->buf[i] |= 0x20; /* digits have the bit already */
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
