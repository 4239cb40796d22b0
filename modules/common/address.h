// SPDX-License-Identifier: MIT
#ifndef CSN_COMMON_ADDRESS_H
#define CSN_COMMON_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

/**
 * An address in 16 octets, IPv4 mapped: as limits on guessing want it.
 *
 * Out:     `octets`, on true.
 * Returns: false: it is neither IPv4 nor IPv6.
 */
bool csn_address_octets(const struct sockaddr *address, uint8_t octets[16]);

#endif
