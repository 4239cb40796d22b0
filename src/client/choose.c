// SPDX-License-Identifier: MIT
#include "client/client.h"

#include "core/span.h"
#include "core/writer.h"
#include "digest/params.h"

/* How much a challenge is worth; what is not in the table is not answered. */
enum { RANK_NONE, RANK_MD5_NO_QOP, RANK_MD5, RANK_SHA2 };

static const uint8_t algorithm_rank[CSN_ALG_COUNT + 1] = {
    [CSN_ALG_MD5] = RANK_MD5,
    [CSN_ALG_MD5_SESS] = RANK_MD5,
    [CSN_ALG_SHA_256] = RANK_SHA2,
    [CSN_ALG_SHA_256_SESS] = RANK_SHA2,
    [CSN_ALG_SHA_512_256] = RANK_SHA2,
    [CSN_ALG_SHA_512_256_SESS] = RANK_SHA2,
};

/* What was found in a response's challenges. */
struct survey {
    csn_client_choice choice; /* the best so far: the first of its rank */
    unsigned rank;
    unsigned best_offered; /* the highest rank, allowed or not */
    bool basic;
    bool broken; /* something could not be read */
};

static unsigned
challenge_rank(const csn_client_policy *policy,
    const csn_digest_challenge *challenge)
{
    if (!csn_client_is_answerable(challenge, policy->require_int) ||
        csn_value_len(&challenge->realm) > CSN_MAX_REALM ||
        csn_value_len(&challenge->nonce) > CSN_MAX_NONCE ||
        csn_value_len(&challenge->opaque) > CSN_MAX_OPAQUE)
        return RANK_NONE;
    return challenge->has_qop ? algorithm_rank[challenge->algorithm]
                              : RANK_MD5_NO_QOP;
}

static bool
is_allowed(const csn_client_policy *policy, unsigned rank)
{
    if (rank == RANK_SHA2)
        return true;
    if (rank == RANK_MD5)
        return policy->allow_md5;
    return rank == RANK_MD5_NO_QOP && policy->allow_md5 &&
        policy->legacy_no_qop;
}

static void
survey_digest(struct survey *survey, const csn_client_policy *policy,
    const csn_digest_challenge *challenge)
{
    unsigned rank = challenge_rank(policy, challenge);

    if (rank > survey->best_offered)
        survey->best_offered = rank;
    if (rank > survey->rank && is_allowed(policy, rank)) {
        survey->rank = rank;
        survey->choice.challenge = *challenge;
    }
}

/*
 * Read one challenge whose scheme was just read. Digest in a form that
 * cannot be read is dropped alone, and counts as Digest seen: it must not
 * lead to a weaker scheme (A-40, A-42, F-41).
 */
static csn_status
survey_challenge(struct survey *survey, const csn_client_policy *policy,
    csn_field_cursor *cursor, csn_span scheme)
{
    csn_digest_challenge challenge;
    csn_status status;

    if (!csn_name_equal(scheme, CSN_SPAN("Digest"))) {
        if (csn_name_equal(scheme, CSN_SPAN("Basic")))
            survey->basic = true;
        status = csn_field_skip(cursor);
        survey->choice.offered += status == CSN_OK;
        return status;
    }

    survey->choice.seen |= CSN_SEEN_DIGEST;
    if (csn_digest_challenge_read(cursor, &challenge) != CSN_OK) {
        survey->broken = true;
        return csn_field_skip(cursor);
    }
    survey->choice.offered++;
    survey_digest(survey, policy, &challenge);
    return CSN_OK;
}

static void
survey_field(struct survey *survey, const csn_client_policy *policy,
    const csn_span *lines, size_t count)
{
    csn_field_cursor cursor;
    csn_field_event event;
    csn_status status = csn_field_begin(&cursor, CSN_FIELD_CHALLENGES, lines,
        count);

    while (status == CSN_OK) {
        if (csn_field_next(&cursor, &event) != CSN_OK) {
            survey->broken = true;
            status = csn_field_skip(&cursor);
            continue;
        }
        if (event.kind == CSN_EVENT_END)
            return;
        status = survey_challenge(survey, policy, &cursor, event.name);
    }
    survey->broken = true;
}

/* Whether an offer is weaker than what this peer offered before. */
static bool
is_downgrade(const csn_client_policy *policy, unsigned seen,
    const struct survey *survey)
{
    if ((survey->choice.seen & CSN_SEEN_DIGEST) == 0)
        return survey->basic && (seen & CSN_SEEN_DIGEST) != 0; /* F-41 */
    return survey->best_offered != RANK_NONE &&
        survey->best_offered < RANK_SHA2 && (seen & CSN_SEEN_SHA2) != 0 &&
        !policy->allow_step_down; /* F-42 */
}

csn_status
csn_client_choose(const csn_client_policy *policy, unsigned seen,
    const csn_span *lines, size_t count, csn_client_choice *choice,
    csn_reason *why)
{
    struct survey survey = { .rank = RANK_NONE };

    survey_field(&survey, policy, lines, count);
    if (is_downgrade(policy, seen, &survey)) {
        *why = CSN_R_DOWNGRADE;
        return CSN_E_REFUSED;
    }
    if (survey.rank == RANK_NONE) {
        bool nothing = survey.choice.offered == 0 && !survey.broken;

        *why = nothing ? CSN_R_NO_CHALLENGE : CSN_R_NO_ACCEPTABLE;
        return CSN_E_REFUSED;
    }
    if (survey.rank == RANK_SHA2)
        survey.choice.seen |= CSN_SEEN_SHA2;
    *choice = survey.choice;
    return CSN_OK;
}

/* Whether a challenge is for the realm the credentials were for. */
static bool
is_same_realm(const struct client_attempt *sent, const csn_value *realm)
{
    uint8_t buf[CSN_MAX_REALM];
    csn_writer out = csn_writer_init(buf, sizeof(buf));

    csn_value_unescape(realm, &out);
    return !out.overflow &&
        csn_span_equal(csn_writer_span(&out),
            (csn_span){ sent->realm, sent->realm_len });
}

csn_status
csn_client_decide(const csn_client_policy *policy,
    const csn_client_attempt *sent, unsigned retries,
    const csn_client_choice *choice, csn_reason *why)
{
    unsigned retry_max = policy->retry_max != 0 ? policy->retry_max
                                                : CSN_RETRY_MAX;
    const csn_digest_challenge *challenge = &choice->challenge;

    /*
     * Another realm asks for the first time, stale or not (F-35). In the
     * realm that was answered only the nonce may have been wrong, and only
     * for the same algorithm: else the credentials were (F-34).
     */
    if (sent != NULL) {
        const struct client_attempt *it = client_attempt_at(sent);
        bool retry = challenge->stale && challenge->algorithm == it->algorithm;

        if (is_same_realm(it, &challenge->realm) && !retry) {
            *why = CSN_R_CREDENTIALS_REFUSED;
            return CSN_E_REFUSED;
        }
    }
    if (retries >= retry_max) {
        *why = CSN_R_RETRIES_USED;
        return CSN_E_REFUSED;
    }
    return CSN_OK;
}
