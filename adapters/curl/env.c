// SPDX-License-Identifier: MIT
#include <countersign/curl.h>

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "env.h"
#include "text.h"
#include "url.h"

/* http_proxy in capitals could be set by a CGI request: never looked at. */
static const char *
env_either(const char *lower, const char *upper)
{
    const char *value = getenv(lower);

    return value != NULL && *value != '\0' ? value : getenv(upper);
}

typedef struct address {
    int family;
    unsigned char octets[16];
} address;

static bool
read_address(const char *text, address *out)
{
    char bare[INET6_ADDRSTRLEN + 1];
    size_t len = strlen(text);

    if (len >= 2 && text[0] == '[' && text[len - 1] == ']') {
        text++;
        len -= 2;
    }
    if (len >= sizeof(bare))
        return false;
    memcpy(bare, text, len);
    bare[len] = '\0';
    memset(out, 0, sizeof(*out));
    out->family = strchr(bare, ':') ? AF_INET6 : AF_INET;
    return inet_pton(out->family, bare, out->octets) == 1;
}

static bool
prefix_equal(const address *a, const address *b, unsigned bits)
{
    unsigned whole = bits / 8;
    unsigned rest = bits % 8;
    unsigned char mask = (unsigned char)(0xff00u >> rest);

    if (a->family != b->family || bits > (a->family == AF_INET ? 32u : 128u))
        return false;
    if (memcmp(a->octets, b->octets, whole) != 0)
        return false;
    return rest == 0 || ((a->octets[whole] ^ b->octets[whole]) & mask) == 0;
}

/* An address, or a network such as 192.0.2.0/24. */
static bool
address_matches(const char *item, const address *host)
{
    char *text = csn_curl_text_copy(item);
    char *slash = text ? strchr(text, '/') : NULL;
    unsigned bits = host->family == AF_INET ? 32 : 128;
    address net;
    bool same;

    if (slash != NULL) {
        *slash = '\0';
        bits = (unsigned)strtoul(slash + 1, NULL, 10);
    }
    same = text && read_address(text, &net) && prefix_equal(&net, host, bits);
    free(text);
    return same;
}

/* A name matches itself and everything below it. */
static bool
name_matches(const char *item, const char *host)
{
    size_t item_len;
    size_t host_len = strlen(host);

    while (*item == '.')
        item++;
    item_len = strlen(item);
    while (item_len != 0 && item[item_len - 1] == '.')
        item_len--;
    while (host_len != 0 && host[host_len - 1] == '.')
        host_len--;
    if (item_len == 0 || item_len > host_len)
        return false;
    host += host_len - item_len;
    if (item_len != host_len && host[-1] != '.')
        return false;
    return csn_name_equal((csn_span){ (const uint8_t *)item, item_len },
        (csn_span){ (const uint8_t *)host, item_len });
}

bool
csn_curl_env_no_proxy_covers(const char *list, const char *host)
{
    static const char separators[] = ", \t";
    address host_address;
    bool is_address = read_address(host, &host_address);

    if (list == NULL)
        return false;
    if (strcmp(list, "*") == 0)
        return true;
    for (list += strspn(list, separators); *list != '\0';
         list += strspn(list, separators)) {
        size_t len = strcspn(list, separators);
        char *item = csn_curl_text_of_span(
            (csn_span){ (const uint8_t *)list, len });
        bool match = item != NULL &&
            (is_address ? address_matches(item, &host_address)
                        : name_matches(item, host));

        free(item);
        if (match)
            return true;
        list += len;
    }
    return false;
}

const char *
csn_curl_env_no_proxy(void)
{
    return env_either("no_proxy", "NO_PROXY");
}

csn_status
csn_curl_env_proxy(const char *url, const char *no_proxy, char **proxy)
{
    curl_url_parts parts;
    const char *value = NULL;
    csn_status status = csn_curl_url_parts_read(url, NULL, false, &parts);

    *proxy = NULL;
    if (status == CSN_OK &&
        !csn_curl_env_no_proxy_covers(
            no_proxy ? no_proxy : csn_curl_env_no_proxy(), parts.host)) {
        value = strcmp(parts.scheme, "https") == 0
            ? env_either("https_proxy", "HTTPS_PROXY")
            : getenv("http_proxy");
        if (value == NULL || *value == '\0')
            value = env_either("all_proxy", "ALL_PROXY");
        if (value != NULL && *value != '\0') {
            *proxy = csn_curl_text_copy(value);
            if (*proxy == NULL)
                status = CSN_E_MEMORY;
        }
    }
    csn_curl_url_parts_free(&parts);
    return status;
}
