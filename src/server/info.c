// SPDX-License-Identifier: MIT
#include "server/engine.h"

#include "core/hex.h"

/* The server's own half of the handshake: RFC 7616, 3.5. */

csn_status
csn_server_write_info(const info_source *source, csn_proof_parts parts,
    csn_writer *out)
{
    uint8_t rspauth_hex[CSN_MAX_DIGEST_HEX];
    csn_digest_info_out info = { .qop = { NULL, 0 } };

    if (parts != CSN_PROOF_TRAILER)
        info.nextnonce = source->nextnonce;
    /* E-27: without rspauth none of what would go with it. */
    if (parts != CSN_PROOF_NEXTNONCE && source->rspauth != NULL) {
        csn_hex_encode(source->rspauth, source->size, rspauth_hex);
        info.rspauth_hex = (csn_span){ rspauth_hex, 2 * source->size };
        info.qop = source->qop;
        info.cnonce = source->cnonce;
        info.nc = source->nc;
    }
    return csn_digest_info_write(out, &info);
}

info_source
csn_server_info_source(const exchange *x)
{
    info_source source = { .rspauth = x->secrets.rspauth,
        .size = csn_hash_size(x->hash) };

    if (csn_server_has_int(x))
        source.rspauth = NULL; /* it waits for the response's content */
    if (x->has_next)
        source.nextnonce = (csn_span){ x->fresh, sizeof(x->fresh) };
    /* E-20: without qop in the credentials none of the three comes back. */
    if (x->credentials.qop.present) {
        source.qop = x->sent.qop;
        source.cnonce = x->sent.cnonce;
        source.nc = x->sent.nc;
    }
    return source;
}

csn_status
csn_server_info(const csn_server_exchange *in, csn_writer *out)
{
    const exchange *x = (const exchange *)(const void *)in->opaque;
    info_source source;

    if (x->need != CSN_DONE || x->outcome.verdict != CSN_VERDICT_ALLOW)
        return CSN_E_STATE;
    source = csn_server_info_source(x);
    return csn_server_write_info(&source, CSN_PROOF_ALL, out);
}

bool
csn_server_sends_nextnonce(const csn_server_exchange *in)
{
    const exchange *x = (const exchange *)(const void *)in->opaque;

    return x->has_next && x->outcome.verdict == CSN_VERDICT_ALLOW;
}
