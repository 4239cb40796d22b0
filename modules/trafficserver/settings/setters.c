// SPDX-License-Identifier: MIT
#include "settings/setters.h"

#include "settings/address.h"

#include <countersign/field.h>

#include <string.h>

enum {
    MAX_DRAIN_S = 3600,
    MAX_THREADS = 256,
    MAX_FAILURES = 6000, /* ten times as many are one in a millisecond */
    MAX_COUNTS_MIB = 65536,
    MAX_LIFE_MS = 24 * 24 * 3600 * 1000 /* what the engine takes at most */
};

static bool
copy_text(char *to, size_t size, const char *value, csn_gw_error *error)
{
    size_t len = strlen(value);

    if (len == 0)
        return csn_gw_fail(error, "is empty");
    if (len >= size)
        return csn_gw_fail(error, "is longer than %zu octets", size - 1);
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)value[i] < 0x20 || value[i] == 0x7f)
            return csn_gw_fail(error, "holds a control character");
    }
    memcpy(to, value, len + 1);
    return true;
}

bool
csn_gw_set_switch(bool *to, const char *value, csn_gw_error *error)
{
    if (value == NULL || strcmp(value, "yes") == 0)
        *to = true;
    else if (strcmp(value, "no") == 0)
        *to = false;
    else
        return csn_gw_fail(error, "is yes or no, not '%.40s'", value);
    return true;
}

static bool
set_origin(csn_gw_settings *settings, const char *value, csn_gw_error *error)
{
    return csn_gw_origin_parse(value, &settings->origin, error);
}

static bool
set_forward(csn_gw_settings *settings, const char *value, csn_gw_error *error)
{
    return csn_gw_set_switch(&settings->forward, value, error);
}

static bool
set_via_allow_md5(csn_gw_settings *settings, const char *value,
    csn_gw_error *error)
{
    return csn_gw_set_switch(&settings->via_allow_md5, value, error);
}

static bool
add_listen(csn_gw_settings *settings, const csn_gw_listen *listen,
    csn_gw_error *error)
{
    if (settings->listen_count == CSN_GW_MAX_LISTEN)
        return csn_gw_fail(error, "more than %d addresses to listen on",
            CSN_GW_MAX_LISTEN);
    settings->listens[settings->listen_count++] = *listen;
    return true;
}

static bool
set_listen(csn_gw_settings *settings, const char *value, csn_gw_error *error)
{
    csn_gw_listen listen = { .fd = -1 };

    if (strncmp(value, "origin=", 7) == 0) {
        listen.way_given = true;
        value += 7;
    } else if (strncmp(value, "forward=", 8) == 0) {
        listen.way_given = true;
        listen.layer = CSN_LAYER_PROXY;
        value += 8;
    }
    if (strncmp(value, "https://", 8) == 0) {
        listen.scheme_given = true;
        listen.tls = true;
        value += 8;
    } else if (strncmp(value, "http://", 7) == 0) {
        listen.scheme_given = true;
        value += 7;
    }
    return csn_gw_listen_parse(value, &listen, error) &&
        add_listen(settings, &listen, error);
}

static bool
set_admin_listen(csn_gw_settings *settings, const char *value,
    csn_gw_error *error)
{
    csn_gw_listen listen = { .admin = true, .fd = -1 };

    if (!csn_gw_listen_parse(value, &listen, error))
        return false;
    if (!csn_gw_is_loopback((const struct sockaddr *)&listen.address))
        return csn_gw_fail(error, "'%.60s' is not a loopback address", value);
    return add_listen(settings, &listen, error);
}

static bool
set_realm(csn_gw_settings *settings, const char *value, csn_gw_error *error)
{
    return copy_text(settings->realm[CSN_LAYER_ORIGIN], CSN_MAX_REALM + 1,
        value, error);
}

static bool
set_forward_realm(csn_gw_settings *settings, const char *value,
    csn_gw_error *error)
{
    return copy_text(settings->realm[CSN_LAYER_PROXY], CSN_MAX_REALM + 1,
        value, error);
}

static bool
set_users(csn_gw_settings *settings, const char *value, csn_gw_error *error)
{
    return copy_text(settings->users[CSN_LAYER_ORIGIN], CSN_GW_MAX_PATH, value,
        error);
}

static bool
set_forward_users(csn_gw_settings *settings, const char *value,
    csn_gw_error *error)
{
    return copy_text(settings->users[CSN_LAYER_PROXY], CSN_GW_MAX_PATH, value,
        error);
}

static bool
set_tls_cert(csn_gw_settings *settings, const char *value, csn_gw_error *error)
{
    return copy_text(settings->tls_cert, CSN_GW_MAX_PATH, value, error);
}

static bool
set_tls_key(csn_gw_settings *settings, const char *value, csn_gw_error *error)
{
    return copy_text(settings->tls_key, CSN_GW_MAX_PATH, value, error);
}

static bool
set_tls_ca(csn_gw_settings *settings, const char *value, csn_gw_error *error)
{
    return copy_text(settings->tls_ca, CSN_GW_MAX_PATH, value, error);
}

static bool
set_connect_ports(csn_gw_settings *settings, const char *value,
    csn_gw_error *error)
{
    char copy[256];
    char *save = NULL;
    unsigned long port;

    if (!copy_text(copy, sizeof(copy), value, error))
        return false;
    settings->connect_port_count = 0;
    for (char *item = strtok_r(copy, ", ", &save); item != NULL;
         item = strtok_r(NULL, ", ", &save)) {
        if (!csn_gw_number_parse(item, 65535, &port) || port == 0)
            return csn_gw_fail(error, "'%.40s' is no port from 1 to 65535",
                item);
        if (settings->connect_port_count == CSN_GW_MAX_PORTS)
            return csn_gw_fail(error, "names more than %d ports",
                CSN_GW_MAX_PORTS);
        settings->connect_ports[settings->connect_port_count++] =
            (uint16_t)port;
    }
    return true;
}

static bool
set_nonce_life(csn_gw_settings *settings, const char *value,
    csn_gw_error *error)
{
    static const struct {
        const char *unit;
        unsigned long ms;
    } units[] = { { "", 1000 }, { "s", 1000 }, { "ms", 1 }, { "m", 60000 },
        { "h", 3600000 } };
    char digits[16] = "";
    size_t len = strspn(value, "0123456789");
    unsigned long number;

    if (len == 0 || len >= sizeof(digits))
        return csn_gw_fail(error, "'%.40s' is no time", value);
    memcpy(digits, value, len);
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (strcmp(value + len, units[i].unit) != 0)
            continue;
        if (!csn_gw_number_parse(digits, MAX_LIFE_MS / units[i].ms, &number) ||
            number == 0)
            return csn_gw_fail(error, "is longer than 24 days, or nothing");
        settings->nonce_life_ms = (uint32_t)(number * units[i].ms);
        return true;
    }
    return csn_gw_fail(error, "'%.40s' is no time: 90, 90s, 15m, 2h, 1500ms",
        value);
}

static bool
set_userhash(csn_gw_settings *settings, const char *value, csn_gw_error *error)
{
    return csn_gw_set_switch(&settings->userhash, value, error);
}

static bool
set_one_time(csn_gw_settings *settings, const char *value, csn_gw_error *error)
{
    return csn_gw_set_switch(&settings->one_time, value, error);
}

static bool
set_strict_uri(csn_gw_settings *settings, const char *value,
    csn_gw_error *error)
{
    return csn_gw_set_switch(&settings->strict_uri, value, error);
}

static bool
add_net(csn_gw_net *nets, size_t *count, const char *value,
    csn_gw_error *error)
{
    if (*count == CSN_GW_MAX_NETS)
        return csn_gw_fail(error, "is given more than %d times",
            CSN_GW_MAX_NETS);
    if (!csn_gw_net_parse(value, &nets[*count], error))
        return false;
    (*count)++;
    return true;
}

static bool
set_allow(csn_gw_settings *settings, const char *value, csn_gw_error *error)
{
    return add_net(settings->allow, &settings->allow_count, value, error);
}

static bool
set_deny(csn_gw_settings *settings, const char *value, csn_gw_error *error)
{
    return add_net(settings->deny, &settings->deny_count, value, error);
}

/* Names the gateway or the message framing needs for itself. */
static const char *const reserved_headers[] = { "authorization",
    "proxy-authorization", "connection", "host", "content-length",
    "transfer-encoding", "te", "trailer", "upgrade", "keep-alive",
    "proxy-connection", "via", "expect" };

static bool
set_user_header(csn_gw_settings *settings, const char *value,
    csn_gw_error *error)
{
    csn_span name = { (const uint8_t *)value, strlen(value) };

    if (strcmp(value, "-") == 0) {
        settings->user_header[0] = '\0';
        return true;
    }
    if (!csn_is_token(name))
        return csn_gw_fail(error, "'%.70s' is no field name", value);
    for (size_t i = 0;
         i < sizeof(reserved_headers) / sizeof(reserved_headers[0]); i++) {
        csn_span reserved = { (const uint8_t *)reserved_headers[i],
            strlen(reserved_headers[i]) };

        if (csn_name_equal(name, reserved))
            return csn_gw_fail(error, "%s has a meaning of its own", value);
    }
    return copy_text(settings->user_header, sizeof(settings->user_header),
        value, error);
}

static bool
set_state(csn_gw_settings *settings, const char *value, csn_gw_error *error)
{
    return copy_text(settings->state, CSN_GW_MAX_PATH, value, error);
}

static bool
set_log(csn_gw_settings *settings, const char *value, csn_gw_error *error)
{
    return copy_text(settings->log, CSN_GW_MAX_PATH, value, error);
}

static bool
set_number(unsigned long *to, const char *value, unsigned long min,
    unsigned long max, csn_gw_error *error)
{
    if (!csn_gw_number_parse(value, max, to) || *to < min)
        return csn_gw_fail(error, "'%.40s' is no number from %lu to %lu",
            value, min, max);
    return true;
}

static bool
set_max_failures(csn_gw_settings *settings, const char *value,
    csn_gw_error *error)
{
    unsigned long number;

    if (!set_number(&number, value, 0, MAX_FAILURES, error))
        return false;
    settings->max_failures = (unsigned)number;
    return true;
}

static bool
set_counts_size(csn_gw_settings *settings, const char *value,
    csn_gw_error *error)
{
    unsigned long mib;

    if (!set_number(&mib, value, 1, MAX_COUNTS_MIB, error))
        return false;
    settings->counts_size = (size_t)mib << 20;
    return true;
}

static bool
set_threads(csn_gw_settings *settings, const char *value, csn_gw_error *error)
{
    unsigned long threads;

    if (!set_number(&threads, value, 1, MAX_THREADS, error))
        return false;
    settings->threads = (unsigned)threads;
    return true;
}

static bool
set_drain(csn_gw_settings *settings, const char *value, csn_gw_error *error)
{
    unsigned long seconds;

    if (!set_number(&seconds, value, 1, MAX_DRAIN_S, error))
        return false;
    settings->drain_s = (unsigned)seconds;
    return true;
}

csn_gw_setter *const csn_gw_setters[CSN_GW_SETTINGS] = { set_origin,
    set_forward, set_listen, set_admin_listen, set_realm, set_users,
    set_forward_realm, set_forward_users, csn_gw_set_open,
    csn_gw_set_via_proxy, csn_gw_set_via_user, csn_gw_set_via_user_file,
    csn_gw_set_via_proof, set_via_allow_md5, csn_gw_set_via_patience,
    csn_gw_set_present, csn_gw_set_present_user_file, csn_gw_set_present_proof,
    csn_gw_set_present_allow, csn_gw_set_via_relay, csn_gw_set_via_address,
    csn_gw_set_via_bypass, set_tls_cert, set_tls_key, set_tls_ca,
    set_connect_ports, set_nonce_life, set_one_time, set_strict_uri,
    csn_gw_set_algorithm, csn_gw_set_qop, set_userhash,
    csn_gw_set_content_limit, csn_gw_set_proof_limit,
    csn_gw_set_content_memory, set_allow, set_deny, csn_gw_set_source,
    csn_gw_set_trust_source, set_user_header, set_state, csn_gw_set_keys,
    set_log, set_max_failures, set_counts_size, csn_gw_set_counts, set_threads,
    set_drain };
