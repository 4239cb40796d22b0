// SPDX-License-Identifier: MIT
#include "launcher.h"

#include "settings/address.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * The launcher opens the sockets and the engine inherits them: a port that is
 * taken is told before anything starts, port 0 works, and clients that come
 * while a crashed engine is started again wait instead of being refused.
 */
enum { BACKLOG = 4096 };

static bool
open_one(csn_gw_listen *listen_on, csn_gw_error *error)
{
    struct sockaddr *address = (struct sockaddr *)&listen_on->address;
    socklen_t len = address->sa_family == AF_INET6
        ? sizeof(struct sockaddr_in6)
        : sizeof(struct sockaddr_in);
    int on = 1;

    /* Without CLOEXEC and blocking or not as the engine sets it itself. */
    listen_on->fd = socket(address->sa_family, SOCK_STREAM, 0);
    if (listen_on->fd < 0)
        return csn_gw_fail(error, "%s: %s", listen_on->text, strerror(errno));
    if (setsockopt(listen_on->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) !=
            0 ||
        (address->sa_family == AF_INET6 &&
            setsockopt(listen_on->fd, IPPROTO_IPV6, IPV6_V6ONLY, &on,
                sizeof(on)) != 0) ||
        bind(listen_on->fd, address, len) != 0 ||
        listen(listen_on->fd, BACKLOG) != 0 ||
        getsockname(listen_on->fd, address, &len) != 0)
        return csn_gw_fail(error, "cannot listen on %s: %s", listen_on->text,
            strerror(errno));
    csn_gw_listen_print(listen_on);
    return true;
}

bool
csn_gw_listen_open(csn_gw_settings *settings, csn_gw_error *error)
{
    for (size_t i = 0; i < settings->listen_count; i++) {
        if (!open_one(&settings->listens[i], error)) {
            csn_gw_listen_close(settings);
            return false;
        }
    }
    return true;
}

void
csn_gw_listen_close(csn_gw_settings *settings)
{
    for (size_t i = 0; i < settings->listen_count; i++) {
        if (settings->listens[i].fd >= 0)
            close(settings->listens[i].fd);
        settings->listens[i].fd = -1;
    }
}
