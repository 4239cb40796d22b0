// SPDX-License-Identifier: MIT
#include "settings/address.h"

#include "../common/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

/* An IPv4 address stands in the last four octets of the mapped form. */
static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255 };

enum { MAPPED_BITS = 96, V6_BITS = 128, V4_BITS = 32, MAX_PORT = 65535 };

bool
csn_gw_number_parse(const char *text, unsigned long max, unsigned long *number)
{
    unsigned long value = 0;

    if (*text == '\0')
        return false;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9')
            return false;
        value = value * 10 + (unsigned long)(*text - '0');
        if (value > max)
            return false;
    }
    *number = value;
    return true;
}

static bool
port_parse(const char *text, uint16_t *port)
{
    unsigned long number;

    if (!csn_gw_number_parse(text, MAX_PORT, &number))
        return false;
    *port = (uint16_t)number;
    return true;
}

bool
csn_gw_literal_parse(const char *text, size_t len, uint8_t octets[16],
    bool *is_v4)
{
    char copy[INET6_ADDRSTRLEN];

    if (len == 0 || len >= sizeof(copy))
        return false;
    memcpy(copy, text, len);
    copy[len] = '\0';

    *is_v4 = inet_pton(AF_INET, copy, octets + sizeof(mapped)) == 1;
    if (*is_v4) {
        memcpy(octets, mapped, sizeof(mapped));
        return true;
    }
    return inet_pton(AF_INET6, copy, octets) == 1;
}

static void
sockaddr_make(const uint8_t octets[16], bool is_v4, uint16_t port,
    struct sockaddr_storage *address)
{
    memset(address, 0, sizeof(*address));
    if (is_v4) {
        struct sockaddr_in *in = (struct sockaddr_in *)address;

        in->sin_family = AF_INET;
        in->sin_port = htons(port);
        memcpy(&in->sin_addr, octets + sizeof(mapped), sizeof(in->sin_addr));
    } else {
        struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)address;

        in6->sin6_family = AF_INET6;
        in6->sin6_port = htons(port);
        memcpy(&in6->sin6_addr, octets, sizeof(in6->sin6_addr));
    }
}

/* Cut `HOST:PORT` or `[HOST]:PORT` in two; `*port` NULL when there is none. */
static bool
host_port_split(const char *text, const char **host, size_t *len,
    const char **port)
{
    const char *colon;

    if (*text == '[') {
        const char *end = strchr(text, ']');

        if (end == NULL || (end[1] != '\0' && end[1] != ':'))
            return false;
        *host = text + 1;
        *len = (size_t)(end - *host);
        *port = end[1] == ':' ? end + 2 : NULL;
        return true;
    }
    colon = strchr(text, ':');
    if (colon != NULL && strchr(colon + 1, ':') != NULL) {
        *host = text; /* a bare v6 address has no port */
        *len = strlen(text);
        *port = NULL;
        return true;
    }
    *host = text;
    *len = colon != NULL ? (size_t)(colon - text) : strlen(text);
    *port = colon != NULL ? colon + 1 : NULL;
    return true;
}

bool
csn_gw_listen_parse(const char *text, csn_gw_listen *listen,
    csn_gw_error *error)
{
    const char *host;
    const char *port_text;
    size_t len;
    uint16_t port;
    uint8_t octets[16];
    bool is_v4;

    if (port_parse(text, &port)) {
        host = "127.0.0.1";
        len = strlen(host);
    } else {
        if (!host_port_split(text, &host, &len, &port_text) ||
            port_text == NULL || !port_parse(port_text, &port))
            return csn_gw_fail(error,
                "'%s' is not HOST:PORT, [V6]:PORT or "
                "PORT",
                text);
        if (len == 9 && memcmp(host, "localhost", len) == 0) {
            host = "127.0.0.1";
            len = strlen(host);
        }
    }
    if (!csn_gw_literal_parse(host, len, octets, &is_v4))
        return csn_gw_fail(error, "'%.*s' is not an address to listen on",
            (int)len, host);
    sockaddr_make(octets, is_v4, port, &listen->address);
    csn_gw_listen_print(listen);
    return true;
}

void
csn_gw_listen_print(csn_gw_listen *listen)
{
    const struct sockaddr *address = (const struct sockaddr *)&listen->address;
    bool is_v6 = address->sa_family == AF_INET6;
    const void *from = is_v6
        ? (const void *)&((const struct sockaddr_in6 *)address)->sin6_addr
        : (const void *)&((const struct sockaddr_in *)address)->sin_addr;
    char host[INET6_ADDRSTRLEN] = "?";

    (void)inet_ntop(address->sa_family, from, host, sizeof(host));
    snprintf(listen->text, sizeof(listen->text), is_v6 ? "[%s]:%u" : "%s:%u",
        host, (unsigned)csn_gw_sockaddr_port(address));
}

uint16_t
csn_gw_sockaddr_port(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET)
        return ntohs(((const struct sockaddr_in *)address)->sin_port);
    if (address->sa_family == AF_INET6)
        return ntohs(((const struct sockaddr_in6 *)address)->sin6_port);
    return 0;
}

bool
csn_gw_is_loopback(const struct sockaddr *address)
{
    static const uint8_t one[16] = { [15] = 1 };
    uint8_t octets[16];

    if (!csn_address_octets(address, octets))
        return false;
    return memcmp(octets, one, sizeof(one)) == 0 ||
        (memcmp(octets, mapped, sizeof(mapped)) == 0 && octets[12] == 127);
}

/* The `/PREFIX` of a net, which counts in the family the address has. */
static bool
prefix_parse(const char *text, bool is_v4, unsigned *prefix)
{
    unsigned long number;

    if (!csn_gw_number_parse(text, is_v4 ? V4_BITS : V6_BITS, &number))
        return false;
    *prefix = (unsigned)number + (is_v4 ? MAPPED_BITS : 0);
    return true;
}

/* Cut `NET`, `NET:PORT` or `[NET]:PORT` in two, in place. */
static bool
net_port_split(char *text, char **net, char **port)
{
    char *end;

    *net = text;
    *port = NULL;
    if (*text == '[') {
        end = strchr(text, ']');
        if (end == NULL || (end[1] != '\0' && end[1] != ':'))
            return false;
        *net = text + 1;
        *port = end[1] == ':' ? end + 2 : NULL;
        *end = '\0';
        return true;
    }
    end = strchr(text, ':');
    if (end != NULL && strchr(end + 1, ':') == NULL) {
        *port = end + 1;
        *end = '\0';
    }
    return true;
}

bool
csn_gw_net_parse(const char *text, csn_gw_net *net, csn_gw_error *error)
{
    csn_gw_net result = { .prefix = V6_BITS };
    char copy[80];
    char *host;
    char *port;
    char *slash;
    bool is_v4;

    if (strlen(text) >= sizeof(copy))
        return csn_gw_fail(error, "'%.60s...' is too long for an address",
            text);
    memcpy(copy, text, strlen(text) + 1);
    if (!net_port_split(copy, &host, &port))
        return csn_gw_fail(error, "'%s' has a bracket too few", text);
    if (port != NULL && (!port_parse(port, &result.port) || result.port == 0))
        return csn_gw_fail(error, "'%s' has no port from 1 to 65535", text);

    slash = strchr(host, '/');
    if (slash != NULL)
        *slash++ = '\0';
    if (!csn_gw_literal_parse(host, strlen(host), result.address, &is_v4) ||
        (slash != NULL && !prefix_parse(slash, is_v4, &result.prefix)))
        return csn_gw_fail(error,
            "'%s' is not ADDRESS[/PREFIX][:PORT]; a v6 one with a port is "
            "written [fd00::/8]:443",
            text);
    *net = result;
    return true;
}

void
csn_gw_net_print(const csn_gw_net *net, char text[80])
{
    bool is_v4 = net->prefix >= MAPPED_BITS &&
        memcmp(net->address, mapped, sizeof(mapped)) == 0;
    char host[INET6_ADDRSTRLEN] = "?";

    (void)inet_ntop(is_v4 ? AF_INET : AF_INET6,
        is_v4 ? net->address + sizeof(mapped) : net->address, host,
        sizeof(host));
    if (net->port == 0)
        snprintf(text, 80, "[%s/%u]", host,
            net->prefix - (is_v4 ? MAPPED_BITS : 0));
    else
        snprintf(text, 80, "[%s/%u]:%u", host,
            net->prefix - (is_v4 ? MAPPED_BITS : 0), (unsigned)net->port);
}

bool
csn_gw_net_holds(const csn_gw_net *net, const uint8_t octets[16],
    uint16_t port)
{
    unsigned whole = net->prefix / 8;
    unsigned rest = net->prefix % 8;
    uint8_t mask = (uint8_t)(0xff00u >> rest);

    if (net->port != 0 && net->port != port)
        return false;
    if (memcmp(net->address, octets, whole) != 0)
        return false;
    return rest == 0 || ((net->address[whole] ^ octets[whole]) & mask) == 0;
}

static bool
is_host_octet(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
        (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

bool
csn_gw_origin_parse(const char *text, csn_gw_origin *origin,
    csn_gw_error *error)
{
    csn_gw_origin result = { .present = true };
    char copy[512];
    const char *host;
    const char *port;
    size_t len = strlen(text);
    uint8_t octets[16];
    bool is_v4;

    if (strncmp(text, "http://", 7) != 0 && strncmp(text, "https://", 8) != 0)
        return csn_gw_fail(error,
            "'%.200s' does not start with http:// or "
            "https://",
            text);
    result.tls = text[4] == 's';
    text += result.tls ? 8 : 7;
    len = strlen(text);
    if (len >= sizeof(copy))
        return csn_gw_fail(error, "the URL is too long");
    memcpy(copy, text, len + 1);
    if (len > 0 && copy[len - 1] == '/')
        copy[--len] = '\0';
    if (strpbrk(copy, "/?#@") != NULL)
        return csn_gw_fail(error,
            "'%s' is more than http[s]://HOST[:PORT]; "
            "paths are passed on as they come",
            copy);

    result.port = result.tls ? 443 : 80;
    if (!host_port_split(copy, &host, &len, &port) || len == 0 ||
        len >= sizeof(result.host) - 2)
        return csn_gw_fail(error, "'%s' has no host", copy);
    if (port != NULL && (!port_parse(port, &result.port) || result.port == 0))
        return csn_gw_fail(error, "'%s' has no port from 1 to 65535", copy);
    if (csn_gw_literal_parse(host, len, octets, &is_v4)) {
        snprintf(result.host, sizeof(result.host), is_v4 ? "%.*s" : "[%.*s]",
            (int)len, host);
    } else {
        for (size_t i = 0; i < len; i++) {
            if (!is_host_octet(host[i]))
                return csn_gw_fail(error, "'%.*s' is not a host name",
                    (int)len, host);
        }
        snprintf(result.host, sizeof(result.host), "%.*s", (int)len, host);
    }
    *origin = result;
    return true;
}
