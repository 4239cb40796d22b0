// SPDX-License-Identifier: MIT
#include "plugin.h"

#include "process/control.h"

#include <arpa/inet.h>
#include <jansson.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/*
 * One thread, off the event threads: it looks at the user files four times a
 * second and answers the control socket, both by way of csn_gw_world_load.
 */
enum {
    LOOK_MS = 250,
    CONTROL_MS = 1000,
    TICK_MS = 20,   /* file systems note times no finer than that */
    HOSTS_MS = 1500 /* the engine reads the hosts file a second after start */
};

static int64_t started_ms;

/* What tells that a file changed: any of these, of the file or its SQLite
 * journal. The time is that of the last change of any kind, which nobody can
 * set back, as copying programs do with that of the content. */
typedef struct look {
    struct timespec changed[2];
    off_t size[2];
    ino_t inode[2];
} look;

static look
look_at(const char *path)
{
    static const char *const suffixes[2] = { "", "-wal" };
    look result;

    memset(&result, 0, sizeof(result));
    for (size_t i = 0; i < 2; i++) {
        char name[CSN_GW_MAX_PATH + 8];
        struct stat info;

        snprintf(name, sizeof(name), "%s%s", path, suffixes[i]);
        if (stat(name, &info) != 0)
            continue;
        result.changed[i] = info.st_ctim;
        result.size[i] = info.st_size;
        result.inode[i] = info.st_ino;
    }
    return result;
}

/* Whether a file may have changed while or after it was last read: two
 * changes within a tick look alike. */
static bool
is_too_new(const look *seen)
{
    uint64_t read_ms = atomic_load(&csn_gateway.loaded_ms);
    uint64_t now_ms = csn_gw_wall_ms();

    for (size_t i = 0; i < 2; i++) {
        uint64_t changed_ms = (uint64_t)seen->changed[i].tv_sec * 1000 +
            (uint64_t)seen->changed[i].tv_nsec / 1000000;

        /* Another machine's clock may be ahead: that tells nothing. */
        if (changed_ms + TICK_MS >= read_ms && changed_ms <= now_ms)
            return true;
    }
    return false;
}

/* Whether the user files are not, or may not be, what was read last; `seen`
 * is brought up. */
static bool
users_changed(look seen[CSN_GW_LAYERS])
{
    bool changed = false;

    for (int layer = 0; layer < CSN_GW_LAYERS; layer++) {
        look now;

        if (!csn_gw_settings_asks(&csn_gateway.settings, (csn_layer)layer))
            continue;
        now = look_at(csn_gateway.settings.users[layer]);
        if (memcmp(&now, &seen[layer], sizeof(now)) != 0 || is_too_new(&now))
            changed = true;
        seen[layer] = now;
    }
    return changed;
}

static int64_t
monotonic_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Whether the application is known by a name, which may be one that only the
 * hosts file has. */
static bool
origin_has_name(void)
{
    const csn_gw_origin *origin = &csn_gateway.settings.origin;
    struct in_addr address;

    return origin->present && origin->host[0] != '[' &&
        inet_pton(AF_INET, origin->host, &address) != 1;
}

/* The engine accepts before its task threads run (admin.c needs them), and
 * before it can find `localhost`. */
static bool
is_ready(void)
{
    return atomic_load(&csn_gateway.threads_ready) &&
        (!origin_has_name() || monotonic_ms() - started_ms >= HOSTS_MS);
}

static char *
answer_status(void)
{
    json_t *status = json_pack("{s:s, s:i, s:I, s:I, s:I, s:I}", "state",
        is_ready() ? "ready" : "starting", "pid", (int)getpid(), "active",
        (json_int_t)csn_gw_requests_active(), "reloads",
        (json_int_t)atomic_load(&csn_gateway.reloads), "reload_failures",
        (json_int_t)atomic_load(&csn_gateway.reload_failures), "log_waiting",
        (json_int_t)csn_gw_log_waiting());
    char *text = json_dumps(status, JSON_COMPACT);

    json_decref(status);
    return text;
}

static char *
answer_reload(void)
{
    csn_gw_error error = { "" };
    bool good = csn_gw_world_load(&error);
    json_t *result = good
        ? json_pack("{s:b}", "reloaded", 1)
        : json_pack("{s:b, s:s}", "reloaded", 0, "error", error.text);
    char *text = json_dumps(result, JSON_COMPACT);

    csn_gw_log_reopen();
    json_decref(result);
    return text;
}

/* One command and one answer for each connection. */
static void
answer_control(int listener)
{
    struct timeval patience = { .tv_sec = CONTROL_MS / 1000 };
    char command[32] = "";
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    char *text = NULL;

    if (fd < 0)
        return;
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    if (recv(fd, command, sizeof(command) - 1, 0) > 0) {
        if (strcmp(command, "status\n") == 0)
            text = answer_status();
        else if (strcmp(command, "reload\n") == 0)
            text = answer_reload();
    }
    if (text != NULL)
        (void)send(fd, text, strlen(text), MSG_NOSIGNAL);
    free(text);
    close(fd);
}

static void *
watch_main(void *context)
{
    struct pollfd control = { .fd = *(int *)context, .events = POLLIN };
    look seen[CSN_GW_LAYERS];
    bool settled = true;

    free(context);
    memset(seen, 0, sizeof(seen));
    (void)users_changed(seen);
    for (;;) {
        csn_gw_error error;
        bool changed;

        if (poll(&control, 1, LOOK_MS) > 0)
            answer_control(control.fd);
        changed = users_changed(seen);
        if (!changed && settled)
            continue;
        /* A file caught while it is written is read again next time. */
        settled = csn_gw_world_load(&error);
        if (!settled && changed)
            csn_gw_log_event("reload-failed", error.text);
    }
    return NULL;
}

bool
csn_gw_watch_start(csn_gw_error *error)
{
    pthread_t thread;
    int *listener = malloc(sizeof(*listener));

    if (listener == NULL)
        return csn_gw_fail(error, "no memory");
    started_ms = monotonic_ms();
    *listener = csn_gw_control_listen(csn_gateway.settings.state, error);
    if (*listener < 0) {
        free(listener);
        return false;
    }
    if (pthread_create(&thread, NULL, watch_main, listener) != 0)
        return csn_gw_fail(error, "no thread to watch the user files");
    pthread_detach(thread);
    return true;
}
