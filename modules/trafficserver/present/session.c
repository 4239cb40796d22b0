// SPDX-License-Identifier: MIT
#include "present/present.h"

#include <stdlib.h>
#include <string.h>

/* The session at a hop. */

enum { SHORTEST_MS = 3000 };

static csn_span
user_span(const csn_gw_login *login)
{
    return (csn_span){ login->user, login->user_len };
}

static csn_span
password_span(const csn_gw_login *login)
{
    return (csn_span){ login->password, login->password_len };
}

static bool
is_same(csn_span a, csn_span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* A space of this login, with what this hop was seen to do (F-22). */
static csn_status
make_space(const csn_gw_hop *hop, const csn_gw_login *login, unsigned seen,
    csn_client_space *space)
{
    const csn_gw_origin *where = &hop->where;
    csn_client_key key = { .layer = hop->layer,
        .scheme = where->tls ? CSN_SPAN("https") : CSN_SPAN("http"),
        .host = { (const uint8_t *)where->host, strlen(where->host) },
        .port = where->port,
        .user = user_span(login) };
    csn_status status = csn_client_space_init(space, &key);

    if (status == CSN_OK)
        csn_client_space_remember(space, seen);
    return status;
}

/* Under the lock. */
static bool
replace_login(csn_gw_hop *hop, const csn_gw_login *login, csn_gw_error *error)
{
    bool first = hop->number == 0;
    unsigned seen = first ? 0 : csn_client_space_seen(&hop->space);
    csn_status status;

    if (!first)
        csn_client_forget(&hop->space);
    status = make_space(hop, login, seen, &hop->space);
    if (status != CSN_OK)
        return csn_gw_fail(error, "the login at %.300s: %s", hop->where.host,
            csn_status_text(status));
    csn_gw_login_wipe(&hop->login);
    hop->login = *login;
    hop->served = false;
    hop->number++;
    return true;
}

bool
csn_gw_hop_log_in(csn_gw_hop *hop, const csn_gw_login *login,
    csn_gw_error *error)
{
    bool good;

    pthread_mutex_lock(&hop->lock);
    good = (is_same(user_span(login), user_span(&hop->login)) &&
               is_same(password_span(login), password_span(&hop->login))) ||
        replace_login(hop, login, error);
    pthread_mutex_unlock(&hop->lock);
    return good;
}

bool
csn_gw_hop_is_ready(csn_gw_hop *hop)
{
    bool ready;

    pthread_mutex_lock(&hop->lock);
    ready = csn_client_space_is_ready(&hop->space);
    pthread_mutex_unlock(&hop->lock);
    return ready;
}

bool
csn_gw_hop_is_fresh(csn_gw_hop *hop, uint32_t within_ms)
{
    uint64_t now_ms = csn_gw_wall_ms();
    bool fresh;

    pthread_mutex_lock(&hop->lock);
    fresh = csn_client_space_is_ready(&hop->space) &&
        now_ms - hop->known_ms < within_ms &&
        (hop->life_ms == 0 || now_ms - hop->began_ms < hop->life_ms);
    pthread_mutex_unlock(&hop->lock);
    return fresh;
}

void
csn_gw_hop_doubt(csn_gw_hop *hop)
{
    pthread_mutex_lock(&hop->lock);
    hop->known_ms = 0;
    pthread_mutex_unlock(&hop->lock);
}

csn_client_space *
csn_gw_leg_space(csn_gw_leg *leg)
{
    return leg->own != NULL ? leg->own : &leg->hop->space;
}

/* With `digest` of the content, where it is to be covered by `hash`. */
static csn_status
authorize(csn_gw_leg *leg, csn_span method, csn_span uri, csn_hash hash,
    const uint8_t *digest, csn_writer *out)
{
    csn_gw_hop *hop = leg->hop;
    csn_client_space *space = csn_gw_leg_space(leg);
    csn_status status = CSN_E_MISSING;
    csn_hash wanted;

    pthread_mutex_lock(&hop->lock);
    if (digest == NULL ||
        (csn_client_space_offers_int(space, &wanted) && wanted == hash))
        status = csn_client_authorize(space, csn_gateway.crypto, method, uri,
            digest, out, &leg->attempt);
    if (status == CSN_E_EXHAUSTED)
        csn_client_forget(space);
    leg->session = hop->number;
    pthread_mutex_unlock(&hop->lock);
    return status;
}

/* How the content is hashed, if it is. */
static bool
offers_int(csn_gw_leg *leg, csn_hash *hash)
{
    bool offers;

    pthread_mutex_lock(&leg->hop->lock);
    offers = csn_client_space_offers_int(csn_gw_leg_space(leg), hash);
    pthread_mutex_unlock(&leg->hop->lock);
    return offers;
}

/* Where a hop takes less the content is not covered. It may be long, so it is
 * hashed while others go on. */
bool
csn_gw_leg_authorize(csn_gw_leg *leg, csn_span method, csn_span uri,
    const csn_span *content, csn_writer *out)
{
    uint8_t digest[CSN_MAX_DIGEST];
    csn_hash hash = CSN_HASH_SHA_256;
    csn_status status = authorize(leg, method, uri, hash, NULL, out);

    if (status == CSN_E_MISSING && content != NULL && offers_int(leg, &hash) &&
        csn_gateway.crypto->digest(hash, content, 1, digest) == CSN_OK)
        status = authorize(leg, method, uri, hash, digest, out);
    return status == CSN_OK;
}

/* Under the lock: whether a session began since the request was sent, so that
 * the challenge it got is of no use. */
static bool
is_overtaken(const csn_gw_leg *leg, const csn_client_choice *choice)
{
    const csn_gw_hop *hop = leg->hop;

    return leg->sent && leg->session != hop->number &&
        csn_client_space_is_ready(&hop->space) &&
        is_same(csn_client_space_realm(&hop->space),
            choice->challenge.realm.text);
}

void
csn_gw_leg_forget_own(csn_gw_leg *leg)
{
    if (leg->own != NULL)
        csn_client_forget(leg->own);
    free(leg->own);
    leg->own = NULL;
}

static csn_status
adopt(const csn_gw_hop *hop, csn_client_space *space,
    const csn_client_choice *choice)
{
    return csn_client_accept(space, csn_gateway.crypto, &hop->policy, choice,
        password_span(&hop->login));
}

/*
 * Under the lock. Where nonces serve one request, or few, others may use up
 * the one that all share before this request gets there. The second time it
 * has its nonce for itself.
 */
static csn_status
accept_alone(csn_gw_leg *leg, const csn_client_choice *choice)
{
    const csn_gw_hop *hop = leg->hop;

    csn_gw_leg_forget_own(leg);
    leg->own = calloc(1, sizeof(*leg->own));
    if (leg->own == NULL)
        return CSN_E_MEMORY;
    if (make_space(hop, &hop->login, csn_client_space_seen(&hop->space),
            leg->own) != CSN_OK)
        return CSN_E_STATE;
    return adopt(hop, leg->own, choice);
}

void
csn_gw_hop_begins(csn_gw_hop *hop)
{
    hop->number++;
    hop->began_ms = csn_gw_wall_ms();
}

/* Under the lock. */
static csn_status
accept_for_all(csn_gw_hop *hop, const csn_client_choice *choice)
{
    csn_status status = adopt(hop, &hop->space, choice);

    csn_gw_hop_begins(hop);
    hop->known_ms = hop->began_ms;
    return status;
}

/*
 * Under the lock. A hop without nextnonce does not say how long its nonces are
 * good; when two in a row were found stale at about one age, the next ones
 * are replaced before they get there.
 */
static void
learn_life(csn_gw_hop *hop)
{
    uint64_t age = csn_gw_wall_ms() - hop->began_ms;
    uint64_t before = hop->aged_ms;

    hop->aged_ms = age;
    hop->life_ms = age >= SHORTEST_MS && age <= before + before / 8 &&
            before <= age + age / 8
        ? (age < before ? age : before)
        : 0;
}

/* The last eighth of its life is for fetching another. */
bool
csn_gw_hop_renews(csn_gw_hop *hop)
{
    uint64_t now_ms = csn_gw_wall_ms();
    bool renews;

    pthread_mutex_lock(&hop->lock);
    renews = hop->renewed != hop->number && hop->life_ms > 0 &&
        csn_client_space_is_ready(&hop->space) &&
        now_ms - hop->began_ms >= hop->life_ms - hop->life_ms / 8;
    if (renews)
        hop->renewed = hop->number;
    pthread_mutex_unlock(&hop->lock);
    return renews;
}

/*
 * Under the lock. A hop that came back without its nonces, or with other keys,
 * cannot call a nonce stale. Credentials that were made before it was asked, in
 * a session that it took, are made anew then, once, from its new challenge
 * (RFC 9110, 15.5.2); F-34 is about the challenge that they answered.
 */
static bool
may_have_forgotten(const csn_gw_leg *leg, const csn_client_choice *choice)
{
    return leg->hop->served && leg->sent && leg->retries == 0 &&
        !choice->challenge.stale;
}

/* Under the lock. */
static csn_status
decide(const csn_gw_leg *leg, const csn_client_choice *choice, csn_reason *why)
{
    bool asked_anew = !leg->sent || may_have_forgotten(leg, choice);

    return csn_client_decide(&leg->hop->policy,
        asked_anew ? NULL : &leg->attempt, leg->retries, choice, why);
}

bool
csn_gw_leg_challenged(csn_gw_leg *leg, const csn_span *lines, size_t count,
    csn_reason *why)
{
    csn_gw_hop *hop = leg->hop;
    csn_client_choice choice;
    csn_status status;

    pthread_mutex_lock(&hop->lock);
    status = csn_client_choose(&hop->policy,
        csn_client_space_seen(&hop->space), lines, count, &choice, why);
    if (status == CSN_OK)
        status = decide(leg, &choice, why);
    if (status == CSN_OK) {
        *why = CSN_R_INTERNAL;
        if (leg->retries > 0)
            status = accept_alone(leg, &choice);
        else if (!is_overtaken(leg, &choice)) {
            if (leg->sent && choice.challenge.stale)
                learn_life(hop);
            status = accept_for_all(hop, &choice);
        }
    } else if (*why == CSN_R_CREDENTIALS_REFUSED) {
        hop->served = false;
        if (leg->session == hop->number)
            csn_client_forget(&hop->space);
    }
    pthread_mutex_unlock(&hop->lock);
    return status == CSN_OK;
}
