// SPDX-License-Identifier: MIT
#include "settings/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

/* Addresses as forwarded fields and the log write them. */

void
csn_gw_octets_print(const uint8_t octets[16], char text[64])
{
    static const uint8_t mapped[12] = { [10] = 255, [11] = 255 };
    bool is_v4 = memcmp(octets, mapped, sizeof(mapped)) == 0;

    if (inet_ntop(is_v4 ? AF_INET : AF_INET6,
            is_v4 ? octets + sizeof(mapped) : octets, text, 64) == NULL)
        snprintf(text, 64, "?");
}

static size_t
find_octet(csn_span text, uint8_t octet)
{
    const uint8_t *at = text.len > 0 ? memchr(text.ptr, octet, text.len)
                                     : NULL;

    return at != NULL ? (size_t)(at - text.ptr) : text.len;
}

static bool
is_digit(uint8_t octet)
{
    return octet >= '0' && octet <= '9';
}

static bool
is_name_octet(uint8_t octet)
{
    return is_digit(octet) || (octet >= 'a' && octet <= 'z') ||
        (octet >= 'A' && octet <= 'Z') || octet == '.' || octet == '_' ||
        octet == '-';
}

/* Nothing, `:` and a number, or `:_` and a name. */
static bool
is_port(csn_span text)
{
    enum { DIGITS = 5 };
    bool is_name = text.len > 2 && text.ptr[1] == '_';

    if (text.len == 0)
        return true;
    if (text.ptr[0] != ':' || text.len == 1 ||
        (!is_name && text.len > 1 + DIGITS))
        return false;
    for (size_t i = 1; i < text.len; i++) {
        if (is_name ? !is_name_octet(text.ptr[i]) : !is_digit(text.ptr[i]))
            return false;
    }
    return true;
}

/* The system's reader takes a string: a zero would cut it short. */
static bool
read_literal(csn_span text, uint8_t octets[16], bool *is_v4)
{
    return find_octet(text, '\0') == text.len &&
        csn_gw_literal_parse((const char *)text.ptr, text.len, octets, is_v4);
}

bool
csn_gw_node_parse(csn_span node, uint8_t octets[16])
{
    uint8_t result[16];
    bool bracket = node.len > 0 && node.ptr[0] == '[';
    bool is_v4 = false;
    csn_span host = node;
    size_t end = node.len;

    if (bracket) {
        size_t close = find_octet(node, ']');

        if (close == node.len)
            return false;
        host = (csn_span){ node.ptr + 1, close - 1 };
        end = close + 1;
    } else if (!read_literal(node, result, &is_v4)) {
        end = host.len = find_octet(node, ':');
    }
    if (!read_literal(host, result, &is_v4) || (bracket && is_v4) ||
        !is_port((csn_span){ node.ptr + end, node.len - end }))
        return false;
    memcpy(octets, result, sizeof(result));
    return true;
}
