// SPDX-License-Identifier: MIT
#include "via.h"
#include "via_login.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* The session at the next proxy. */

enum { FRESH_MS = 10000 };

static struct {
    pthread_mutex_t lock;
    csn_gw_via_login login;
    csn_client_policy policy;
    csn_client_space space;
    uint64_t number; /* rises with every session */
    uint64_t known_ms;
} via_session = { .lock = PTHREAD_MUTEX_INITIALIZER };

static csn_span
user_span(const csn_gw_via_login *login)
{
    return (csn_span){ login->user, login->user_len };
}

static csn_span
password_span(const csn_gw_via_login *login)
{
    return (csn_span){ login->password, login->password_len };
}

static bool
is_same(csn_span a, csn_span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* A space of this login, with what this proxy was seen to do (F-22). */
static csn_status
make_space(csn_client_space *space, const csn_gw_via_login *login,
    unsigned seen)
{
    const csn_gw_origin *proxy = &csn_gateway.settings.via;
    csn_client_key key = { .layer = CSN_LAYER_PROXY,
        .scheme = CSN_LIT("http"),
        .host = { (const uint8_t *)proxy->host, strlen(proxy->host) },
        .port = proxy->port,
        .user = user_span(login) };
    csn_status status = csn_client_space_init(space, &key);

    if (status == CSN_OK)
        csn_client_space_remember(space, seen);
    return status;
}

/* Under the lock. */
static bool
replace_login(const csn_gw_via_login *login, csn_gw_error *error)
{
    bool first = via_session.number == 0;
    unsigned seen = first ? 0 : csn_client_space_seen(&via_session.space);
    csn_status status;

    if (!first)
        csn_client_forget(&via_session.space);
    status = make_space(&via_session.space, login, seen);
    if (status != CSN_OK)
        return csn_gw_fail(error, "the login at the next proxy: %s",
            csn_status_text(status));
    csn_gw_via_login_wipe(&via_session.login);
    via_session.login = *login;
    via_session.number++;
    return true;
}

bool
csn_gw_via_load(csn_gw_error *error)
{
    csn_gw_via_login login;
    bool good;

    if (!csn_gateway.settings.via.present)
        return true;
    if (!csn_gw_via_login_read(&csn_gateway.settings, &login, error))
        return false;
    pthread_mutex_lock(&via_session.lock);
    via_session.policy = (csn_client_policy){
        .version = CSN_CLIENT_POLICY_VERSION,
        .proof = csn_gateway.settings.via_proof,
    };
    good = (is_same(user_span(&login), user_span(&via_session.login)) &&
               is_same(password_span(&login),
                   password_span(&via_session.login))) ||
        replace_login(&login, error);
    pthread_mutex_unlock(&via_session.lock);
    csn_gw_via_login_wipe(&login);
    return good;
}

bool
csn_gw_via_is_ready(void)
{
    bool ready;

    pthread_mutex_lock(&via_session.lock);
    ready = csn_client_space_is_ready(&via_session.space);
    pthread_mutex_unlock(&via_session.lock);
    return ready;
}

bool
csn_gw_via_is_fresh(void)
{
    uint64_t now_ms = csn_gw_wall_ms();
    bool fresh;

    pthread_mutex_lock(&via_session.lock);
    fresh = csn_client_space_is_ready(&via_session.space) &&
        now_ms - via_session.known_ms < FRESH_MS;
    pthread_mutex_unlock(&via_session.lock);
    return fresh;
}

static csn_client_space *
space_of(csn_gw_via *via)
{
    return via->own != NULL ? via->own : &via_session.space;
}

bool
csn_gw_via_authorize(csn_gw_via *via, csn_span method, csn_span uri,
    csn_writer *out)
{
    csn_status status;

    pthread_mutex_lock(&via_session.lock);
    status = csn_client_authorize(space_of(via), csn_gateway.crypto, method,
        uri, NULL, out, &via->attempt);
    if (status == CSN_E_EXHAUSTED)
        csn_client_forget(space_of(via));
    via->session = via_session.number;
    pthread_mutex_unlock(&via_session.lock);
    return status == CSN_OK;
}

/* Under the lock: whether a session began since the request was sent, so that
 * the challenge it got is of no use. */
static bool
is_overtaken(const csn_gw_via *via, const csn_client_choice *choice)
{
    csn_span realm = csn_client_space_realm(&via_session.space);

    return via->sent && via->session != via_session.number &&
        csn_client_space_is_ready(&via_session.space) &&
        is_same(realm, choice->challenge.realm.text);
}

void
csn_gw_via_forget_own(csn_gw_via *via)
{
    if (via->own != NULL)
        csn_client_forget(via->own);
    free(via->own);
    via->own = NULL;
}

static csn_status
adopt(csn_client_space *space, const csn_client_choice *choice)
{
    return csn_client_accept(space, csn_gateway.crypto, &via_session.policy,
        choice, password_span(&via_session.login));
}

/*
 * Under the lock. Where nonces serve one request, or few, others may use up
 * the one that all share before this request gets there. The second time it
 * has its nonce for itself.
 */
static csn_status
accept_alone(csn_gw_via *via, const csn_client_choice *choice)
{
    csn_gw_via_forget_own(via);
    via->own = calloc(1, sizeof(*via->own));
    if (via->own == NULL)
        return CSN_E_MEMORY;
    if (make_space(via->own, &via_session.login,
            csn_client_space_seen(&via_session.space)) != CSN_OK)
        return CSN_E_STATE;
    return adopt(via->own, choice);
}

/* Under the lock. */
static csn_status
accept_for_all(const csn_client_choice *choice)
{
    csn_status status = adopt(&via_session.space, choice);

    via_session.number++;
    via_session.known_ms = csn_gw_wall_ms();
    return status;
}

bool
csn_gw_via_challenged(csn_gw_via *via, const csn_span *lines, size_t count,
    csn_reason *why)
{
    csn_client_choice choice;
    csn_status status;

    pthread_mutex_lock(&via_session.lock);
    status = csn_client_choose(&via_session.policy,
        csn_client_space_seen(&via_session.space), lines, count, &choice, why);
    if (status == CSN_OK)
        status = csn_client_decide(&via_session.policy,
            via->sent ? &via->attempt : NULL, via->retries, &choice, why);
    if (status == CSN_OK) {
        *why = CSN_R_INTERNAL;
        if (via->retries > 0)
            status = accept_alone(via, &choice);
        else if (!is_overtaken(via, &choice))
            status = accept_for_all(&choice);
    } else if (*why == CSN_R_CREDENTIALS_REFUSED &&
        via->session == via_session.number) {
        csn_client_forget(&via_session.space);
    }
    pthread_mutex_unlock(&via_session.lock);
    return status == CSN_OK;
}

void
csn_gw_via_verify(csn_gw_via *via, unsigned status, const csn_span *infos,
    size_t count, csn_client_result *result)
{
    csn_client_response response = { .status = status,
        .header = infos,
        .header_count = count };

    pthread_mutex_lock(&via_session.lock);
    csn_client_verify(&via_session.policy, space_of(via),
        via->sent ? &via->attempt : NULL, &response, result);
    if (result->nextnonce && via->own == NULL)
        via_session.number++;
    if (result->proof == CSN_PROOF_PROVED) {
        csn_client_space_remember(&via_session.space, CSN_SEEN_PROOF);
        via_session.known_ms = csn_gw_wall_ms();
    }
    pthread_mutex_unlock(&via_session.lock);
}
