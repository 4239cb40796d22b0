// SPDX-License-Identifier: MIT
#include "nameless.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int
csn_curl_nameless_open(void)
{
    const char *dir = getenv("TMPDIR");
    char name[4096];
    int fd;

    if (dir == NULL || *dir == '\0')
        dir = "/tmp";
    fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0)
        return fd;
    /* Not every file system has such files: a name for a moment, then. */
    if (snprintf(name, sizeof(name), "%s/countersign.XXXXXX", dir) >=
        (int)sizeof(name)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    fd = mkostemp(name, O_CLOEXEC);
    if (fd >= 0)
        unlink(name);
    return fd;
}

bool
csn_curl_nameless_write(int fd, const void *data, size_t len)
{
    const char *at = data;

    while (len != 0) {
        ssize_t done = write(fd, at, len);

        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return false;
        at += done;
        len -= (size_t)done;
    }
    return true;
}
