// SPDX-License-Identifier: MIT
#include "process/control.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static const char socket_name[] = "control";

/* A socket's path has room for 107 octets, a directory may need more: the
 * directory is opened and named by its number. */
static bool
address_of(int directory, struct sockaddr_un *address)
{
    int len;

    memset(address, 0, sizeof(*address));
    address->sun_family = AF_UNIX;
    len = snprintf(address->sun_path, sizeof(address->sun_path),
        "/proc/self/fd/%d/%s", directory, socket_name);
    return len > 0 && (size_t)len < sizeof(address->sun_path);
}

static int
open_state(const char *state, struct sockaddr_un *address, csn_gw_error *error)
{
    int directory = open(state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (directory < 0 || !address_of(directory, address)) {
        csn_gw_fail(error, "%.400s: %s", state, strerror(errno));
        if (directory >= 0)
            close(directory);
        return -1;
    }
    return directory;
}

int
csn_gw_control_listen(const char *state, csn_gw_error *error)
{
    struct sockaddr_un address;
    int directory = open_state(state, &address, error);
    int fd;

    if (directory < 0)
        return -1;
    (void)unlinkat(directory, socket_name, 0); /* of one that was killed */
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || fchmod(fd, S_IRUSR | S_IWUSR) != 0 ||
        bind(fd, (const struct sockaddr *)&address, sizeof(address)) != 0 ||
        fchmodat(directory, socket_name, S_IRUSR | S_IWUSR, 0) != 0 ||
        listen(fd, 8) != 0) {
        csn_gw_fail(error, "%.400s/%s: %s", state, socket_name,
            strerror(errno));
        if (fd >= 0)
            close(fd);
        fd = -1;
    }
    close(directory);
    return fd;
}

/* Read until the other side closes. */
static bool
receive(int fd, char *answer, size_t size)
{
    size_t len = 0;

    while (len + 1 < size) {
        ssize_t got = recv(fd, answer + len, size - 1 - len, 0);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return false;
        if (got == 0)
            break;
        len += (size_t)got;
    }
    answer[len] = '\0';
    return len > 0;
}

bool
csn_gw_control_ask(const char *state, const char *command, int timeout_ms,
    char *answer, size_t size, csn_gw_error *error)
{
    struct timeval patience = { .tv_sec = timeout_ms / 1000,
        .tv_usec = (timeout_ms % 1000) * 1000 };
    struct sockaddr_un address;
    int directory = open_state(state, &address, error);
    int fd;
    bool good;

    if (directory < 0)
        return false;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    good = fd >= 0 &&
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) ==
            0 &&
        connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 &&
        send(fd, command, strlen(command), MSG_NOSIGNAL) > 0 &&
        receive(fd, answer, size);
    if (!good)
        csn_gw_fail(error, "no gateway answers in %.400s", state);
    if (fd >= 0)
        close(fd);
    close(directory);
    return good;
}
