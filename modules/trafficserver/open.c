// SPDX-License-Identifier: MIT
#include "owner.h"
#include "request.h"

#include "present/present.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

/*
 * A proxy that asks nobody for a login (--open): some users of this machine are
 * let in, as the kernel knows connections, and told in plain words when
 * something is refused. No web page learns anything of it: a browser sends
 * this listener none but requests for a path, unless its user made it his
 * proxy.
 */

static int owner_index;  /* of sessions: a word below, */
static int reason_index; /* of transactions: why it is refused, plus one */

static char admitted[] = "admitted";
static char refused[] = "refused";

bool
csn_gw_open_start(csn_gw_error *error)
{
    if (csn_gateway.settings.open_count == 0)
        return true;
    if (TSUserArgIndexReserve(TS_USER_ARGS_SSN, "countersign-owner",
            "whose connection it is", &owner_index) != TS_SUCCESS ||
        TSUserArgIndexReserve(TS_USER_ARGS_TXN, "countersign-reason",
            "why it is refused", &reason_index) != TS_SUCCESS)
        return csn_gw_fail(error, "the engine has no room for a transaction");
    return true;
}

/* Whether the connection still stands: once it is broken off its port may be
 * somebody else's, whom the kernel would name then. */
static bool
is_connected(TSHttpTxn txn)
{
    struct tcp_info info;
    socklen_t len = sizeof(info);
    int fd;

    return TSHttpTxnClientFdGet(txn, &fd) == TS_SUCCESS &&
        getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) == 0 &&
        (info.tcpi_state == TCP_ESTABLISHED ||
            info.tcpi_state == TCP_CLOSE_WAIT);
}

static bool
ask_kernel(TSHttpTxn txn)
{
    const struct sockaddr *peer = TSHttpTxnClientAddrGet(txn);
    const struct sockaddr *local = TSHttpTxnIncomingAddrGet(txn);
    const csn_gw_settings *settings = &csn_gateway.settings;
    csn_gw_owner owner;

    if (peer == NULL || local == NULL ||
        !csn_gw_owner_ask(peer, local, &owner) || !is_connected(txn))
        return false;
    for (size_t i = 0; i < settings->open_count; i++) {
        if (csn_gw_owner_admits(&owner, settings->open[i]))
            return true;
    }
    return false;
}

bool
csn_gw_open_admits(TSHttpTxn txn)
{
    TSHttpSsn session = TSHttpTxnSsnGet(txn);
    const char *known = TSUserArgGet(session, owner_index);

    if (known == NULL) {
        known = ask_kernel(txn) ? admitted : refused;
        TSUserArgSet(session, owner_index,
            known == admitted ? admitted : refused);
    }
    return known == admitted;
}

void
csn_gw_open_note(TSHttpTxn txn, unsigned reason)
{
    if (csn_gateway.settings.open_count > 0)
        TSUserArgSet(txn, reason_index, (void *)(uintptr_t)(reason + 1));
}

/* For a person who has not read docs/reasons.md: what the next proxy did, */
static const struct {
    unsigned reason;
    const char *words;
} its_faults[] = {
    { CSN_R_CREDENTIALS_REFUSED,
        "does not take the login: name or password are wrong" },
    { CSN_R_NO_INFO, "sends no proof that it knows the password" },
    { CSN_R_NO_RSPAUTH, "sends no proof that it knows the password" },
    { CSN_R_RSPAUTH_WRONG,
        "does not know the password, so it is another than it should be" },
    { CSN_R_NOT_CHALLENGED, "asks for no login, so it cannot prove itself" },
    { CSN_R_PROOF_MISSED,
        "proved itself before and does not now: it may be another" },
    { CSN_R_NO_CHALLENGE, "asks for a login and does not say which" },
    { CSN_R_NO_ACCEPTABLE,
        "offers no Digest login with SHA-256 or SHA-512-256" },
    { CSN_R_CONTENT_TOO_LARGE,
        "asked for a login behind content that was too long to be kept" },
};

/* and what this one does not do. */
static const struct {
    unsigned reason;
    const char *words;
} our_limits[] = {
    { CSN_GW_R_NOT_A_PROXY_REQUEST,
        "this is a proxy: ask it for http://HOST/PATH" },
    { CSN_GW_R_SCHEME,
        "this proxy fetches http alone; https goes by CONNECT" },
    { CSN_GW_R_DESTINATION,
        "127.0.0.1 is this machine: ask it directly (no_proxy)" },
    { CSN_GW_R_LOOP,
        "the request came back: two proxies point at each other" },
    { CSN_GW_R_CONTENT_MEMORY, "too much content is held at this moment" },
    { CSN_GW_R_ANSWER_LOST,
        "the connection broke before an answer came; the request may have "
        "taken effect, so it is not sent again" },
    { CSN_GW_R_FOREIGN_USER, "this proxy is another user's" },
    { CSN_GW_R_ENGINE, "this proxy does not understand the request" },
};

/* "proxy" or "server" and its place. */
static void
print_hop(TSHttpTxn txn, char text[320])
{
    const csn_gw_hop *hop = csn_gw_present_blamed(txn);
    const csn_gw_origin *where = hop != NULL ? &hop->where
                                             : &csn_gateway.settings.via;

    snprintf(text, 320, "%s %s:%u",
        hop != NULL && hop->layer == CSN_LAYER_ORIGIN ? "server" : "proxy",
        where->host, (unsigned)where->port);
}

static void
write_fault(char *page, size_t size, const char *hop, unsigned reason)
{
    const char *name = csn_gw_reason_name(reason);

    for (size_t i = 0; i < sizeof(its_faults) / sizeof(its_faults[0]); i++) {
        if (its_faults[i].reason != reason)
            continue;
        snprintf(page, size, "502: the %s %s (%s)\n", hop, its_faults[i].words,
            name);
        return;
    }
    snprintf(page, size, "502: the %s is not believed: %s (%s)\n", hop,
        csn_reason_text((csn_reason)reason), name);
}

static void
write_limit(char *page, size_t size, unsigned status, unsigned reason)
{
    const char *name = csn_gw_reason_name(reason);
    const char *words = "it cannot be done";

    for (size_t i = 0; i < sizeof(our_limits) / sizeof(our_limits[0]); i++) {
        if (our_limits[i].reason == reason)
            words = our_limits[i].words;
    }
    snprintf(page, size, "%u: %s (%s)\n", status, words, name);
}

/* RFC 9209, 2.3: what went wrong, in the words of its registry. */
static const char *
error_type(unsigned status)
{
    switch (status) {
    case 502:
        return "http_protocol_error";
    case 508:
        return "proxy_loop_detected";
    default:
        return status < 500 ? "http_request_denied" : "proxy_internal_error";
    }
}

static void
tell(TSHttpTxn txn, const csn_gw_header *header, const char *field,
    const char *page)
{
    csn_gw_field_append(header, CSN_SPAN("Proxy-Status"),
        (csn_span){ (const uint8_t *)field, strlen(field) });
    TSHttpTxnErrorBodySet(txn, TSstrdup(page), strlen(page),
        TSstrdup("text/plain; charset=utf-8"));
}

void
csn_gw_open_tell(TSHttpTxn txn, const csn_gw_header *header, unsigned status)
{
    uintptr_t noted = (uintptr_t)TSUserArgGet(txn, reason_index);
    char field[128];
    char hop[320];
    char page[512];

    print_hop(txn, hop);
    if (noted != 0 && noted - 1 != CSN_GW_R_HOP_AWAY) {
        unsigned reason = (unsigned)noted - 1;

        snprintf(field, sizeof(field), "countersign; error=%s; details=\"%s\"",
            error_type(status), csn_gw_reason_name(reason));
        if (status == 502 && reason < CSN_REASON_COUNT)
            write_fault(page, sizeof(page), hop, reason);
        else
            write_limit(page, sizeof(page), status, reason);
    } else if (csn_gw_present_is_unheard(txn)) {
        snprintf(field, sizeof(field),
            "countersign; error=destination_unavailable");
        snprintf(page, sizeof(page), "%u: the %s does not answer\n", status,
            hop);
    } else {
        return;
    }
    tell(txn, header, field, page);
}
