// SPDX-License-Identifier: MIT
#include "fuzz.h"

/* A Digest Info field: what is read and can be written reads as the same. */

static csn_status
read_line(csn_span line, csn_digest_info *read)
{
    csn_field_cursor cursor;
    csn_status status = csn_field_begin(&cursor, CSN_FIELD_INFO, &line, 1);

    return status == CSN_OK ? csn_digest_info_read(&cursor, read) : status;
}

static csn_status
write_again(const csn_digest_info *read, csn_writer *out)
{
    static uint8_t buf[5][CSN_MAX_VALUE];
    csn_digest_info_out info = {
        .nextnonce = fuzz_plain(&read->nextnonce, buf[0], CSN_MAX_VALUE),
        .rspauth_hex = fuzz_plain(&read->rspauth, buf[1], CSN_MAX_VALUE),
        .cnonce = fuzz_plain(&read->cnonce, buf[2], CSN_MAX_VALUE),
        .nc = fuzz_plain(&read->nc, buf[3], CSN_MAX_VALUE),
        .qop = fuzz_plain(&read->qop, buf[4], CSN_MAX_VALUE),
    };

    return csn_digest_info_write(out, &info);
}

static void
compare(csn_digest_info read, csn_span written)
{
    csn_digest_info again;

    FUZZ_HOLDS(read_line(written, &again) == CSN_OK);
    /* Empty nonces are not written, but for a cnonce beside qop. */
    read.nextnonce.present = read.nextnonce.text.len > 0;
    read.cnonce.present = read.cnonce.text.len > 0 || read.qop.present;
    FUZZ_HOLDS(fuzz_same_value(&read.nextnonce, &again.nextnonce, false));
    FUZZ_HOLDS(fuzz_same_value(&read.rspauth, &again.rspauth, true));
    FUZZ_HOLDS(fuzz_same_value(&read.cnonce, &again.cnonce, false));
    FUZZ_HOLDS(fuzz_same_value(&read.nc, &again.nc, false));
    FUZZ_HOLDS(fuzz_same_value(&read.qop, &again.qop, false));
    FUZZ_HOLDS(read.count == again.count);
    FUZZ_HOLDS(read.qop_known == again.qop_known);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t buf[4 * CSN_MAX_FIELD];
    csn_writer out = csn_writer_init(buf, sizeof(buf));
    csn_digest_info read;

    if (read_line((csn_span){ data, size }, &read) != CSN_OK)
        return 0;
    /* What can be read can be written: qop is a token, nc a count. */
    FUZZ_HOLDS(write_again(&read, &out) == CSN_OK);
    if (out.len <= CSN_MAX_FIELD)
        compare(read, csn_writer_span(&out));
    return 0;
}
