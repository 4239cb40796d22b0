// SPDX-License-Identifier: MIT
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
 * A parameter with its escapes undone: in the caller's line, or in `octets`
 * when it had any. Copied nowhere, for then the pointer would be wrong.
 */
struct text {
    csn_span text;
    bool present;
    uint8_t octets[CSN_MAX_NONCE];
};

/* What one section says; no longer of use when the lines are gone. */
struct answer {
    csn_digest_info info;
    struct text nextnonce;
    struct text rspauth;
    struct text cnonce;
};

_Static_assert(CSN_MAX_NONCE >= CSN_MAX_CNONCE &&
        CSN_MAX_NONCE >= CSN_MAX_DIGEST_HEX,
    "a text holds every parameter");

static csn_status
text_read(struct text *text, const csn_value *value)
{
    csn_writer out = csn_writer_init(text->octets, sizeof(text->octets));

    text->present = value->present;
    text->text = value->text;
    if (!value->escaped)
        return CSN_OK;
    csn_value_unescape(value, &out);
    text->text = csn_writer_span(&out);
    return out.overflow ? CSN_E_LIMIT : CSN_OK;
}

static csn_status
answer_read(struct answer *answer, const csn_span *lines, size_t count)
{
    csn_field_cursor cursor;
    csn_status status = csn_field_begin(&cursor, CSN_FIELD_INFO, lines, count);

    csn_wipe(&answer->info, sizeof(answer->info)); /* nothing was said */
    if (status == CSN_OK)
        status = csn_params_read(&cursor, CSN_FIELD_INFO, &answer->info);
    if (status == CSN_OK)
        status = text_read(&answer->nextnonce, &answer->info.nextnonce);
    if (status == CSN_OK)
        status = text_read(&answer->rspauth, &answer->info.rspauth);
    if (status == CSN_OK)
        status = text_read(&answer->cnonce, &answer->info.cnonce);
    return status;
}

/* Take over what the trailer alone has; false where both differ (F-07). */
static bool
text_join(struct text *into, const struct text *from, bool any_case)
{
    if (!from->present)
        return true;
    if (into->present)
        return any_case ? csn_span_equal_nocase(into->text, from->text)
                        : csn_span_equal(into->text, from->text);
    into->text = from->text;
    into->present = true;
    return true;
}

static bool
answer_join(struct answer *into, const struct answer *from)
{
    csn_digest_info *info = &into->info;

    if (!text_join(&into->nextnonce, &from->nextnonce, false) ||
        !text_join(&into->rspauth, &from->rspauth, true) ||
        !text_join(&into->cnonce, &from->cnonce, false))
        return false;
    if (from->info.nc.present) {
        if (info->nc.present && info->count != from->info.count)
            return false;
        info->nc = from->info.nc;
        info->count = from->info.count;
    }
    if (from->info.qop.present) {
        if (info->qop.present && info->qop_known != from->info.qop_known)
            return false;
        info->qop = from->info.qop;
        info->qop_known = from->info.qop_known;
    }
    return true;
}

static bool
is_empty(const struct answer *answer)
{
    return !answer->nextnonce.present && !answer->rspauth.present &&
        !answer->cnonce.present && !answer->info.nc.present &&
        !answer->info.qop.present;
}

/* Hex of either case; the octets in constant time (F-17, H-01). */
static bool
is_rspauth_right(const struct client_attempt *attempt,
    const struct answer *answer)
{
    uint8_t octets[CSN_MAX_DIGEST];
    size_t size = csn_hash_size(csn_algorithm_hash(attempt->algorithm));

    return csn_hex_decode(answer->rspauth.text, octets, size) == CSN_OK &&
        csn_ct_equal(octets, attempt->rspauth_secret, size);
}

/*
 * Without qop the hash holds nothing fresh from us: anybody may have recorded
 * it (F-23). With qop rspauth covers cnonce, nc and qop, so that leaving all
 * of these out of the field takes nothing from the proof: RFC 7616, 3.5.
 */
static csn_reason
judge(const struct client_attempt *attempt, const struct answer *answer)
{
    const csn_digest_info *info = &answer->info;

    if (attempt->qop == CSN_QOP_NONE)
        return CSN_R_NO_QOP;
    if (is_empty(answer))
        return CSN_R_NO_INFO;
    if (info->qop.present && info->qop_known != (unsigned)attempt->qop)
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
    if (!is_rspauth_right(attempt, answer))
        return CSN_R_RSPAUTH_WRONG;
    return CSN_R_NONE;
}

static csn_proof
proof_of(csn_reason reason)
{
    if (reason == CSN_R_NONE)
        return CSN_PROOF_PROVED;
    if (reason == CSN_R_INFO_MALFORMED)
        return CSN_PROOF_UNUSABLE;
    if (reason == CSN_R_NOT_CHALLENGED || reason == CSN_R_NO_INFO ||
        reason == CSN_R_NO_RSPAUTH || reason == CSN_R_NO_QOP)
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
    struct answer header;
    struct answer trailer;
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

    if (answer_read(&read->header, response->header, header_count) != CSN_OK)
        return CSN_R_INFO_MALFORMED;
    if (trailer_count == 0)
        return judge(attempt, &read->header);
    if (answer_read(&read->trailer, response->trailer, trailer_count) !=
        CSN_OK)
        return CSN_R_INFO_MALFORMED;
    return answer_join(&read->header, &read->trailer)
        ? judge(attempt, &read->header)
        : CSN_R_SECTIONS_DIFFER;
}

/*
 * Whether a nextnonce may be taken: rspauth does not cover it, so only from a
 * server that proved itself in this very field (F-14), or that never does:
 * the field then has nothing else in it.
 */
static bool
may_adopt(const csn_client_policy *policy, const struct client_space *space,
    const struct answer *answer, csn_proof proof)
{
    if (proof == CSN_PROOF_PROVED)
        return true;
    return proof == CSN_PROOF_ABSENT && !answer->rspauth.present &&
        !answer->info.qop.present && policy->proof != CSN_PROOF_REQUIRE &&
        (space->seen & CSN_SEEN_PROOF) == 0;
}

/* What the answer changes in the session the request was made in (F-15). */
static void
settle(const csn_client_policy *policy, struct client_space *space,
    const struct client_attempt *attempt, const struct answer *answer,
    csn_client_result *result)
{
    /* A session that ended took its generation with it. */
    bool is_current = space->generation == attempt->generation;

    if (is_current &&
        (result->proof == CSN_PROOF_MISMATCH ||
            result->proof == CSN_PROOF_UNUSABLE)) {
        csn_client_session_end(space);
        result->dropped = true;
    } else if (is_current && may_adopt(policy, space, answer, result->proof)) {
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
