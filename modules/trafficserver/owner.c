// SPDX-License-Identifier: MIT
#include "owner.h"

#include "settings/address.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

typedef struct question {
    struct nlmsghdr head;
    struct inet_diag_req_v2 body;
} question;

/* What comes back: the socket, or an error. */
typedef union answer {
    struct nlmsghdr head;
    uint8_t octets[4096];
} answer;

/* Address and port of one end, as the question has them. */
static bool
put_end(const struct sockaddr *end, __be32 address[4], __be16 *port)
{
    if (end->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const void *)end;

        memcpy(address, &v4->sin_addr, sizeof(v4->sin_addr));
        *port = v4->sin_port;
        return true;
    }
    if (end->sa_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const void *)end;

        memcpy(address, &v6->sin6_addr, sizeof(v6->sin6_addr));
        *port = v6->sin6_port;
        return true;
    }
    return false;
}

static bool
fill(question *ask, const struct sockaddr *peer, const struct sockaddr *local)
{
    struct inet_diag_sockid *id = &ask->body.id;

    memset(ask, 0, sizeof(*ask));
    ask->head.nlmsg_len = sizeof(*ask);
    ask->head.nlmsg_type = SOCK_DIAG_BY_FAMILY;
    ask->head.nlmsg_flags = NLM_F_REQUEST;
    ask->head.nlmsg_seq = 1;
    ask->body.sdiag_family = (uint8_t)peer->sa_family;
    ask->body.sdiag_protocol = IPPROTO_TCP;
    ask->body.idiag_states = UINT32_MAX;
    id->idiag_cookie[0] = INET_DIAG_NOCOOKIE;
    id->idiag_cookie[1] = INET_DIAG_NOCOOKIE;
    return peer->sa_family == local->sa_family &&
        put_end(peer, id->idiag_src, &id->idiag_sport) &&
        put_end(local, id->idiag_dst, &id->idiag_dport);
}

/* The kernel answers while it is asked: what is not there at once is none. */
static bool
hear(int fd, answer *said)
{
    struct sockaddr_nl from;
    socklen_t from_len = sizeof(from);
    ssize_t len = recvfrom(fd, said, sizeof(*said), MSG_DONTWAIT,
        (struct sockaddr *)&from, &from_len);

    return len >= 0 && from_len == sizeof(from) && from.nl_pid == 0 &&
        NLMSG_OK(&said->head, (size_t)len);
}

/* Whether it is about the socket that was asked for. */
static bool
take(const question *asked, const answer *said, csn_gw_owner *owner)
{
    const struct inet_diag_sockid *id = &asked->body.id;
    struct inet_diag_msg socket;

    if (said->head.nlmsg_type != SOCK_DIAG_BY_FAMILY ||
        said->head.nlmsg_len < NLMSG_LENGTH(sizeof(socket)))
        return false;
    memcpy(&socket, NLMSG_DATA(&said->head), sizeof(socket));
    if (socket.id.idiag_sport != id->idiag_sport ||
        socket.id.idiag_dport != id->idiag_dport)
        return false;
    owner->uid = socket.idiag_uid;
    owner->inode = socket.idiag_inode;
    owner->state = socket.idiag_state;
    return true;
}

bool
csn_gw_owner_ask(const struct sockaddr *peer, const struct sockaddr *local,
    csn_gw_owner *owner)
{
    const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
    question ask;
    answer said;
    bool known;
    int fd;

    if (!fill(&ask, peer, local))
        return false;
    fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    if (fd < 0)
        return false;
    known = sendto(fd, &ask, sizeof(ask), 0, (const struct sockaddr *)&kernel,
                sizeof(kernel)) == (ssize_t)sizeof(ask) &&
        hear(fd, &said) && take(&ask, &said, owner);
    close(fd);
    return known;
}

bool
csn_gw_owner_admits(const csn_gw_owner *owner, uid_t uid)
{
    return owner->inode != 0 && owner->uid == uid &&
        (owner->state == TCP_ESTABLISHED || owner->state == TCP_FIN_WAIT1 ||
            owner->state == TCP_FIN_WAIT2 || owner->state == TCP_CLOSE_WAIT);
}

/* A listener and a connection to it, both on loopback. */
static bool
try_own(int listener, int client)
{
    struct sockaddr_in here = { .sin_family = AF_INET,
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct sockaddr_in peer;
    socklen_t here_len = sizeof(here);
    socklen_t peer_len = sizeof(peer);
    csn_gw_owner owner;

    return bind(listener, (struct sockaddr *)&here, sizeof(here)) == 0 &&
        listen(listener, 1) == 0 &&
        getsockname(listener, (struct sockaddr *)&here, &here_len) == 0 &&
        connect(client, (struct sockaddr *)&here, sizeof(here)) == 0 &&
        getsockname(client, (struct sockaddr *)&peer, &peer_len) == 0 &&
        csn_gw_owner_ask((struct sockaddr *)&peer, (struct sockaddr *)&here,
            &owner) &&
        csn_gw_owner_admits(&owner, geteuid());
}

bool
csn_gw_owner_works(csn_gw_error *error)
{
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool works = listener >= 0 && client >= 0 && try_own(listener, client);

    if (listener >= 0)
        close(listener);
    if (client >= 0)
        close(client);
    return works ||
        csn_gw_fail(error,
            "the kernel does not tell here whose a connection is "
            "(sock_diag), so other users of this machine could not be kept "
            "out");
}
