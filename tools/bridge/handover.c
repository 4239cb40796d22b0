// SPDX-License-Identifier: MIT
#include "bridge.h"

#include "common/note.h"

#include "core/ct.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * The engine inherits the memory and opens it by its number, at the start and
 * at each reload.
 */
int
csn_bridge_handover_open(char path[CSN_GW_MAX_PATH])
{
    int fd = memfd_create("login", 0);

    if (fd < 0 || fchmod(fd, S_IRUSR | S_IWUSR) != 0) {
        csn_note("no memory for the login: %s", strerror(errno));
        if (fd >= 0)
            close(fd);
        return -1;
    }
    snprintf(path, CSN_GW_MAX_PATH, "/proc/self/fd/%d", fd);
    return fd;
}

bool
csn_bridge_handover_put(int fd, const csn_login *login)
{
    char line[CSN_MAX_USER + CSN_SECRET_MAX + 4];
    size_t user_len = strlen(login->user);
    int len;
    bool put;

    if (user_len > CSN_MAX_USER) {
        csn_note("a user name has at most %d octets", CSN_MAX_USER);
        return false;
    }
    len = snprintf(line, sizeof(line), "%s:%s\n", login->user,
        login->password.text);
    put = ftruncate(fd, 0) == 0 && pwrite(fd, line, (size_t)len, 0) == len;
    csn_wipe(line, sizeof(line));
    if (!put)
        csn_note("no memory for the login: %s", strerror(errno));
    return put;
}
