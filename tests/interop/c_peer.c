// SPDX-License-Identifier: MIT
#include "c_peer.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_CONNECTIONS = 256 };

struct c_peer {
    c_peer_handler handler;
    void *data;
    int listener;
    unsigned port;
    pthread_t acceptor;
    pthread_mutex_t lock;
    pthread_t threads[MAX_CONNECTIONS];
    int sockets[MAX_CONNECTIONS];
    unsigned count;
};

struct connection {
    c_peer *peer;
    int socket;
    unsigned number;
};

static void
need(bool done, const char *what)
{
    if (!done) {
        perror(what);
        abort();
    }
}

/* Read one header section; what follows it stays in the socket. */
static bool
read_head(int fd, char head[PEER_HEAD])
{
    size_t len = 0;

    while (len + 1 < PEER_HEAD) {
        if (recv(fd, head + len, 1, 0) != 1)
            return false;
        head[++len] = '\0';
        if (len >= 4 && memcmp(head + len - 4, "\r\n\r\n", 4) == 0)
            return true;
    }
    return false;
}

static bool
send_text(int fd, const char *text)
{
    size_t len = strlen(text);

    return send(fd, text, len, MSG_NOSIGNAL) == (ssize_t)len;
}

/* Content-Length octets, after a 100 to who asked for one. */
static bool
read_content(int fd, c_peer_request *request)
{
    const char *field = strstr(request->head, "Content-Length: ");
    size_t left = field ? strtoul(field + 16, NULL, 10) : 0;

    request->content = 0;
    while (left != 0) {
        char chunk[4096];
        ssize_t got = recv(fd, chunk,
            left < sizeof(chunk) ? left : sizeof(chunk), 0);

        if (got <= 0)
            return false;
        left -= (size_t)got;
        request->content += (size_t)got;
    }
    return true;
}

static void *
serve(void *userp)
{
    struct connection *own = userp;
    c_peer_request *request = calloc(1, sizeof(*request));
    char answer[PEER_ANSWER];

    need(request != NULL, "calloc");
    request->connection = own->number;
    while (read_head(own->socket, request->head)) {
        bool waits = strstr(request->head, "100-continue") != NULL;

        /* Refuse before the content comes, or take it. */
        if (waits && strstr(request->head, "uthorization: ") == NULL) {
            if (own->peer->handler(own->peer->data, request, answer))
                send_text(own->socket, answer);
            break;
        }
        if (waits && !send_text(own->socket, "HTTP/1.1 100 Go\r\n\r\n"))
            break;
        if (!read_content(own->socket, request) ||
            !own->peer->handler(own->peer->data, request, answer) ||
            !send_text(own->socket, answer))
            break;
    }
    shutdown(own->socket, SHUT_RDWR);
    free(request);
    free(own);
    return NULL;
}

static void *
accept_all(void *userp)
{
    c_peer *peer = userp;
    int fd;

    while ((fd = accept(peer->listener, NULL, NULL)) >= 0) {
        struct connection *own = calloc(1, sizeof(*own));

        need(own != NULL && peer->count < MAX_CONNECTIONS, "connection");
        pthread_mutex_lock(&peer->lock);
        *own = (struct connection){ peer, fd, peer->count + 1 };
        peer->sockets[peer->count] = fd;
        need(pthread_create(&peer->threads[peer->count], NULL, serve, own) ==
                0,
            "thread");
        peer->count++;
        pthread_mutex_unlock(&peer->lock);
    }
    return NULL;
}

c_peer *
c_peer_open(c_peer_handler handler, void *data)
{
    c_peer *peer = calloc(1, sizeof(*peer));
    struct sockaddr_in address = { .sin_family = AF_INET,
        .sin_addr = { htonl(INADDR_LOOPBACK) } };
    socklen_t len = sizeof(address);

    need(peer != NULL, "calloc");
    peer->handler = handler;
    peer->data = data;
    pthread_mutex_init(&peer->lock, NULL);
    peer->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    need(peer->listener >= 0 &&
            bind(peer->listener, (struct sockaddr *)&address, len) == 0 &&
            listen(peer->listener, 64) == 0 &&
            getsockname(peer->listener, (struct sockaddr *)&address, &len) ==
                0,
        "listener");
    peer->port = ntohs(address.sin_port);
    need(pthread_create(&peer->acceptor, NULL, accept_all, peer) == 0,
        "thread");
    return peer;
}

void
c_peer_close(c_peer *peer)
{
    shutdown(peer->listener, SHUT_RDWR);
    pthread_join(peer->acceptor, NULL);
    close(peer->listener);
    for (unsigned i = 0; i < peer->count; i++) {
        shutdown(peer->sockets[i], SHUT_RDWR);
        pthread_join(peer->threads[i], NULL);
        close(peer->sockets[i]);
    }
    pthread_mutex_destroy(&peer->lock);
    free(peer);
}

unsigned
c_peer_port(const c_peer *peer)
{
    return peer->port;
}

bool
c_peer_param(const c_peer_request *request, const char *field,
    const char *name, char *out, size_t size)
{
    char start[64];
    const char *line;
    const char *value;
    size_t len;

    (void)snprintf(start, sizeof(start), "\r\n%s: ", field);
    line = strstr(request->head, start);
    if (line == NULL)
        return false;
    (void)snprintf(start, sizeof(start), " %s=", name);
    value = strstr(line, start);
    if (value == NULL)
        return false;
    value += strlen(start);
    if (*value == '"')
        value++;
    len = strcspn(value, "\",\r");
    if (len >= size)
        return false;
    memcpy(out, value, len);
    out[len] = '\0';
    return true;
}
