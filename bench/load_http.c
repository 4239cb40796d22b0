// SPDX-License-Identifier: MIT
#include "load_http.h"

#include "load_plan.h"

#include <countersign/field.h>

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

bool
load_url_read(const char *text, load_url *url)
{
    static const char scheme[] = "http://";
    const char *host = text + sizeof(scheme) - 1;
    const char *colon;
    char *path;
    unsigned long port;

    if (strncmp(text, scheme, sizeof(scheme) - 1) != 0)
        return false;
    colon = strchr(host, ':');
    if (colon == NULL || colon == host)
        return false;
    port = strtoul(colon + 1, &path, 10);
    if (port == 0 || port > 65535 || (*path != '/' && *path != '\0'))
        return false;
    url->host = (csn_span){ (const uint8_t *)host, (size_t)(colon - host) };
    url->port = (uint16_t)port;
    url->path = *path == '\0' ? CSN_SPAN("/")
                              : (csn_span){ (uint8_t *)path, strlen(path) };
    return true;
}

int
load_connect(csn_span host, uint16_t port)
{
    const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
    struct addrinfo *found;
    char name[256];
    char service[6];
    int on = 1;
    int fd;

    snprintf(name, sizeof(name), "%.*s", (int)host.len, host.ptr);
    snprintf(service, sizeof(service), "%u", (unsigned)port);
    if (getaddrinfo(name, service, &hints, &found) != 0)
        load_die("the host has no address");
    fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, found->ai_addr, found->ai_addrlen) != 0)
        load_die(strerror(errno));
    freeaddrinfo(found);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    return fd;
}

static csn_span
trim(const char *from, const char *to)
{
    while (from < to && (*from == ' ' || *from == '\t'))
        from++;
    while (to > from && (to[-1] == ' ' || to[-1] == '\t'))
        to--;
    return (csn_span){ (const uint8_t *)from, (size_t)(to - from) };
}

static void
note(csn_span *lines, size_t *count, csn_span value)
{
    if (*count == LOAD_LINES)
        load_die("more lines of a field than there is room for");
    lines[(*count)++] = value;
}

static void
read_field(csn_span name, csn_span value, csn_layer layer, load_head *head)
{
    if (csn_name_equal(name, CSN_SPAN("Content-Length")))
        head->body_len = strtoul((const char *)value.ptr, NULL, 10);
    else if (csn_name_equal(name, CSN_SPAN("Transfer-Encoding")))
        load_die("a response is chunked, which this program does not read");
    else if (csn_name_equal(name, csn_layer_info_field(layer)))
        note(head->info, &head->info_count, value);
    else if (csn_name_equal(name, csn_layer_challenge_field(layer)))
        note(head->challenges, &head->challenge_count, value);
}

bool
load_head_read(csn_span octets, csn_layer layer, load_head *head)
{
    const char *at = (const char *)octets.ptr;
    const char *end = memmem(at, octets.len, "\r\n\r\n", 4);
    const char *line;

    if (end == NULL)
        return false;
    memset(head, 0, sizeof(*head));
    if (octets.len < 12 || memcmp(at, "HTTP/1.", 7) != 0)
        load_die("what came is no HTTP");
    head->status = (unsigned)strtoul(at + 9, NULL, 10);
    head->head_len = (size_t)(end - at) + 4;
    for (line = memchr(at, '\n', octets.len); line < end;
         line = memchr(line, '\n', (size_t)(end + 2 - line))) {
        const char *name = ++line;
        const char *stop = memchr(name, '\r', (size_t)(end + 1 - name));
        const char *colon = memchr(name, ':', (size_t)(stop - name));

        if (colon != NULL)
            read_field(trim(name, colon), trim(colon + 1, stop), layer, head);
    }
    return true;
}
