// SPDX-License-Identifier: MIT
#include "core/bytes.h"
#include "core/hex.h"
#include "core/writer.h"

#include <countersign/digest.h>

enum { NC_OCTETS = 4 };
_Static_assert(NC_OCTETS == sizeof(uint32_t), "nc fills the count exactly");

csn_status
csn_nc_parse(csn_span text, uint32_t *count)
{
    uint8_t octets[NC_OCTETS];
    csn_status status = csn_hex_decode(text, octets, sizeof(octets));

    if (status != CSN_OK)
        return status;
    if (csn_get_be(octets, sizeof(octets)) == 0)
        return CSN_E_RANGE;

    *count = (uint32_t)csn_get_be(octets, sizeof(octets));
    return CSN_OK;
}

void
csn_nc_write(csn_writer *out, uint32_t count)
{
    uint8_t octets[NC_OCTETS];

    csn_put_be(octets, count, sizeof(octets));
    csn_write_hex(out, octets, sizeof(octets));
}
