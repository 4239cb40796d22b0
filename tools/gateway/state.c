// SPDX-License-Identifier: MIT
#include "launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * Who holds the lock is what the system says (a record lock knows its
 * process); the number in the file is for people alone. Such a lock would go
 * when any descriptor of the file is closed: its holder opens it only once.
 */
static const char lock_name[] = "lock";

static bool
make_directory(const char *directory, csn_gw_error *error)
{
    struct stat info;

    if (mkdir(directory, S_IRWXU) != 0 && errno != EEXIST)
        return csn_gw_fail(error, "%.400s: %s", directory, strerror(errno));
    if (stat(directory, &info) != 0)
        return csn_gw_fail(error, "%.400s: %s", directory, strerror(errno));
    if (!S_ISDIR(info.st_mode))
        return csn_gw_fail(error, "%.400s: is no directory", directory);
    /* Whoever owns it decides where what is written there really goes. */
    if (info.st_uid != geteuid())
        return csn_gw_fail(error, "%.400s: belongs to another user",
            directory);
    if ((info.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return csn_gw_fail(error, "%.400s: others can write to it; chmod 700",
            directory);
    return true;
}

static int
open_lock(const char *directory, int flags)
{
    char path[CSN_GW_MAX_PATH + sizeof(lock_name) + 1];

    snprintf(path, sizeof(path), "%s/%s", directory, lock_name);
    return open(path, flags | O_CLOEXEC, S_IRUSR | S_IWUSR);
}

bool
csn_gw_state_open(const char *directory, csn_gw_state *state,
    csn_gw_error *error)
{
    struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    char *real;
    char pid[24];
    int len;

    if (!make_directory(directory, error))
        return false;
    real = realpath(directory, NULL);
    /* The engine's configuration has no way to quote these. */
    if (real == NULL || strlen(real) >= sizeof(state->directory) ||
        strpbrk(real, " \t\n\":#") != NULL) {
        free(real);
        return csn_gw_fail(error,
            "%.400s: is too long, or has blanks, "
            "quotation marks, ':' or '#'",
            directory);
    }
    memcpy(state->directory, real, strlen(real) + 1);
    free(real);

    state->lock = open_lock(state->directory, O_RDWR | O_CREAT);
    if (state->lock < 0)
        return csn_gw_fail(error, "%.400s/%s: %s", directory, lock_name,
            strerror(errno));
    if (fcntl(state->lock, F_SETLK, &whole) != 0) {
        close(state->lock);
        return csn_gw_fail(error, "%.400s: another gateway uses it",
            directory);
    }
    len = snprintf(pid, sizeof(pid), "%ld\n", (long)getpid());
    if (ftruncate(state->lock, 0) != 0 ||
        pwrite(state->lock, pid, (size_t)len, 0) != len) {
        close(state->lock);
        return csn_gw_fail(error, "%.400s/%s: %s", directory, lock_name,
            strerror(errno));
    }
    return true;
}

void
csn_gw_state_close(csn_gw_state *state)
{
    close(state->lock);
    state->lock = -1;
}

pid_t
csn_gw_state_owner(const char *directory, csn_gw_error *error)
{
    struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    int lock = open_lock(directory, O_RDWR);
    bool known;

    if (lock < 0) {
        csn_gw_fail(error, "%.400s: no gateway uses it", directory);
        return 0;
    }
    known = fcntl(lock, F_GETLK, &whole) == 0;
    close(lock);
    if (!known || whole.l_type == F_UNLCK) {
        csn_gw_fail(error, "%.400s: no gateway uses it", directory);
        return 0;
    }
    if (whole.l_pid < 2) {
        csn_gw_fail(error, "%.400s: its gateway cannot be seen from here",
            directory);
        return 0;
    }
    return whole.l_pid;
}

bool
csn_gw_state_signal(const char *directory, int signal, pid_t *owner,
    csn_gw_error *error)
{
    int process;
    bool sent;

    *owner = csn_gw_state_owner(directory, error);
    if (*owner == 0)
        return false;
    /* Should it end now, and another take its number, this names the one
     * that was asked about, or the second look finds that out. */
    process = pidfd_open(*owner, 0);
    if (process < 0)
        return csn_gw_fail(error, "%.400s: %s", directory, strerror(errno));
    sent = csn_gw_state_owner(directory, error) == *owner &&
        pidfd_send_signal(process, signal, NULL, 0) == 0;
    close(process);
    return sent || csn_gw_fail(error, "%.400s: no gateway uses it", directory);
}
