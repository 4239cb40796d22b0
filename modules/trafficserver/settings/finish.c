// SPDX-License-Identifier: MIT
#include "settings/settings.h"

#include "settings/address.h"
#include "settings/setters.h"

#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

enum { HTTPS_PORT = 443 };

bool
csn_gw_settings_has(const csn_gw_settings *settings, csn_layer layer)
{
    return layer == CSN_LAYER_ORIGIN ? settings->origin.present
                                     : settings->forward;
}

bool
csn_gw_settings_asks(const csn_gw_settings *settings, csn_layer layer)
{
    /* A proxy that relays every login has none of its own. */
    bool relays = layer == CSN_LAYER_PROXY && settings->via_relay &&
        settings->bypass_count == 0;

    return settings->open_count == 0 && !relays &&
        csn_gw_settings_has(settings, layer);
}

static csn_span
span_of(const char *text)
{
    return (csn_span){ (const uint8_t *)text, strlen(text) };
}

csn_server_config
csn_gw_settings_server(const csn_gw_settings *settings, csn_layer layer)
{
    csn_server_config config = {
        .version = CSN_SERVER_CONFIG_VERSION,
        .layer = layer,
        .realm = span_of(settings->realm[layer]),
        .algorithm_count = settings->algorithm_count,
        .nonce_life_ms = settings->nonce_life_ms,
        .one_time = settings->one_time,
        .qops = settings->qops,
        .userhash = settings->userhash,
        .strict_uri = layer == CSN_LAYER_PROXY && settings->strict_uri,
    };

    for (size_t i = 0; i < settings->algorithm_count; i++) {
        config.algorithms[i] = settings->algorithms[i];
        if (csn_algorithm_hash(settings->algorithms[i]) == CSN_HASH_MD5)
            config.allow_md5 = true;
    }
    return config;
}

/* Which way a listener serves, and how, where that was left open. */
static bool
finish_listen(const csn_gw_settings *settings, csn_gw_listen *listen,
    csn_gw_error *error)
{
    if (listen->admin)
        return true;
    if (!listen->way_given) {
        if (settings->origin.present && settings->forward)
            return csn_gw_fail(error,
                "listen: both ways are in use: say origin=%s or forward=%s",
                listen->text, listen->text);
        listen->layer = settings->forward ? CSN_LAYER_PROXY : CSN_LAYER_ORIGIN;
        listen->way_given = true;
    }
    if (!csn_gw_settings_has(settings, listen->layer))
        return csn_gw_fail(error,
            "listen: %s is for a way not in use: give "
            "--%s too",
            listen->text,
            listen->layer == CSN_LAYER_PROXY ? "forward" : "origin URL");
    if (!listen->scheme_given) {
        listen->tls = settings->tls_cert[0] != '\0' &&
            listen->layer == CSN_LAYER_ORIGIN;
        listen->scheme_given = true;
    }
    if (listen->tls && settings->tls_cert[0] == '\0')
        return csn_gw_fail(error,
            "listen: https://%s needs --tls-cert and --tls-key", listen->text);
    return true;
}

/* A way in use with no address of its own gets the usual one. */
static bool
default_listen(csn_gw_settings *settings, csn_layer layer, csn_gw_error *error)
{
    const char *value = layer == CSN_LAYER_PROXY ? "forward=127.0.0.1:3128"
        : settings->tls_cert[0] != '\0'          ? "origin=127.0.0.1:8443"
                                                 : "origin=127.0.0.1:8080";

    if (!csn_gw_settings_has(settings, layer))
        return true;
    for (size_t i = 0; i < settings->listen_count; i++) {
        const csn_gw_listen *listen = &settings->listens[i];

        if (!listen->admin && (!listen->way_given || listen->layer == layer))
            return true;
    }
    return csn_gw_settings_set(settings, "listen", value, error);
}

/* Two listeners on one port of one address family could not be told apart
 * when one of them listens on every address. */
static bool
check_ports(const csn_gw_settings *settings, csn_gw_error *error)
{
    for (size_t i = 0; i < settings->listen_count; i++) {
        for (size_t j = 0; j < i; j++) {
            const csn_gw_listen *a = &settings->listens[i];
            const csn_gw_listen *b = &settings->listens[j];
            uint16_t port = csn_gw_sockaddr_port(
                (const struct sockaddr *)&a->address);

            if (port != 0 &&
                port ==
                    csn_gw_sockaddr_port((const struct sockaddr *)&b->address))
                return csn_gw_fail(error,
                    "listen: %s and %s share a port; give each its own",
                    b->text, a->text);
        }
    }
    return true;
}

static bool
finish_realms(csn_gw_settings *settings, csn_gw_error *error)
{
    char *origin = settings->realm[CSN_LAYER_ORIGIN];
    char *proxy = settings->realm[CSN_LAYER_PROXY];
    bool asks = csn_gw_settings_asks(settings, CSN_LAYER_PROXY);
    bool both = settings->origin.present && asks;

    if (settings->open_count > 0)
        return true;
    if (settings->users[CSN_LAYER_PROXY][0] == '\0')
        memcpy(settings->users[CSN_LAYER_PROXY],
            settings->users[CSN_LAYER_ORIGIN], CSN_GW_MAX_PATH);
    if (asks && !both && proxy[0] == '\0')
        memcpy(proxy, origin, CSN_MAX_REALM + 1);
    if (settings->origin.present && origin[0] == '\0')
        return csn_gw_fail(error,
            "give --realm NAME, for example the host "
            "name users know");
    if (asks && proxy[0] == '\0')
        return csn_gw_fail(error,
            both ? "give --forward-realm NAME: a password for the proxy is "
                   "not one for the application"
                 : "give --realm NAME, for example the host name users know");
    if (both && strcmp(origin, proxy) == 0)
        return csn_gw_fail(error,
            "--realm and --forward-realm must differ: "
            "a password for the proxy is not one for "
            "the application");
    for (int layer = 0; layer < CSN_GW_LAYERS; layer++) {
        if (csn_gw_settings_asks(settings, (csn_layer)layer) &&
            settings->users[layer][0] == '\0')
            return csn_gw_fail(error,
                "give --users FILE, as countersign "
                "passwd makes it");
    }
    return true;
}

static bool
check_tls(const csn_gw_settings *settings, csn_gw_error *error)
{
    bool cert = settings->tls_cert[0] != '\0';
    bool key = settings->tls_key[0] != '\0';

    if (cert != key)
        return csn_gw_fail(error,
            "--tls-cert and --tls-key go together: %s "
            "is missing",
            cert ? "the key" : "the certificate");
    return true;
}

static bool
check_source(const csn_gw_settings *settings, csn_gw_error *error)
{
    bool direct = settings->source == CSN_GW_SOURCE_DIRECT;

    if (!direct && settings->trust_count == 0)
        return csn_gw_fail(error,
            "--source %s needs --trust-source: anybody "
            "could name any address otherwise",
            csn_gw_source_name(settings->source));
    if (direct && settings->trust_count > 0)
        return csn_gw_fail(error,
            "--trust-source is of no use without "
            "--source");
    return true;
}

/* What only goes with other settings. */
static bool
check_auth(const csn_gw_settings *settings, csn_gw_error *error)
{
    for (size_t i = 0; i < settings->algorithm_count; i++) {
        if (settings->one_time &&
            csn_algorithm_is_session(settings->algorithms[i]))
            return csn_gw_fail(error,
                "--one-time goes with no -sess algorithm: a session gets no "
                "nextnonce");
    }
    if (settings->content_limit > settings->content_memory)
        return csn_gw_fail(error,
            "--content-limit is more than --content-memory");
    if (settings->proof_limit > settings->content_memory)
        return csn_gw_fail(error,
            "--proof-limit is more than --content-memory");
    return true;
}

/* The client's login is for the next proxy, and nobody else has one there. */
static bool
check_relay(const csn_gw_settings *settings, csn_gw_error *error)
{
    if (settings->via_user[0] != '\0' || settings->via_user_file[0] != '\0' ||
        settings->via_proof != CSN_PROOF_REQUIRE)
        return csn_gw_fail(error,
            "--via-relay goes without --via-user, --via-user-file and "
            "--via-proof: clients log in at the next proxy, and judge it");
    if (settings->open_count > 0 || settings->presented_count > 0)
        return csn_gw_fail(error,
            "--via-relay goes without --open and --present");
    if (settings->origin.present ||
        csn_gw_settings_asks(settings, CSN_LAYER_PROXY))
        return true;
    for (int layer = 0; layer < CSN_GW_LAYERS; layer++) {
        if (settings->users[layer][0] != '\0' ||
            settings->realm[layer][0] != '\0')
            return csn_gw_fail(error,
                "--users and --realm are of no use with --via-relay, unless "
                "--via-bypass names what is asked for here");
    }
    return true;
}

static bool
check_via(const csn_gw_settings *settings, csn_gw_error *error)
{
    bool user = settings->via_user[0] != '\0';
    bool file = settings->via_user_file[0] != '\0';

    if (!settings->via.present)
        return (!user && !file && !settings->via_relay &&
                   !settings->via_address && settings->bypass_count == 0) ||
            csn_gw_fail(error,
                "--via-user, --via-user-file, --via-relay and --via-bypass "
                "are of no use without --via-proxy");
    if (!settings->forward)
        return csn_gw_fail(error,
            "--via-proxy is for the forward proxy: give --forward too");
    if (settings->via_relay && !check_relay(settings, error))
        return false;
    if (settings->via_address && !settings->via_relay)
        return csn_gw_fail(error,
            "--via-address is of no use without --via-relay");
    if (!settings->via_relay && user == file)
        return csn_gw_fail(error,
            "--via-proxy needs one of --via-user-file, --via-user and "
            "--via-relay");
    if (settings->bypass_count > 0)
        return settings->open_count == 0 ||
            csn_gw_fail(error,
                "--via-bypass goes without --open: nobody would be asked for "
                "a login there");
    if (settings->allow_count > 0 || settings->deny_count > 0)
        return csn_gw_fail(error,
            "--allow-dest and --deny-dest are the next proxy's to judge, "
            "which resolves the names: leave them out with --via-proxy");
    return true;
}

/* What is open is closed to all but these users of the machine. It is a
 * forward proxy, for a web page can make a browser ask an application, and
 * leads nowhere new but to those that the gateway itself logs in to. */
static bool
check_open(const csn_gw_settings *settings, csn_gw_error *error)
{
    if (settings->open_count == 0)
        return true;
    if (settings->origin.present ||
        (!settings->via.present && settings->presented_count == 0))
        return csn_gw_fail(error,
            "--open goes with --forward and one of --via-proxy and --present, "
            "and without --origin: "
            "anything else would be open to all who can reach it");
    if (settings->source != CSN_GW_SOURCE_DIRECT)
        return csn_gw_fail(error,
            "--open goes without --source: who asks is told by the kernel");
    for (int layer = 0; layer < CSN_GW_LAYERS; layer++) {
        if (settings->users[layer][0] != '\0' ||
            settings->realm[layer][0] != '\0')
            return csn_gw_fail(error,
                "--open goes without --users and --realm: nobody logs in");
    }
    for (size_t i = 0; i < settings->listen_count; i++) {
        const csn_gw_listen *listen = &settings->listens[i];

        if (!csn_gw_is_loopback((const struct sockaddr *)&listen->address))
            return csn_gw_fail(error,
                "--open is for loopback addresses: %s is none", listen->text);
    }
    return true;
}

/* The engine looks for names alone in a certificate. */
static bool
check_name(const csn_gw_origin *where, csn_gw_error *error)
{
    uint8_t octets[16];
    bool is_v4;
    bool bare = where->host[0] != '[';

    if (!where->tls ||
        (bare &&
            !csn_gw_literal_parse(where->host, strlen(where->host), octets,
                &is_v4)))
        return true;
    return csn_gw_fail(error,
        "https://%.200s is an address: a certificate is looked for by name",
        where->host);
}

static bool
check_names(const csn_gw_settings *settings, csn_gw_error *error)
{
    for (size_t i = 0; i < settings->presented_count; i++) {
        if (!check_name(&settings->presented[i].where, error))
            return false;
    }
    return check_name(&settings->origin, error) &&
        check_name(&settings->via, error);
}

bool
csn_gw_settings_finish(csn_gw_settings *settings, csn_gw_error *error)
{
    if (!settings->origin.present && !settings->forward)
        return csn_gw_fail(error, "give --origin URL, --forward, or both");
    if (settings->strict_uri && !settings->forward)
        return csn_gw_fail(error,
            "--strict-uri is for the forward proxy: "
            "give --forward too");
    if (settings->state[0] == '\0')
        return csn_gw_fail(error, "give --state DIR");
    if (!finish_realms(settings, error) || !check_tls(settings, error) ||
        !check_auth(settings, error) || !check_source(settings, error) ||
        !check_via(settings, error) ||
        !csn_gw_presented_finish(settings, error) ||
        !check_names(settings, error) ||
        !default_listen(settings, CSN_LAYER_ORIGIN, error) ||
        !default_listen(settings, CSN_LAYER_PROXY, error))
        return false;
    for (size_t i = 0; i < settings->listen_count; i++) {
        if (!finish_listen(settings, &settings->listens[i], error))
            return false;
    }
    if (!check_open(settings, error))
        return false;
    if (!check_ports(settings, error))
        return false;
    if (settings->algorithm_count == 0)
        settings->algorithms[settings->algorithm_count++] = CSN_ALG_SHA_256;
    if (settings->connect_port_count == 0 &&
        (settings->open_count == 0 || !settings->via.present))
        settings->connect_ports[settings->connect_port_count++] = HTTPS_PORT;
    if (settings->threads == 0) {
        long cpus = sysconf(_SC_NPROCESSORS_ONLN);

        settings->threads = cpus > 0 ? (unsigned)cpus : 1;
    }
    return true;
}
