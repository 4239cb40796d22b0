// SPDX-License-Identifier: MIT
#include "bridge.h"

#include "common/exit.h"
#include "common/note.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

enum { PATIENCE_MS = 5000 };

/* curl's, which have no name in common/exit.h. */
enum { EXIT_NO_NAME = 5, EXIT_NO_CONNECTION = 7 };

/* Returns 0, or the error. */
static int
connect_to(const struct addrinfo *to)
{
    int fd = socket(to->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
        0);
    struct pollfd wait = { .fd = fd, .events = POLLOUT };
    socklen_t len = sizeof(int);
    int fault = 0;

    if (fd < 0)
        return errno;
    if (connect(fd, to->ai_addr, to->ai_addrlen) != 0) {
        fault = errno;
        if (fault == EINPROGRESS)
            fault = poll(&wait, 1, PATIENCE_MS) == 1 &&
                    getsockopt(fd, SOL_SOCKET, SO_ERROR, &fault, &len) == 0
                ? fault
                : ETIMEDOUT;
    }
    close(fd);
    return fault;
}

static void
keep_address(csn_gw_origin *proxy, const struct addrinfo *from)
{
    char address[NI_MAXHOST];

    if (getnameinfo(from->ai_addr, from->ai_addrlen, address, sizeof(address),
            NULL, 0, NI_NUMERICHOST) == 0 &&
        strlen(address) + 3 <= sizeof(proxy->host))
        snprintf(proxy->host, sizeof(proxy->host),
            from->ai_family == AF_INET6 ? "[%.253s]" : "%.253s", address);
}

static int
try_all(csn_gw_origin *proxy, const struct addrinfo *first)
{
    int fault = EADDRNOTAVAIL;

    for (const struct addrinfo *at = first; at != NULL; at = at->ai_next) {
        fault = connect_to(at);
        if (fault == 0) {
            if (!proxy->tls) /* its certificate is for the name */
                keep_address(proxy, at);
            return CSN_EXIT_OK;
        }
    }
    csn_note("the proxy %s:%u cannot be reached: %s", proxy->host,
        (unsigned)proxy->port, strerror(fault));
    return fault == ETIMEDOUT ? CSN_EXIT_TIMEOUT : EXIT_NO_CONNECTION;
}

int
csn_bridge_reach(csn_gw_origin *proxy)
{
    const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
    struct addrinfo *found;
    char host[sizeof(proxy->host)];
    char port[16];
    int fault;

    /* An IPv6 address stands in brackets. */
    snprintf(host, sizeof(host), "%s",
        proxy->host + (proxy->host[0] == '[' ? 1 : 0));
    host[strcspn(host, "]")] = '\0';
    snprintf(port, sizeof(port), "%u", (unsigned)proxy->port);
    fault = getaddrinfo(host, port, &hints, &found);
    if (fault != 0) {
        csn_note("the proxy %s cannot be found: %s", host,
            gai_strerror(fault));
        return EXIT_NO_NAME;
    }
    fault = try_all(proxy, found);
    freeaddrinfo(found);
    return fault;
}
