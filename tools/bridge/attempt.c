// SPDX-License-Identifier: MIT
#include "bridge.h"

#include "common/exit.h"
#include "common/note.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/*
 * The first login: a request for a name that cannot be (RFC 6761, 6.4), which
 * a proxy judges before it looks for it. What becomes of the request does not
 * matter; what the bridge itself says of the login stands in Proxy-Status.
 */
static const char request[] = "GET http://countersign.invalid/ HTTP/1.1\r\n"
                              "Host: countersign.invalid\r\n"
                              "Connection: close\r\n\r\n";

enum { PATIENCE_S = 20, LOOK_MS = 100, MAX_RESPONSE = 16384 };

enum { EXIT_NO_CONNECTION = 7 };

/* Reasons that are the login's; all others are the proof's. */
static const char *const login_reasons[] = { "credentials-refused",
    "no-challenge", "no-acceptable-challenge", "downgrade", "retries-used" };

/* The one that a laxer policy takes from a proxy that never proved itself. */
static const char silence[] = "no-info\"";

/* Whether the end was asked for: signals wait until this is over. */
static bool
is_interrupted(void)
{
    sigset_t waiting;

    return sigpending(&waiting) == 0 &&
        (sigismember(&waiting, SIGINT) == 1 ||
            sigismember(&waiting, SIGTERM) == 1);
}

static time_t
now_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

/* Read until the other side closes; false: it did not, or not in time. */
static bool
receive(int fd, char *text, size_t size)
{
    struct pollfd wait = { .fd = fd, .events = POLLIN };
    time_t end = now_s() + PATIENCE_S;
    size_t len = 0;

    while (now_s() < end && !is_interrupted()) {
        ssize_t got;

        if (poll(&wait, 1, LOOK_MS) != 1)
            continue;
        got = recv(fd, text + len, size - 1 - len, MSG_DONTWAIT);
        if (got > 0)
            len += (size_t)got;
        else if (got == 0 || (errno != EAGAIN && errno != EINTR))
            break;
        if (len == size - 1)
            break; /* more than is needed */
    }
    text[len] = '\0';
    return len > 0;
}

static bool
ask(const csn_gw_listen *bridge, char *text, size_t size)
{
    const struct sockaddr *to = (const struct sockaddr *)&bridge->address;
    int fd = socket(to->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool heard = fd >= 0 &&
        connect(fd, to,
            to->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
                                      : sizeof(struct sockaddr_in)) == 0 &&
        send(fd, request, strlen(request), MSG_NOSIGNAL) ==
            (ssize_t)strlen(request) &&
        receive(fd, text, size);

    if (fd >= 0)
        close(fd);
    return heard;
}

static int
judge(const char *field, const char *page, csn_proof_policy policy)
{
    static const char details[] = "details=\"";
    const char *reason = strstr(field, details);
    const char *colon = strchr(page, ':'); /* behind the status */
    const char *text = colon != NULL ? colon + 2 : page;

    csn_note("%.*s", (int)strcspn(text, "\n"), text);
    if (reason == NULL)
        return EXIT_NO_CONNECTION;
    reason += strlen(details);
    for (size_t i = 0; i < sizeof(login_reasons) / sizeof(login_reasons[0]);
         i++) {
        size_t len = strlen(login_reasons[i]);

        if (strncmp(reason, login_reasons[i], len) == 0 && reason[len] == '"')
            return CSN_EXIT_LOGIN;
    }
    if (policy == CSN_PROOF_REQUIRE)
        csn_note("--proof %s would go on without, and notice no impostor",
            strncmp(reason, silence, strlen(silence)) == 0 ? "expect" : "off");
    return CSN_EXIT_PROOF;
}

int
csn_bridge_attempt(const csn_bridge *self)
{
    static const char ours[] = "\r\nProxy-Status: countersign; error=";
    char text[MAX_RESPONSE];
    char *page;
    const char *field;

    if (!ask(&self->settings.listens[0], text, sizeof(text))) {
        if (is_interrupted())
            return CSN_EXIT_OK;
        csn_note("the proxy does not answer a request within %d seconds",
            PATIENCE_S);
        return CSN_EXIT_TIMEOUT;
    }
    page = strstr(text, "\r\n\r\n");
    if (page == NULL)
        return CSN_EXIT_OK;
    page[2] = '\0'; /* what follows is no field */
    field = strstr(text, ours);
    return field == NULL
        ? CSN_EXIT_OK
        : judge(field + 2, page + 4, self->settings.via_proof);
}
