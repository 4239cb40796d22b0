// SPDX-License-Identifier: MIT
#include "server/engine.h"

#include "core/hex.h"

/* The server's own half of the handshake: RFC 7616, 3.5. */
csn_status
csn_server_info(const csn_server_exchange *in, csn_writer *out)
{
    const exchange *x = (const exchange *)(const void *)in->opaque;
    uint8_t rspauth_hex[CSN_MAX_DIGEST_HEX];
    size_t size = csn_hash_size(x->hash);
    csn_digest_info_out info = { .rspauth_hex = { rspauth_hex, 2 * size } };

    if (x->need != CSN_DONE || x->outcome.verdict != CSN_VERDICT_ALLOW)
        return CSN_E_STATE;

    csn_hex_encode(x->rspauth, size, rspauth_hex);
    if (x->has_next)
        info.nextnonce = (csn_span){ x->fresh, sizeof(x->fresh) };
    /* E-20: without qop in the credentials none of the three comes back. */
    if (x->credentials.qop.present) {
        info.qop = x->sent.qop;
        info.cnonce = x->sent.cnonce;
        info.nc = x->sent.nc;
    }
    return csn_digest_info_write(out, &info);
}

bool
csn_server_sends_nextnonce(const csn_server_exchange *in)
{
    const exchange *x = (const exchange *)(const void *)in->opaque;

    return x->has_next && x->outcome.verdict == CSN_VERDICT_ALLOW;
}
