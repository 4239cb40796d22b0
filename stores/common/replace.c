// SPDX-License-Identifier: MIT
#define _GNU_SOURCE /* asprintf, mkostemp */
#include "replace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool
write_all(int fd, csn_span content)
{
    while (content.len != 0) {
        ssize_t put = write(fd, content.ptr, content.len);

        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return false;
        content.ptr += put;
        content.len -= (size_t)put;
    }
    return true;
}

/* Owner first: a change of owner may take mode bits away. */
static bool
make_like(int fd, const struct stat *like)
{
    struct stat own;

    if (like == NULL)
        return true;
    if (fstat(fd, &own) != 0)
        return false;
    if ((own.st_uid != like->st_uid || own.st_gid != like->st_gid) &&
        fchown(fd, like->st_uid, like->st_gid) != 0)
        return false;
    return fchmod(fd, like->st_mode & 07777) == 0;
}

/* A name is on disk when its folder is. */
static bool
sync_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder;
    int fd;
    bool done;

    if (slash == NULL)
        folder = strdup(".");
    else
        folder = strndup(path, slash == path ? 1 : (size_t)(slash - path));
    if (folder == NULL)
        return false;
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(folder);
    if (fd < 0)
        return false;
    /* Some file systems cannot sync a folder and need not. */
    done = fsync(fd) == 0 || errno == EINVAL;
    close(fd);
    return done;
}

/* Move `made` to `path`, never over a file that nobody expects there. */
static csn_status
give_name(const char *made, const char *path, bool is_new)
{
    if (!is_new)
        return rename(made, path) == 0 ? CSN_OK : CSN_E_STORE;
    if (link(made, path) != 0)
        return errno == EEXIST ? CSN_E_STATE : CSN_E_STORE;
    (void)unlink(made);
    return CSN_OK;
}

/* All but the name; errno says what failed. */
static bool
fill(int fd, csn_span content, const struct stat *like)
{
    bool done = write_all(fd, content) && make_like(fd, like) &&
        fsync(fd) == 0;
    int error = errno;

    close(fd);
    errno = error;
    return done;
}

csn_status
csn_file_replace(const char *path, csn_span content, const struct stat *like)
{
    csn_status status = CSN_E_STORE;
    char *made = NULL;
    int error;
    int fd;

    if (asprintf(&made, "%s.XXXXXX", path) < 0)
        return CSN_E_STORE;
    fd = mkostemp(made, O_CLOEXEC);
    if (fd >= 0) {
        if (fill(fd, content, like))
            status = give_name(made, path, like == NULL);
        error = errno;
        if (status != CSN_OK)
            (void)unlink(made);
        errno = error;
    }
    error = errno;
    free(made);
    errno = error;
    if (status == CSN_OK && !sync_folder(path))
        status = CSN_E_STORE;
    return status;
}
