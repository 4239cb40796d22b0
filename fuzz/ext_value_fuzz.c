// SPDX-License-Identifier: MIT
#include "fuzz.h"

/*
 * ext-value: what is decoded holds no control octet, is no longer than it
 * was, and decodes to itself when every octet of it is coded anew.
 */

static void
code(csn_span text, csn_writer *out)
{
    static const char digits[] = "0123456789ABCDEF";

    memcpy(out->buf, "utf-8'x'", 8);
    out->len = 8;
    for (size_t i = 0; i < text.len; i++) {
        out->buf[out->len++] = '%';
        out->buf[out->len++] = (uint8_t)digits[text.ptr[i] >> 4];
        out->buf[out->len++] = (uint8_t)digits[text.ptr[i] & 15];
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t first_buf[CSN_MAX_FIELD], again_buf[CSN_MAX_FIELD];
    static uint8_t coded_buf[4 * CSN_MAX_FIELD];
    csn_writer first = csn_writer_init(first_buf, sizeof(first_buf));
    csn_writer again = csn_writer_init(again_buf, sizeof(again_buf));
    csn_writer coded = csn_writer_init(coded_buf, sizeof(coded_buf));

    if (csn_ext_value_decode((csn_span){ data, size }, &first) != CSN_OK) {
        FUZZ_HOLDS(first.len == 0);
        return 0;
    }
    FUZZ_HOLDS(first.len < size);
    for (size_t i = 0; i < first.len; i++)
        FUZZ_HOLDS(first_buf[i] >= 0x20 && first_buf[i] != 0x7f);
    code(csn_writer_span(&first), &coded);
    FUZZ_HOLDS(
        csn_ext_value_decode(csn_writer_span(&coded), &again) == CSN_OK);
    FUZZ_HOLDS(first.len == again.len &&
        memcmp(first_buf, again_buf, first.len) == 0);
    return 0;
}
