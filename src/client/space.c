// SPDX-License-Identifier: MIT
#include "client/client.h"

#include <string.h>

#include "core/ascii.h"
#include "core/ct.h"
#include "core/siphash.h"
#include "core/span.h"

/* No control octet, and no `extra` either. */
static bool
is_clean(csn_span text, uint8_t extra)
{
    for (size_t i = 0; i < text.len; i++)
        if (csn_ascii_is(text.ptr[i], CSN_CLASS_CONTROL) ||
            text.ptr[i] == extra)
            return false;
    return true;
}

/* An IPv6 address is the same host with its brackets and without. */
static csn_span
bare_host(csn_span host)
{
    if (host.len > 2 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']')
        return csn_span_slice(host, 1, host.len - 2);
    return host;
}

static csn_status
identity_check(const csn_client_key *key)
{
    csn_span host = bare_host(key->host);

    if (host.len > CSN_MAX_HOST || key->user.len > CSN_MAX_USER)
        return CSN_E_LIMIT;
    if (host.len == 0 || !is_clean(host, ' '))
        return CSN_E_SYNTAX;
    if (!csn_span_equal_nocase(key->scheme, CSN_SPAN("http")) &&
        !csn_span_equal_nocase(key->scheme, CSN_SPAN("https")))
        return CSN_E_SYNTAX;
    /* With a colon two identities would hash alike: RFC 7616, 4 (C-38). */
    if (key->user.len == 0 || !is_clean(key->user, ':'))
        return CSN_E_SYNTAX;
    return CSN_OK;
}

csn_status
csn_client_space_init(csn_client_space *space, const csn_client_key *key)
{
    static const uint8_t no_key[CSN_SIPHASH_KEY] = { 0 };
    struct client_space *it = client_space_of(space);
    csn_span host = bare_host(key->host);
    csn_status status = identity_check(key);

    if (status != CSN_OK)
        return status;

    memset(it, 0, sizeof(*it));
    atomic_init(&it->count, 0);
    for (size_t i = 0; i < host.len; i++)
        it->identity.host[i] = csn_ascii_lower(host.ptr[i]);
    memcpy(it->identity.user, key->user.ptr, key->user.len);
    it->identity.host_len = (uint16_t)host.len;
    it->identity.user_len = (uint16_t)key->user.len;
    it->identity.port = key->port;
    it->identity.layer = (uint8_t)key->layer;
    it->identity.https = key->scheme.len == sizeof("https") - 1;
    it->generation = csn_siphash(no_key, &it->identity, sizeof(it->identity));
    return CSN_OK;
}

bool
csn_client_space_matches(const csn_client_space *space,
    const csn_client_key *key, const csn_span *realm)
{
    const struct client_space *it = client_space_at(space);
    const struct client_identity *id = &it->identity;
    csn_span own_realm = { it->realm, it->realm_len };

    if (identity_check(key) != CSN_OK || id->layer != (uint8_t)key->layer ||
        id->port != key->port ||
        (id->https != 0) != (key->scheme.len == sizeof("https") - 1))
        return false;
    if (!csn_span_equal_nocase((csn_span){ id->host, id->host_len },
            bare_host(key->host)) ||
        !csn_span_equal((csn_span){ id->user, id->user_len }, key->user))
        return false;
    /* Octets, case and all: RFC 7616, 3.3. */
    return realm == NULL ||
        (it->has_realm && csn_span_equal(own_realm, *realm));
}

bool
csn_client_space_is_ready(const csn_client_space *space)
{
    return client_space_at(space)->session.ready;
}

bool
csn_client_space_offers_int(const csn_client_space *space, csn_hash *hash)
{
    const struct client_session *session = &client_space_at(space)->session;

    if ((session->qops & CSN_QOP_AUTH_INT) == 0)
        return false;
    *hash = csn_algorithm_hash(session->algorithm);
    return true;
}

csn_span
csn_client_space_realm(const csn_client_space *space)
{
    const struct client_space *it = client_space_at(space);

    if (!it->session.ready)
        return (csn_span){ NULL, 0 };
    return (csn_span){ it->realm, it->realm_len };
}

unsigned
csn_client_space_seen(const csn_client_space *space)
{
    return client_space_at(space)->seen;
}

void
csn_client_space_remember(csn_client_space *space, unsigned seen)
{
    client_space_of(space)->seen |= seen &
        (CSN_SEEN_DIGEST | CSN_SEEN_SHA2 | CSN_SEEN_PROOF);
}

void
csn_client_forget(csn_client_space *space)
{
    csn_client_session_end(client_space_of(space));
}

void
csn_client_attempt_wipe(csn_client_attempt *attempt)
{
    csn_wipe(attempt, sizeof(*attempt));
}
