// SPDX-License-Identifier: MIT
#include "client/answer.h"
#include "client/client.h"

#include "core/ct.h"
#include "core/hex.h"
#include "core/span.h"
#include "core/writer.h"
#include "digest/params.h"

/*
 * An Info field against the record of the request: the table above csn_proof
 * in client.h, from top to bottom as `rules` has it.
 */

/*
 * The rspauth of an exchange with auth-int, from the record of the request
 * (F-27): RFC 7616, 3.5. `qop` is what the answer says.
 */
static csn_status
compute_rspauth(const struct client_attempt *attempt, csn_qop qop,
    const csn_client_response *response, uint8_t rspauth[CSN_MAX_DIGEST])
{
    csn_hash hash = csn_algorithm_hash(attempt->algorithm);
    size_t size = csn_hash_size(hash);
    uint8_t content_hex[CSN_MAX_DIGEST_HEX];
    uint8_t digits[8];
    csn_writer nc = csn_writer_init(digits, sizeof(digits));
    csn_digest_input input = {
        .hash = hash,
        .ha1_hex = { attempt->ha1_secret_hex, 2 * size },
        .nonce = { attempt->nonce, attempt->nonce_len },
        .nc = { digits, sizeof(digits) },
        .cnonce = { attempt->cnonce, sizeof(attempt->cnonce) },
        .qop = csn_qop_name(qop),
        .uri = response->uri,
    };

    csn_nc_write(&nc, attempt->count);
    if (qop == CSN_QOP_AUTH_INT) {
        csn_hex_encode(response->content_digest, size, content_hex);
        input.response_content_hex = (csn_span){ content_hex, 2 * size };
    }
    return csn_digest_compute(attempt->crypto, &input, NULL, rspauth);
}

/* Hex of either case; the octets in constant time (F-17, H-01). */
static bool
is_rspauth(const struct client_answer *answer, const uint8_t *right,
    size_t size)
{
    uint8_t said[CSN_MAX_DIGEST];

    return csn_hex_decode(answer->rspauth.text, said, size) == CSN_OK &&
        csn_ct_equal(said, right, size);
}

/*
 * In answer to auth-int a server may fall back to auth (RFC 7616, 3.5:
 * "SHOULD" use the same): that proves itself, but not its content (F-25).
 */
static csn_reason
judge_int(const struct client_attempt *attempt,
    const struct client_answer *answer, const csn_client_response *response)
{
    bool is_less = answer->info.qop_known == CSN_QOP_AUTH;
    size_t size = csn_hash_size(csn_algorithm_hash(attempt->algorithm));
    uint8_t right_secret[CSN_MAX_DIGEST];
    bool is_right;

    if (answer->rspauth.text.len != 2 * size)
        return CSN_R_RSPAUTH_WRONG;
    if (!is_less && response->content_digest == NULL)
        return CSN_R_CONTENT_INCOMPLETE;
    if (compute_rspauth(attempt, is_less ? CSN_QOP_AUTH : CSN_QOP_AUTH_INT,
            response, right_secret) != CSN_OK)
        return CSN_R_INTERNAL;
    is_right = is_rspauth(answer, right_secret, size);
    csn_wipe(right_secret, sizeof(right_secret));
    if (!is_right)
        return CSN_R_RSPAUTH_WRONG;
    return is_less ? CSN_R_CONTENT_UNPROVED : CSN_R_NONE;
}

/* Whether the field's qop, if it has one, can be that of an answer. */
static bool
is_qop_possible(const struct client_attempt *attempt,
    const csn_digest_info *info)
{
    return !info->qop.present || info->qop_known == (unsigned)attempt->qop ||
        (attempt->qop == CSN_QOP_AUTH_INT && info->qop_known == CSN_QOP_AUTH);
}

/*
 * Without qop the hash holds nothing fresh from us: anybody may have recorded
 * it (F-23). With qop rspauth covers cnonce, nc and qop, so that leaving all
 * of these out of the field takes nothing from the proof: RFC 7616, 3.5.
 */
static csn_reason
judge(const struct client_attempt *attempt, const struct client_answer *answer,
    const csn_client_response *response)
{
    const csn_digest_info *info = &answer->info;

    if (attempt->qop == CSN_QOP_NONE)
        return CSN_R_NO_QOP;
    if (csn_client_answer_is_empty(answer))
        return CSN_R_NO_INFO;
    if (!is_qop_possible(attempt, info))
        return CSN_R_QOP_WRONG;
    if (info->qop.present &&
        !(answer->rspauth.present && answer->cnonce.present &&
            info->nc.present))
        return CSN_R_INFO_INCOMPLETE;
    if (answer->cnonce.present &&
        !csn_span_equal(answer->cnonce.text,
            (csn_span){ attempt->cnonce, sizeof(attempt->cnonce) }))
        return CSN_R_CNONCE_WRONG;
    if (info->nc.present && info->count != attempt->count)
        return CSN_R_NC_WRONG;
    if (!answer->rspauth.present)
        return CSN_R_NO_RSPAUTH;
    if (attempt->qop == CSN_QOP_AUTH_INT)
        return judge_int(attempt, answer, response);
    return is_rspauth(answer, attempt->rspauth_secret,
               csn_hash_size(csn_algorithm_hash(attempt->algorithm)))
        ? CSN_R_NONE
        : CSN_R_RSPAUTH_WRONG;
}

static csn_proof
proof_of(csn_reason reason)
{
    if (reason == CSN_R_NONE)
        return CSN_PROOF_PROVED;
    if (reason == CSN_R_INFO_MALFORMED || reason == CSN_R_INTERNAL)
        return CSN_PROOF_UNUSABLE;
    if (reason == CSN_R_NOT_CHALLENGED || reason == CSN_R_NO_INFO ||
        reason == CSN_R_NO_RSPAUTH || reason == CSN_R_NO_QOP ||
        reason == CSN_R_CONTENT_UNPROVED || reason == CSN_R_CONTENT_INCOMPLETE)
        return CSN_PROOF_ABSENT;
    return CSN_PROOF_MISMATCH;
}

/* The layer's own refusal: the challenge rules (F-05, F-21). */
static bool
is_own_refusal(const struct client_attempt *attempt, unsigned status)
{
    return status == (attempt->layer == CSN_LAYER_PROXY ? 407 : 401);
}

/* Both sections of a response; `header` then says what they say together. */
struct sections {
    struct client_answer header;
    struct client_answer trailer;
};

static csn_reason
read_and_judge(const struct client_attempt *attempt,
    const csn_client_response *response, struct sections *read)
{
    /* Not of this exchange, or not yet its answer: F-05, F-06, F-09. */
    bool foreign = response->from_cache || response->status < 200 ||
        is_own_refusal(attempt, response->status);
    size_t header_count = foreign ? 0 : response->header_count;
    size_t trailer_count = foreign ? 0 : response->trailer_count;

    if (csn_client_answer_read(&read->header, response->header,
            header_count) != CSN_OK)
        return CSN_R_INFO_MALFORMED;
    if (trailer_count == 0)
        return judge(attempt, &read->header, response);
    if (csn_client_answer_read(&read->trailer, response->trailer,
            trailer_count) != CSN_OK)
        return CSN_R_INFO_MALFORMED;
    return csn_client_answer_join(&read->header, &read->trailer)
        ? judge(attempt, &read->header, response)
        : CSN_R_SECTIONS_DIFFER;
}

/*
 * Whether a nextnonce may be taken: rspauth does not cover it, so only from a
 * server that proved itself in this very field, its content or not (F-14), or
 * that never does: the field then has nothing else in it.
 */
static bool
may_adopt(const csn_client_policy *policy, const struct client_space *space,
    const struct client_answer *answer, const csn_client_result *result)
{
    if (result->proof == CSN_PROOF_PROVED ||
        result->reason == CSN_R_CONTENT_UNPROVED)
        return true;
    return result->proof == CSN_PROOF_ABSENT && !answer->rspauth.present &&
        !answer->info.qop.present && policy->proof != CSN_PROOF_REQUIRE &&
        (space->seen & CSN_SEEN_PROOF) == 0;
}

/* What the answer changes in the session the request was made in (F-15). */
static void
settle(const csn_client_policy *policy, struct client_space *space,
    const struct client_attempt *attempt, const struct client_answer *answer,
    csn_client_result *result)
{
    /* A session that ended took its generation with it. */
    bool is_current = space->generation == attempt->generation;

    if (is_current &&
        (result->proof == CSN_PROOF_MISMATCH ||
            result->proof == CSN_PROOF_UNUSABLE)) {
        csn_client_session_end(space);
        result->dropped = true;
    } else if (is_current && may_adopt(policy, space, answer, result)) {
        result->nextnonce = csn_client_session_adopt(space,
            answer->nextnonce.text);
    }
    if (result->proof == CSN_PROOF_PROVED)
        space->seen |= CSN_SEEN_PROOF;
}

/*
 * Whether the exchange may succeed. Under `expect` a server that once proved
 * itself must go on doing so (F-22), but for the challenge of its own layer.
 */
static void
enforce(const csn_client_policy *policy, unsigned seen, bool own_refusal,
    csn_client_result *result)
{
    switch (policy->proof) {
    case CSN_PROOF_OFF:
        result->deliver = true;
        return;
    case CSN_PROOF_EXPECT:
        break;
    case CSN_PROOF_REQUIRE:
        result->deliver = result->proof == CSN_PROOF_PROVED;
        return;
    }

    result->deliver = result->proof == CSN_PROOF_PROVED ||
        result->proof == CSN_PROOF_ABSENT;
    if (result->proof == CSN_PROOF_ABSENT && !own_refusal &&
        (seen & CSN_SEEN_PROOF) != 0) {
        result->reason = CSN_R_PROOF_MISSED;
        result->deliver = false;
    }
}

void
csn_client_verify(const csn_client_policy *policy, csn_client_space *space,
    const csn_client_attempt *attempt, const csn_client_response *response,
    csn_client_result *result)
{
    struct client_space *it = space != NULL ? client_space_of(space) : NULL;
    bool own_refusal = false;
    unsigned seen = it != NULL ? it->seen : 0;

    *result = (csn_client_result){ .proof = CSN_PROOF_ABSENT,
        .reason = CSN_R_NOT_CHALLENGED };
    if (attempt != NULL) {
        const struct client_attempt *sent = client_attempt_at(attempt);
        struct sections read;

        own_refusal = is_own_refusal(sent, response->status);
        result->reason = read_and_judge(sent, response, &read);
        result->proof = proof_of(result->reason);
        if (it != NULL)
            settle(policy, it, sent, &read.header, result);
    } else if (it != NULL) {
        own_refusal = response->status ==
            (it->identity.layer == CSN_LAYER_PROXY ? 407 : 401);
    }
    enforce(policy, seen, own_refusal, result);
}

const char *
csn_proof_name(csn_proof proof)
{
    static const char *const names[] = {
        [CSN_PROOF_PROVED] = "proved",
        [CSN_PROOF_ABSENT] = "absent",
        [CSN_PROOF_MISMATCH] = "mismatch",
        [CSN_PROOF_UNUSABLE] = "unusable",
    };

    if ((unsigned)proof >= sizeof(names) / sizeof(names[0]))
        return "unknown";
    return names[proof];
}
