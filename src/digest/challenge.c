// SPDX-License-Identifier: MIT
#include "digest/params.h"

#include "core/writer.h"

csn_status
csn_digest_challenge_read(csn_field_cursor *cursor,
    csn_digest_challenge *challenge)
{
    /* MD5 when absent: RFC 7616, 3.3. */
    csn_digest_challenge read = { .algorithm = CSN_ALG_MD5 };
    csn_status status = csn_params_read(cursor, CSN_FIELD_CHALLENGES, &read);

    if (status == CSN_OK)
        *challenge = read;
    return status;
}

/* The qop list, in the order of their numbers; quoted as A-62 says. */
static void
write_qops(csn_params_writer *writer, unsigned qops)
{
    uint8_t buf[32];
    csn_writer list = csn_writer_init(buf, sizeof(buf));

    for (unsigned qop = 1; qop <= CSN_QOP_AUTH_INT; qop <<= 1) {
        if ((qops & qop) == 0)
            continue;
        if (list.len > 0)
            csn_write(&list, CSN_SPAN(", "));
        csn_write(&list, csn_qop_name(qop));
    }
    csn_params_quoted(writer, CSN_LEAD("qop"), csn_writer_span(&list));
}

/* B-04, B-19: what makes a challenge one that can be answered. */
static csn_status
check(const csn_digest_challenge_out *challenge)
{
    const unsigned known = CSN_QOP_AUTH | CSN_QOP_AUTH_INT;

    if ((unsigned)challenge->algorithm >= CSN_ALG_COUNT ||
        (challenge->qops & ~known) != 0)
        return CSN_E_UNSUPPORTED;
    if (challenge->nonce.len == 0 || challenge->qops == CSN_QOP_NONE)
        return CSN_E_MISSING;
    return CSN_OK;
}

csn_status
csn_digest_challenge_write(csn_writer *out,
    const csn_digest_challenge_out *challenge)
{
    csn_status status = check(challenge);

    if (status != CSN_OK)
        return status;

    csn_params_writer w = csn_params_begin(out, CSN_SPAN("Digest"));

    csn_params_quoted(&w, CSN_LEAD("realm"), challenge->realm);
    csn_params_quoted(&w, CSN_LEAD("nonce"), challenge->nonce);
    if (challenge->opaque.len > 0)
        csn_params_quoted(&w, CSN_LEAD("opaque"), challenge->opaque);
    if (challenge->domain.len > 0)
        csn_params_quoted(&w, CSN_LEAD("domain"), challenge->domain);
    csn_params_token(&w, CSN_LEAD("algorithm"),
        csn_algorithm_name(challenge->algorithm));
    write_qops(&w, challenge->qops);
    if (challenge->stale)
        csn_params_token(&w, CSN_LEAD("stale"), CSN_SPAN("true"));
    if (challenge->utf8)
        csn_params_token(&w, CSN_LEAD("charset"), CSN_SPAN("UTF-8"));
    if (challenge->userhash)
        csn_params_token(&w, CSN_LEAD("userhash"), CSN_SPAN("true"));
    return csn_params_end(&w);
}
