// SPDX-License-Identifier: MIT
#include "fuzz.h"

/*
 * quoted-string: unescape(escape(x)) = x, through the cursor; and unescaping
 * what never came from one stays inside it.
 */

static void
unescape_anything(csn_span text)
{
    static uint8_t buf[CSN_MAX_FIELD];
    csn_writer out = csn_writer_init(buf, sizeof(buf));
    csn_value value = { .text = text, .present = true, .escaped = true };

    csn_value_unescape(&value, &out);
    FUZZ_HOLDS(out.overflow || out.len <= text.len);
}

static void
read_back(csn_span line, csn_span want)
{
    static uint8_t buf[CSN_MAX_VALUE];
    csn_field_cursor cursor;
    csn_field_event event;

    FUZZ_HOLDS(csn_field_begin(&cursor, CSN_FIELD_INFO, &line, 1) == CSN_OK);
    FUZZ_HOLDS(csn_field_next(&cursor, &event) == CSN_OK);
    FUZZ_HOLDS(event.kind == CSN_EVENT_PARAM && event.value.quoted);

    csn_span plain = fuzz_plain(&event.value, buf, sizeof(buf));

    FUZZ_HOLDS(plain.len == want.len &&
        (want.len == 0 || memcmp(plain.ptr, want.ptr, want.len) == 0));
    FUZZ_HOLDS(csn_field_next(&cursor, &event) == CSN_OK);
    FUZZ_HOLDS(event.kind == CSN_EVENT_END);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t buf[CSN_MAX_FIELD] = "n=";
    csn_writer out = { buf, sizeof(buf), 2, false };
    csn_span text = { data, size };

    unescape_anything(text);
    if (csn_quoted_write(&out, text) != CSN_OK) {
        FUZZ_HOLDS(out.len == 2 && !out.overflow);
        return 0;
    }
    if (!out.overflow && size <= CSN_MAX_VALUE)
        read_back(csn_writer_span(&out), text);
    return 0;
}
