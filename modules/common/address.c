// SPDX-License-Identifier: MIT
#include "address.h"

#include <netinet/in.h>
#include <string.h>

bool
csn_address_octets(const struct sockaddr *address, uint8_t octets[16])
{
    static const uint8_t mapped[12] = { [10] = 255, [11] = 255 };

    if (address->sa_family == AF_INET) {
        memcpy(octets, mapped, sizeof(mapped));
        memcpy(octets + sizeof(mapped),
            &((const struct sockaddr_in *)(const void *)address)->sin_addr, 4);
        return true;
    }
    if (address->sa_family == AF_INET6) {
        memcpy(octets,
            &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr,
            16);
        return true;
    }
    return false;
}
