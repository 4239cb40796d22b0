// SPDX-License-Identifier: MIT
#ifndef CSN_GW_OWNER_H
#define CSN_GW_OWNER_H

#include "settings/settings.h"

#include <sys/types.h>

/*
 * Whose connection it is, where both of its ends are on this machine: the
 * kernel knows the user of every socket and tells (sock_diag(7)).
 */

/** What is seen of the socket at the other end. */
typedef struct csn_gw_owner {
    uid_t uid;
    uint32_t inode; /* 0: closed, and its user is not known any more */
    uint8_t state;  /* as TCP_ESTABLISHED */
} csn_gw_owner;

/**
 * Ask for the socket whose own end is `peer` and whose other end is `local`.
 *
 * In:      addresses of one family, AF_INET or AF_INET6.
 * Returns: whether there is such a socket and the kernel said so.
 * Threads: no shared state. Takes a few microseconds and waits for nothing.
 */
bool csn_gw_owner_ask(const struct sockaddr *peer,
    const struct sockaddr *local, csn_gw_owner *owner);

/**
 * Whether what was seen is a live connection of `uid`. A socket that was
 * closed meanwhile is nobody's: the kernel calls it the superuser's. One that
 * is not connected (yet) is not the one that is asked about.
 */
bool csn_gw_owner_admits(const csn_gw_owner *owner, uid_t uid);

/** Try it on a connection of one's own: false where the kernel tells nothing,
 * as in some containers. */
bool csn_gw_owner_works(csn_gw_error *error);

#endif
