// SPDX-License-Identifier: MIT
#include "server/engine.h"

#include "core/ct.h"
#include "core/hex.h"

#include <string.h>

/*
 * An Info field that may have to wait for the response's content, when the
 * request, the exchange and even the server are gone. Everything it needs is
 * copied: texts into the host's memory, the secret into the proof.
 */

typedef struct proof {
    const csn_crypto *crypto;
    uint8_t *memory;
    size_t size;
    csn_hash hash;
    bool has_rspauth;   /* known already */
    bool wants_content; /* or else made with it */
    csn_span nonce;
    csn_span uri;
    csn_span qop;
    csn_span cnonce;
    csn_span nc;
    csn_span nextnonce;
    uint8_t rspauth[CSN_MAX_DIGEST];
    uint8_t key_hex[CSN_MAX_DIGEST_HEX];
} proof;

_Static_assert(sizeof(proof) <= sizeof(csn_server_proof), "it fits");

enum { TEXTS = 6 };

/* The texts that are copied, in the order in which `place` has them. */
static void
gather(const exchange *x, csn_span texts[TEXTS])
{
    csn_digest_info_out info = csn_server_info_texts(x);
    const csn_span none = { NULL, 0 };

    texts[0] = csn_server_has_int(x) ? x->sent.nonce : none;
    texts[1] = csn_server_has_int(x) ? x->sent.uri : none;
    texts[2] = info.qop;
    texts[3] = info.cnonce;
    texts[4] = info.nc;
    texts[5] = info.nextnonce;
}

static void
place(proof *p, const csn_span texts[TEXTS])
{
    csn_span *const copies[TEXTS] = { &p->nonce, &p->uri, &p->qop, &p->cnonce,
        &p->nc, &p->nextnonce };
    uint8_t *end = p->memory;

    for (size_t i = 0; i < TEXTS; i++) {
        *copies[i] = (csn_span){ end, texts[i].len };
        if (texts[i].len == 0)
            continue;
        memcpy(end, texts[i].ptr, texts[i].len);
        end += texts[i].len;
    }
}

static bool
is_allowed(const exchange *x)
{
    return x->need == CSN_DONE && x->outcome.verdict == CSN_VERDICT_ALLOW;
}

size_t
csn_server_proof_size(const csn_server_exchange *in)
{
    const exchange *x = (const exchange *)(const void *)in->opaque;
    csn_span texts[TEXTS];
    size_t size = 0;

    if (!is_allowed(x))
        return 0;
    gather(x, texts);
    for (size_t i = 0; i < TEXTS; i++)
        size += texts[i].len;
    return size;
}

csn_status
csn_server_proof_init(csn_server_proof *out, const csn_server_exchange *in,
    uint8_t *memory, size_t size)
{
    const exchange *x = (const exchange *)(const void *)in->opaque;
    proof *p = (proof *)(void *)out->opaque;
    csn_span texts[TEXTS];

    if (!is_allowed(x))
        return CSN_E_STATE;
    if (size < csn_server_proof_size(in))
        return CSN_E_OVERFLOW;

    gather(x, texts);
    memset(p, 0, sizeof(*p));
    p->crypto = x->server->crypto;
    p->memory = memory;
    p->size = size;
    p->hash = x->hash;
    p->wants_content = csn_server_has_int(x);
    p->has_rspauth = !p->wants_content;
    if (p->wants_content)
        memcpy(p->key_hex, x->secrets.keys[x->key_of],
            2 * csn_hash_size(x->hash));
    else
        memcpy(p->rspauth, x->secrets.rspauth, sizeof(p->rspauth));
    place(p, texts);
    return CSN_OK;
}

/* E-15, E-16: with what the request was judged with. */
static csn_status
compute(const proof *p, const uint8_t *content_digest,
    uint8_t rspauth[CSN_MAX_DIGEST])
{
    uint8_t hex[CSN_MAX_DIGEST_HEX];
    size_t digits = 2 * csn_hash_size(p->hash);
    const csn_digest_input input = { .hash = p->hash,
        .ha1_hex = { p->key_hex, digits },
        .nonce = p->nonce,
        .nc = p->nc,
        .cnonce = p->cnonce,
        .qop = p->qop,
        .uri = p->uri,
        .response_content_hex = { hex, digits } };

    csn_hex_encode(content_digest, csn_hash_size(p->hash), hex);
    return csn_digest_compute(p->crypto, &input, NULL, rspauth);
}

csn_status
csn_server_proof_info(const csn_server_proof *in, csn_proof_parts parts,
    const uint8_t *content_digest, csn_writer *out)
{
    const proof *p = (const proof *)(const void *)in->opaque;
    uint8_t rspauth[CSN_MAX_DIGEST];
    csn_digest_info_out info = { .nextnonce = p->nextnonce,
        .qop = p->qop,
        .cnonce = p->cnonce,
        .nc = p->nc };
    const uint8_t *known = p->has_rspauth ? p->rspauth : NULL;

    if (p->wants_content && content_digest != NULL &&
        parts != CSN_PROOF_NEXTNONCE) {
        csn_status status = compute(p, content_digest, rspauth);

        if (status != CSN_OK)
            return status;
        known = rspauth;
    }
    return csn_server_write_info(&info, parts, known, csn_hash_size(p->hash),
        out);
}

csn_hash
csn_server_proof_hash(const csn_server_proof *in)
{
    return ((const proof *)(const void *)in->opaque)->hash;
}

bool
csn_server_proof_wants_content(const csn_server_proof *in)
{
    return ((const proof *)(const void *)in->opaque)->wants_content;
}

void
csn_server_proof_wipe(csn_server_proof *out)
{
    proof *p = (proof *)(void *)out->opaque;

    csn_wipe(p->memory, p->size);
    csn_wipe(out->opaque, sizeof(out->opaque));
}
