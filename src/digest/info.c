// SPDX-License-Identifier: MIT
#include "digest/params.h"

csn_status
csn_digest_info_read(csn_field_cursor *cursor, csn_digest_info *info)
{
    csn_digest_info read = { .count = 0 };
    csn_status status = csn_params_read(cursor, CSN_FIELD_INFO, &read);

    if (status == CSN_OK)
        *info = read;
    return status;
}

/* H-21: only what is a count goes out again, in the digits it came in. */
static void
write_nc(csn_params_writer *writer, csn_span nc)
{
    uint32_t count;
    csn_status status = csn_nc_parse(nc, &count);

    if (status != CSN_OK)
        csn_params_fail(writer, status);
    else
        csn_params_token(writer, CSN_LEAD("nc"), nc);
}

csn_status
csn_digest_info_write(csn_writer *out, const csn_digest_info_out *info)
{
    csn_params_writer w = csn_params_begin(out, CSN_SPAN(""));

    if (info->nextnonce.len > 0)
        csn_params_quoted(&w, CSN_LEAD("nextnonce"), info->nextnonce);
    if (info->qop.len > 0)
        csn_params_token(&w, CSN_LEAD("qop"), info->qop);
    if (info->rspauth_hex.len > 0)
        csn_params_hex(&w, CSN_LEAD("rspauth"), info->rspauth_hex);
    if (info->cnonce.len > 0 || info->qop.len > 0) /* may be empty: E-17 */
        csn_params_quoted(&w, CSN_LEAD("cnonce"), info->cnonce);
    if (info->nc.len > 0)
        write_nc(&w, info->nc);
    return csn_params_end(&w);
}
