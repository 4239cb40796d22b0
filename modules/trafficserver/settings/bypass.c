// SPDX-License-Identifier: MIT
#include "settings/setters.h"

#include "settings/address.h"

#include <string.h>
#include <strings.h>

/* Destinations that do not go through the next proxy. */

enum { MAX_NAME = 253 };

/* Whether it can only be meant as an address: the last label of a name that
 * has one (RFC 3696, 2) is not all digits. */
static bool
looks_like_address(const char *value)
{
    const char *dot = strrchr(value, '.');
    const char *last = dot != NULL ? dot + 1 : value;

    return strpbrk(value, "/[") != NULL ||
        (*last != '\0' && strspn(last, "0123456789:") == strlen(last)) ||
        strchr(value, ':') != strrchr(value, ':');
}

static bool
is_name(const char *text, size_t len)
{
    static const char octets[] = "abcdefghijklmnopqrstuvwxyz"
                                 "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";

    for (size_t i = 0; i < len; i++) {
        if (strchr(octets, text[i]) == NULL ||
            (text[i] == '.' && (i + 1 == len || text[i + 1] == '.')))
            return false;
    }
    return len > 0 && len <= MAX_NAME;
}

static bool
set_name(csn_gw_bypass *bypass, const char *value, csn_gw_error *error)
{
    const char *colon = strchr(value, ':');
    size_t len = colon != NULL ? (size_t)(colon - value) : strlen(value);
    unsigned long port = 0;

    if (!is_name(value, len))
        return csn_gw_fail(error,
            "'%.60s' is no NAME, .DOMAIN or ADDRESS[/PREFIX]", value);
    if (colon != NULL &&
        (!csn_gw_number_parse(colon + 1, 65535, &port) || port == 0))
        return csn_gw_fail(error, "'%.40s' is no port from 1 to 65535",
            colon + 1);
    memcpy(bypass->name, value, len);
    bypass->name[len] = '\0';
    bypass->net.port = (uint16_t)port;
    return true;
}

bool
csn_gw_set_via_bypass(csn_gw_settings *settings, const char *value,
    csn_gw_error *error)
{
    csn_gw_bypass bypass = { .name = "" };

    if (settings->bypass_count == CSN_GW_MAX_BYPASS)
        return csn_gw_fail(error, "is given more than %d times",
            CSN_GW_MAX_BYPASS);
    if (looks_like_address(value)
            ? !csn_gw_net_parse(value, &bypass.net, error)
            : !set_name(&bypass, value, error))
        return false;
    settings->bypass[settings->bypass_count++] = bypass;
    return true;
}

void
csn_gw_bypass_save(const csn_gw_settings *settings, FILE *file)
{
    for (size_t i = 0; i < settings->bypass_count; i++) {
        const csn_gw_bypass *bypass = &settings->bypass[i];
        char text[80];

        if (bypass->name[0] == '\0') {
            csn_gw_net_print(&bypass->net, text);
            fprintf(file, "via-bypass=%s\n", text);
        } else if (bypass->net.port == 0) {
            fprintf(file, "via-bypass=%s\n", bypass->name);
        } else {
            fprintf(file, "via-bypass=%s:%u\n", bypass->name,
                (unsigned)bypass->net.port);
        }
    }
}

/* `.example.org` is that domain and every name in it. */
static bool
holds_name(const char *name, csn_span host)
{
    size_t len = strlen(name);
    const char *text = (const char *)host.ptr;

    if (name[0] != '.')
        return host.len == len && strncasecmp(text, name, len) == 0;
    if (host.len == len - 1)
        return strncasecmp(text, name + 1, len - 1) == 0;
    return host.len > len &&
        strncasecmp(text + host.len - len, name, len) == 0;
}

bool
csn_gw_bypass_holds(const csn_gw_settings *settings, csn_span host,
    uint16_t port)
{
    uint8_t octets[16];
    bool is_v4;
    bool is_address;

    if (host.len > 2 && host.ptr[0] == '[')
        host = (csn_span){ host.ptr + 1, host.len - 2 };
    is_address = csn_gw_literal_parse((const char *)host.ptr, host.len, octets,
        &is_v4);
    if (!is_address && host.len > 1 && host.ptr[host.len - 1] == '.')
        host.len--; /* the root, said or not */
    for (size_t i = 0; i < settings->bypass_count; i++) {
        const csn_gw_bypass *bypass = &settings->bypass[i];
        bool is_net = bypass->name[0] == '\0';

        if (is_net ? is_address && csn_gw_net_holds(&bypass->net, octets, port)
                   : !is_address && holds_name(bypass->name, host) &&
                    (bypass->net.port == 0 || bypass->net.port == port))
            return true;
    }
    return false;
}
