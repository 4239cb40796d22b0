// SPDX-License-Identifier: MIT
#include "core/bytes.h"
#include "core/writer.h"

#include <countersign/digest.h>

enum { NC_DIGITS = 8 };
_Static_assert(NC_DIGITS * 4 == 32, "eight digits fill the count exactly");

/* Digit value plus one, so an octet left out of the table is refused. */
static const uint8_t hex_plus1[256] = {
    ['0'] = 1,
    ['1'] = 2,
    ['2'] = 3,
    ['3'] = 4,
    ['4'] = 5,
    ['5'] = 6,
    ['6'] = 7,
    ['7'] = 8,
    ['8'] = 9,
    ['9'] = 10,
    ['a'] = 11,
    ['b'] = 12,
    ['c'] = 13,
    ['d'] = 14,
    ['e'] = 15,
    ['f'] = 16,
    ['A'] = 11,
    ['B'] = 12,
    ['C'] = 13,
    ['D'] = 14,
    ['E'] = 15,
    ['F'] = 16,
};

csn_status
csn_nc_parse(csn_span text, uint32_t *count)
{
    uint32_t value = 0;

    if (text.len != NC_DIGITS)
        return CSN_E_LENGTH;

    for (size_t i = 0; i < NC_DIGITS; i++) {
        uint32_t digit = hex_plus1[text.ptr[i]];

        if (digit == 0)
            return CSN_E_SYNTAX;
        value = value << 4 | (digit - 1);
    }
    if (value == 0)
        return CSN_E_RANGE;

    *count = value;
    return CSN_OK;
}

void
csn_nc_write(csn_writer *out, uint32_t count)
{
    uint8_t octets[NC_DIGITS / 2];

    csn_put_be32(octets, count);
    csn_write_hex(out, octets, sizeof(octets));
}
