// SPDX-License-Identifier: MIT
#include "present/present.h"

#include <string.h>
#include <strings.h>
#include <sys/mman.h>

/* Who is asked: the next proxy, if there is one, then the origins. */

static csn_gw_hop *hops; /* all, in one piece: they hold secrets */
static size_t hop_count;

/* Whether the gateway itself logs in at the next proxy. */
static bool
has_login(const csn_gw_settings *settings)
{
    return settings->via.present && !settings->via_relay;
}

bool
csn_gw_hops_present(void)
{
    return has_login(&csn_gateway.settings) ||
        csn_gateway.settings.presented_count > 0;
}

static csn_gw_hop *
first_origin(void)
{
    return hops + (has_login(&csn_gateway.settings) ? 1 : 0);
}

static csn_gw_hop *
find_origin(const csn_gw_origin *where)
{
    for (csn_gw_hop *hop = first_origin(); hop < hops + hop_count; hop++) {
        if (csn_gw_origin_equal(&hop->where, where))
            return hop;
    }
    return NULL;
}

/* The host of a URL as settings write it: an IPv6 address in brackets. */
static bool
copy_host(char *to, size_t size, const char *host, int len)
{
    bool bare = len > 0 && host[0] != '[' && memchr(host, ':', (size_t)len);
    int made = snprintf(to, size, bare ? "[%.*s]" : "%.*s", len, host);

    return len > 0 && made > 0 && (size_t)made < size;
}

/* Where a request of the forward proxy is to go. */
static bool
find_where(const csn_gw_request *req, csn_gw_origin *where)
{
    int scheme_len;
    int host_len;
    const char *scheme = TSUrlSchemeGet(req->header.buffer, req->url,
        &scheme_len);
    const char *host = TSUrlHostGet(req->header.buffer, req->url, &host_len);

    where->tls = scheme_len == 5 && strncasecmp(scheme, "https", 5) == 0;
    where->port = (uint16_t)TSUrlPortGet(req->header.buffer, req->url);
    return copy_host(where->host, sizeof(where->host), host, host_len);
}

static csn_gw_hop *
find_origin_of(const csn_gw_request *req)
{
    csn_gw_origin where;

    if (csn_gateway.settings.presented_count == 0)
        return NULL;
    if (req->listen->layer == CSN_LAYER_ORIGIN)
        return find_origin(&csn_gateway.settings.origin);
    if (csn_gw_is_connect(req) || !find_where(req, &where))
        return NULL;
    return find_origin(&where);
}

bool
csn_gw_hops_are_origin(const csn_gw_request *req)
{
    return req->hop_count > 0 && req->hops[0]->layer == CSN_LAYER_ORIGIN;
}

/* All do but those that --via-bypass names. */
static bool
goes_to_proxy(const csn_gw_request *req)
{
    const csn_gw_settings *settings = &csn_gateway.settings;
    int len;
    const char *host = TSUrlHostGet(req->header.buffer, req->url, &len);
    csn_span name = { (const uint8_t *)host, len > 0 ? (size_t)len : 0 };

    return req->listen->layer == CSN_LAYER_PROXY && settings->via.present &&
        !csn_gw_bypass_holds(settings, name,
            (uint16_t)TSUrlPortGet(req->header.buffer, req->url));
}

void
csn_gw_hops_find(csn_gw_request *req)
{
    csn_gw_hop *origin = find_origin_of(req);

    req->hop_count = 0;
    req->via = goes_to_proxy(req);
    if (req->via && has_login(&csn_gateway.settings))
        req->hops[req->hop_count++] = &hops[0];
    if (origin != NULL)
        req->hops[req->hop_count++] = origin;
}

static csn_gw_hop *
add_hop(csn_layer layer, const csn_gw_origin *where, csn_proof_policy proof)
{
    csn_gw_hop *hop = &hops[hop_count++];

    hop->layer = layer;
    hop->where = *where;
    hop->policy.version = CSN_CLIENT_POLICY_VERSION;
    hop->policy.proof = proof;
    (void)pthread_mutex_init(&hop->lock, NULL);
    (void)pthread_mutex_init(&hop->line_lock, NULL);
    return hop;
}

static void
add_hops(const csn_gw_settings *settings)
{
    if (has_login(settings))
        add_hop(CSN_LAYER_PROXY, &settings->via, settings->via_proof)
            ->policy.allow_md5 = settings->via_allow_md5;
    for (size_t i = 0; i < settings->presented_count; i++) {
        const csn_gw_presented *one = &settings->presented[i];
        csn_client_policy *policy =
            &add_hop(CSN_LAYER_ORIGIN, &one->where, one->proof)->policy;

        policy->allow_md5 = one->allow_md5;
        policy->legacy_no_qop = one->allow_no_qop;
    }
}

/* Passwords and keys stay out of what a crash leaves behind. */
static bool
make_hops(csn_gw_error *error)
{
    size_t size = (1 + csn_gateway.settings.presented_count) * sizeof(*hops);
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (memory == MAP_FAILED)
        return csn_gw_fail(error, "no memory for logins");
    (void)madvise(memory, size, MADV_DONTDUMP);
    hops = memory;
    add_hops(&csn_gateway.settings);
    return true;
}

static bool
load(csn_gw_hop *hop, csn_gw_error *error)
{
    const csn_gw_settings *settings = &csn_gateway.settings;
    csn_gw_login login;
    bool good;

    if (hop->loaded && csn_gw_login_is_environment(settings, hop->layer))
        return true;
    if (hop->layer == CSN_LAYER_PROXY)
        good = csn_gw_login_read_via(settings, &login, error);
    else
        good = csn_gw_login_read_present(settings,
            &settings->presented[hop - first_origin()], &login, error);
    good = good && csn_gw_hop_log_in(hop, &login, error);
    hop->loaded = hop->loaded || good;
    csn_gw_login_wipe(&login);
    return good;
}

bool
csn_gw_hops_load(csn_gw_error *error)
{
    if (!csn_gw_hops_present())
        return true;
    if (hops == NULL && !make_hops(error))
        return false;
    for (csn_gw_hop *hop = hops; hop < hops + hop_count; hop++) {
        if (!load(hop, error))
            return false;
    }
    csn_gw_login_clear_environment();
    return true;
}
