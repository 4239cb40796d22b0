// SPDX-License-Identifier: MIT
#include "server/engine.h"

#include "core/hex.h"

/* The server's own half of the handshake: RFC 7616, 3.5. */

csn_status
csn_server_write_info(csn_digest_info_out *info, csn_proof_parts parts,
    const uint8_t *rspauth, size_t size, csn_writer *out)
{
    uint8_t hex[CSN_MAX_DIGEST_HEX];
    csn_status status;

    if (parts == CSN_PROOF_TRAILER)
        info->nextnonce = (csn_span){ NULL, 0 };
    if (parts != CSN_PROOF_NEXTNONCE && rspauth != NULL) {
        csn_hex_encode(rspauth, size, hex);
        info->rspauth_hex = (csn_span){ hex, 2 * size };
    } else {
        /* E-27: without rspauth none of what would go with it. */
        info->qop = info->cnonce = info->nc = (csn_span){ NULL, 0 };
    }
    status = csn_digest_info_write(out, info);
    info->rspauth_hex = (csn_span){ NULL, 0 }; /* it was only here */
    return status;
}

csn_digest_info_out
csn_server_info_texts(const exchange *x)
{
    csn_digest_info_out info = { .nextnonce = { NULL, 0 } };

    if (x->has_next)
        info.nextnonce = (csn_span){ x->fresh, sizeof(x->fresh) };
    /* E-20: without qop in the credentials none of the three comes back. */
    if (x->credentials.qop.present) {
        info.qop = x->sent.qop;
        info.cnonce = x->sent.cnonce;
        info.nc = x->sent.nc;
    }
    return info;
}

csn_status
csn_server_info(const csn_server_exchange *in, csn_writer *out)
{
    const exchange *x = (const exchange *)(const void *)in->opaque;
    csn_digest_info_out info;

    if (x->need != CSN_DONE || x->outcome.verdict != CSN_VERDICT_ALLOW)
        return CSN_E_STATE;
    info = csn_server_info_texts(x);
    /* After auth-int rspauth waits for the response's content. */
    return csn_server_write_info(&info, CSN_PROOF_ALL,
        csn_server_has_int(x) ? NULL : x->secrets.rspauth,
        csn_hash_size(x->hash), out);
}

bool
csn_server_sends_nextnonce(const csn_server_exchange *in)
{
    const exchange *x = (const exchange *)(const void *)in->opaque;

    return x->has_next && x->outcome.verdict == CSN_VERDICT_ALLOW;
}
