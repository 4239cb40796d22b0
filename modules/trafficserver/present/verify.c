// SPDX-License-Identifier: MIT
#include "present/present.h"

#include <stdlib.h>
#include <string.h>

/* What a hop's answer proves. */

static csn_span
span_of(const char *text)
{
    return (
        csn_span){ (const uint8_t *)text, text != NULL ? strlen(text) : 0 };
}

static void
verify(csn_gw_leg *leg, csn_client_response *response,
    csn_client_result *result)
{
    csn_gw_hop *hop = leg->hop;

    pthread_mutex_lock(&hop->lock);
    csn_client_verify(&hop->policy, csn_gw_leg_space(leg),
        leg->sent ? &leg->attempt : NULL, response, result);
    if (leg->sent && result->deliver) {
        hop->served = true;
        hop->known_ms = csn_gw_wall_ms();
    }
    if (result->nextnonce && leg->own == NULL)
        csn_gw_hop_begins(hop);
    if (result->proof == CSN_PROOF_PROVED)
        csn_client_space_remember(&hop->space, CSN_SEEN_PROOF);
    pthread_mutex_unlock(&hop->lock);
}

void
csn_gw_leg_verify(csn_gw_leg *leg, unsigned status, const csn_span *infos,
    size_t count, csn_client_result *result)
{
    const csn_span nothing = { NULL, 0 };
    uint8_t digest[CSN_MAX_DIGEST];
    csn_client_response response = { .status = status,
        .header = infos,
        .header_count = count,
        .uri = span_of(leg->uri) };

    if (csn_gw_leg_covers_content(leg) &&
        csn_gateway.crypto->digest(
            csn_algorithm_hash(csn_client_attempt_algorithm(&leg->attempt)),
            &nothing, 1, digest) == CSN_OK)
        response.content_digest = digest;
    verify(leg, &response, result);
}

bool
csn_gw_leg_covers_content(const csn_gw_leg *leg)
{
    return leg->sent &&
        csn_client_attempt_qop(&leg->attempt) == CSN_QOP_AUTH_INT;
}

/* Lines of one field are one list (RFC 9110, 5.3). */
bool
csn_gw_leg_suspend(csn_gw_leg *leg, unsigned status, const csn_span *infos,
    size_t count)
{
    size_t size = 1;
    size_t len = 0;

    for (size_t i = 0; i < count; i++)
        size += infos[i].len + 2;
    free(leg->info);
    leg->info = malloc(size);
    if (leg->info == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (i > 0) {
            memcpy(leg->info + len, ", ", 2);
            len += 2;
        }
        memcpy(leg->info + len, infos[i].ptr, infos[i].len);
        len += infos[i].len;
    }
    leg->info[len] = '\0';
    leg->status = status;
    leg->pending = true;
    return true;
}

bool
csn_gw_leg_is_proved(csn_gw_leg *leg, const uint8_t *digest, csn_reason *why)
{
    csn_span info = span_of(leg->info);
    csn_client_response response = { .status = leg->status,
        .header = &info,
        .header_count = info.len > 0 ? 1 : 0,
        .uri = span_of(leg->uri),
        .content_digest = digest };
    csn_client_result result;

    verify(leg, &response, &result);
    if (result.proof == CSN_PROOF_PROVED)
        csn_gw_count(&csn_gw_thread_self()->hop_proofs[leg->hop->layer]);
    *why = result.reason;
    return result.deliver;
}
