// SPDX-License-Identifier: MIT
#include "plugin.h"

#include "../common/cache.h"

void
csn_gw_keep_private(const csn_gw_header *header, bool whole)
{
    csn_span name = CSN_GW_KNOWN(CACHE_CONTROL);
    csn_span lines[CSN_CACHE_LINES];
    uint8_t room[CSN_CACHE_SIZE];
    size_t count = csn_gw_field_lines(header, name, lines, CSN_CACHE_LINES);
    csn_span said = csn_cache_control(lines, count, whole, room);

    (void)csn_gw_fields_remove(header, &name, 1);
    csn_gw_field_append(header, name, said);
}
