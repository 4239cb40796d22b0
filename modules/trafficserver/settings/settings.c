// SPDX-License-Identifier: MIT
#include "settings/settings.h"

#include "settings/setters.h"

#include <stdarg.h>
#include <string.h>

const csn_gw_setting csn_gw_settings_table[] = {
    { "origin", "URL",
        "Reverse proxy before http[s]://HOST[:PORT]: 401, "
        "Authentication-Info" },
    { "forward", NULL,
        "Forward proxy, plain requests and CONNECT: 407, "
        "Proxy-Authentication-Info" },
    { "listen", "[WAY=][http://|https://]HOST:PORT",
        "Where clients come in; WAY is origin or forward and needed when "
        "both are in use (repeatable)" },
    { "admin-listen", "HOST:PORT",
        "Metrics and health, on a loopback address of their own" },
    { "realm", "NAME", "Realm of the challenges" },
    { "users", "FILE", "User file, as countersign passwd makes it" },
    { "forward-realm", "NAME",
        "Realm of the forward proxy, when it stands "
        "beside --origin" },
    { "forward-users", "FILE",
        "User file of the forward proxy (default: "
        "that of --users)" },
    { "open", "UID",
        "Ask nobody for a login, and let this user of this machine in, by "
        "number: on loopback, before whom the gateway logs in to "
        "(repeatable)" },
    { "via-proxy", "URL",
        "Proxy that the forward proxy sends every request to, CONNECT too: "
        "http[s]://HOST[:PORT]" },
    { "via-user", "NAME",
        "User at the next proxy; the password stands in the environment, "
        "COUNTERSIGN_VIA_PASSWORD" },
    { "via-user-file", "FILE",
        "USER:PASSWORD at the next proxy, in a file that nobody else can "
        "read" },
    { "via-proof", "POLICY",
        "Whether the next proxy must prove itself: require, expect (where "
        "it did once) or off (default: require)" },
    { "via-allow-md5", NULL,
        "Log in to the next proxy with MD5 where it offers nothing else" },
    { "via-patience", "SECONDS",
        "How long a request waits while the next proxy, or an origin of "
        "--present, is away and it can be sent again; 0 to 20 (default: "
        "10)" },
    { "present", "ORIGIN=USER",
        "Origin that the gateway logs in to for its callers: "
        "http[s]://HOST[:PORT]=NAME; a single one's password may stand in "
        "the environment, COUNTERSIGN_PRESENT_PASSWORD (repeatable)" },
    { "present-user-file", "FILE",
        "ORIGIN=USER:PASSWORD lines, in a file that nobody else can read" },
    { "present-proof", "[ORIGIN=]POLICY",
        "Whether such origins, or this one, must prove themselves: require, "
        "expect or off (default: require; repeatable)" },
    { "present-allow", "ORIGIN=WHAT",
        "Log in there with less: md5, or no-qop, the oldest form, with MD5 "
        "(repeatable)" },
    { "via-relay", NULL,
        "Let clients log in at the next proxy: what they and it say of that "
        "goes through unchanged; for proxies of one administration" },
    { "via-address", NULL,
        "Tell the next proxy the address of each client that logs in there, "
        "in X-Forwarded-For" },
    { "via-bypass", "DEST",
        "Destination not to go through the next proxy: NAME, .DOMAIN or "
        "ADDRESS[/PREFIX], each with or without :PORT (repeatable)" },
    { "tls-cert", "FILE",
        "Certificate chain (PEM): HTTPS and HTTP/2 in "
        "front" },
    { "tls-key", "FILE", "Its private key (PEM)" },
    { "tls-ca", "FILE",
        "Certificates (PEM) that vouch for https origins and a next "
        "proxy behind TLS (default: the "
        "system's)" },
    { "connect-ports", "LIST",
        "Ports CONNECT may name, joined by commas "
        "(default: 443)" },
    { "nonce-life", "TIME",
        "How long a nonce is good: 90, 90s, 15m, 2h, "
        "1500ms (default: 300s; one-time 60s)" },
    { "one-time", NULL, "Every nonce good for one request" },
    { "strict-uri", NULL,
        "Refuse a uri in origin-form at the forward proxy: it names no host, "
        "and browsers send no other" },
    { "algorithm", "NAME",
        "SHA-256, SHA-512-256 or MD5, also with -sess behind it, strongest "
        "first (repeatable; default: SHA-256)" },
    { "qop", "LIST",
        "What a proof covers: auth, auth,auth-int (content too, where the "
        "client asks for it) or auth-int (default: auth)" },
    { "userhash", NULL, "Offer clients to send the user's name hashed" },
    { "content-limit", "SIZE",
        "Content of an auth-int request: longer gets 413; 4096, 64k, 1m "
        "(default: 1m)" },
    { "proof-limit", "SIZE",
        "Content of an auth-int response that is held back until its proof "
        "is made (default: 1m)" },
    { "content-memory", "SIZE",
        "Content of all requests and responses held at one time (default: "
        "64m)" },
    { "allow-dest", "NET",
        "Destination of the forward proxy to allow: "
        "ADDRESS[/PREFIX][:PORT] (repeatable)" },
    { "deny-dest", "NET",
        "Destination to deny, also where an allowed net "
        "holds it (repeatable)" },
    { "source", "WAY",
        "Where clients' addresses come from behind a load balancer: direct, "
        "proxy-protocol, forwarded or x-forwarded-for (default: direct)" },
    { "trust-source", "NET",
        "Load balancer that is believed about --source: ADDRESS[/PREFIX] "
        "(repeatable)" },
    { "user-header", "NAME",
        "Field that tells the application the verified "
        "name (default: X-Remote-User; - for none)" },
    { "state", "DIR", "Directory for everything the gateway writes" },
    { "keys", "FILE",
        "Nonce keys, where several gateways share them (default: nonce.keys "
        "in the --state directory)" },
    { "log", "FILE",
        "Where refusals are logged, one JSON object per line "
        "(default: -, standard error)" },
    { "max-failures", "N",
        "Failed logins a minute of one user from one address before it has "
        "to wait; ten times as many of an address; 0 for no limit "
        "(default: 20)" },
    { "counts-size", "MIB", "Size of the counts table (default: 64)" },
    { "counts", "FILE",
        "Counts table that gateways of this machine share, below /dev/shm or "
        "/run (default: one of its own)" },
    { "threads", "N",
        "Threads that serve requests (default: one for each "
        "processor)" },
    { "drain", "SECONDS",
        "How long requests in flight may take to finish "
        "at the end (default: 10)" },
    { NULL, NULL, NULL },
};

_Static_assert(sizeof(csn_gw_settings_table) /
            sizeof(csn_gw_settings_table[0]) ==
        CSN_GW_SETTINGS + 1,
    "each setting has its setter");

enum {
    DEFAULT_DRAIN_S = 10,
    DEFAULT_FAILURES = 20,
    DEFAULT_PATIENCE_S = 10,
    DEFAULT_CONTENT = 1 << 20,
    DEFAULT_CONTENT_MEMORY = 64 << 20
};

bool
csn_gw_fail(csn_gw_error *error, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    vsnprintf(error->text, sizeof(error->text), format, list);
    va_end(list);
    return false;
}

void
csn_gw_settings_init(csn_gw_settings *settings)
{
    memset(settings, 0, sizeof(*settings));
    settings->counts_size = (size_t)64 << 20;
    settings->qops = CSN_QOP_AUTH;
    settings->content_limit = DEFAULT_CONTENT;
    settings->proof_limit = DEFAULT_CONTENT;
    settings->content_memory = DEFAULT_CONTENT_MEMORY;
    settings->drain_s = DEFAULT_DRAIN_S;
    settings->max_failures = DEFAULT_FAILURES;
    settings->via_patience_s = DEFAULT_PATIENCE_S;
    snprintf(settings->user_header, sizeof(settings->user_header),
        "X-Remote-User");
    snprintf(settings->log, sizeof(settings->log), "-");
}

bool
csn_gw_settings_set(csn_gw_settings *settings, const char *name,
    const char *value, csn_gw_error *error)
{
    csn_gw_error why;

    for (size_t i = 0; csn_gw_settings_table[i].name != NULL; i++) {
        if (strcmp(name, csn_gw_settings_table[i].name) != 0)
            continue;
        if (value == NULL && csn_gw_settings_table[i].argument != NULL)
            return csn_gw_fail(error, "%s needs a value", name);
        if (csn_gw_setters[i](settings, value, &why))
            return true;
        return csn_gw_fail(error, "%s: %.460s", name, why.text);
    }
    return csn_gw_fail(error, "there is no setting '%.60s'", name);
}
