// SPDX-License-Identifier: MIT
#include "fuzz.h"

/*
 * nc: eight hex digits and nothing else, the same number as the C library
 * reads, and written as the same digits in lower case.
 */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[9] = "", back[9] = "";
    csn_writer out = csn_writer_init((uint8_t *)back, 8);
    uint32_t count = 0;
    csn_status status = csn_nc_parse((csn_span){ data, size }, &count);

    FUZZ_HOLDS((status == CSN_E_LENGTH) == (size != 8));
    if (size != 8)
        return 0;
    memcpy(text, data, 8);
    if (strspn(text, "0123456789abcdefABCDEF") != 8) {
        FUZZ_HOLDS(status == CSN_E_SYNTAX);
        return 0;
    }
    FUZZ_HOLDS((status == CSN_E_RANGE) == (strtoul(text, NULL, 16) == 0));
    if (status == CSN_E_RANGE)
        return 0;
    FUZZ_HOLDS(status == CSN_OK && count == strtoul(text, NULL, 16));
    csn_nc_write(&out, count);
    FUZZ_HOLDS(csn_name_equal((csn_span){ (uint8_t *)back, 8 },
        (csn_span){ data, 8 }));
    FUZZ_HOLDS(strpbrk(back, "ABCDEF") == NULL);
    return 0;
}
