// SPDX-License-Identifier: MIT
#include "launcher.h"

#include "process/control.h"

#include "common/exit.h"
#include "common/note.h"

#include <countersign/stores/users.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/*
 * The engine's life: it is started, asked until it is ready, watched, started
 * again when it crashes, told to reload at SIGHUP, and drained at SIGTERM or
 * SIGINT: nothing new is taken, what runs may finish, and after --drain
 * seconds (or a second signal) it ends in any case.
 */

enum {
    READY_MS = 30000,  /* an engine that is not ready by then never is */
    ASK_MS = 2000,     /* one question on the control socket */
    LOOK_MS = 25,      /* between two looks while waiting */
    RELOAD_MS = 60000, /* a large user file takes its time */
    LONG_LIFE_S = 60,  /* a crash after that is a first one */
    MAX_PAUSE_S = 30,
    DRAIN_EXTRA_MS = 2000 /* what the engine's own timers add */
};

typedef struct life {
    csn_gw_settings *settings;
    csn_gw_state *state;
    const csn_gw_use *use;
    char engine[CSN_GW_MAX_PATH];
    sigset_t signals;
    pid_t child;       /* 0: none */
    bool ready;        /* it is, or was before it crashed */
    bool over;         /* it shall end, */
    int code;          /* with this exit code, */
    bool drains;       /* and after what is in flight */
    bool reload_asked; /* by a SIGHUP that came before it was ready */
} life;

static int64_t
now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void
end_with(life *self, int code)
{
    self->over = true;
    self->code = code;
}

/* Wait up to `ms` for a signal, and do what it asks for. */
static void
heed_signal(life *self, int64_t ms)
{
    struct timespec patience = { .tv_sec = ms / 1000,
        .tv_nsec = (ms % 1000) * 1000000 };
    int wanted = CSN_GW_AS_USUAL;
    siginfo_t info;

    if (sigtimedwait(&self->signals, &info, &patience) <= 0)
        return;
    if (self->use->signal != NULL)
        wanted = self->use->signal(self->use->context, self->state, &info);
    if (wanted >= 0) {
        end_with(self, wanted);
    } else if (wanted == CSN_GW_AS_USUAL && info.si_signo == SIGHUP) {
        self->reload_asked = true;
    } else if (wanted == CSN_GW_AS_USUAL &&
        (info.si_signo == SIGTERM || info.si_signo == SIGINT)) {
        end_with(self, CSN_EXIT_OK);
        self->drains = true;
    }
}

/* Whether the child is gone; reaps it. */
static bool
is_gone(life *self, int *status)
{
    if (self->child == 0)
        return true;
    if (waitpid(self->child, status, WNOHANG) != self->child)
        return false;
    self->child = 0;
    return true;
}

static void
kill_child(life *self)
{
    int status;

    if (self->child == 0)
        return;
    kill(self->child, SIGKILL);
    while (waitpid(self->child, &status, 0) < 0 && errno == EINTR) {
    }
    self->child = 0;
}

static void
say_end(int status)
{
    if (WIFSIGNALED(status))
        csn_note("the engine ended with signal %d (%s)", WTERMSIG(status),
            strsignal(WTERMSIG(status)));
    else
        csn_note("the engine ended with code %d", WEXITSTATUS(status));
}

/* Ask until the engine answers; false: it ended, or a signal came. */
static bool
wait_ready(life *self)
{
    int64_t end = now_ms() + READY_MS;
    char answer[512];
    csn_gw_error error;
    int status = 0;

    while (now_ms() < end) {
        heed_signal(self, LOOK_MS);
        if (self->over)
            return false;
        if (is_gone(self, &status)) {
            say_end(status);
            return false;
        }
        if (csn_gw_control_ask(self->state->directory, "status\n", ASK_MS,
                answer, sizeof(answer), &error) &&
            strstr(answer, "\"ready\"") != NULL)
            return true;
    }
    csn_note("the engine is not ready after %d seconds", READY_MS / 1000);
    return false;
}

/* Whom it is a client of. */
static void
say_behind(const csn_gw_settings *settings)
{
    const csn_gw_origin *via = &settings->via;

    if (via->present)
        printf("  through  %s://%s:%u%s\n", via->tls ? "https" : "http",
            via->host, (unsigned)via->port,
            settings->via_relay ? ", where clients log in" : "");
    for (size_t i = 0; i < settings->presented_count; i++) {
        const csn_gw_presented *one = &settings->presented[i];

        printf("  login    %s at %s://%s:%u\n", one->user,
            one->where.tls ? "https" : "http", one->where.host,
            (unsigned)one->where.port);
    }
}

int
csn_gw_say_ready(void *context, const csn_gw_settings *settings)
{
    (void)context;
    puts("countersign gateway is ready");
    for (size_t i = 0; i < settings->listen_count; i++) {
        const csn_gw_listen *listen = &settings->listens[i];
        const char *scheme = listen->tls ? "https" : "http";

        if (listen->admin)
            printf("  admin    http://%s/metrics and /health\n", listen->text);
        else if (listen->layer == CSN_LAYER_ORIGIN)
            printf("  origin   %s://%s before %s://%s:%u, realm \"%s\"\n",
                scheme, listen->text, settings->origin.tls ? "https" : "http",
                settings->origin.host, (unsigned)settings->origin.port,
                settings->realm[CSN_LAYER_ORIGIN]);
        else if (settings->open_count > 0)
            printf("  forward  %s://%s, plain and CONNECT, without a login\n",
                scheme, listen->text);
        else
            printf("  forward  %s://%s, plain and CONNECT, realm \"%s\"\n",
                scheme, listen->text, settings->realm[CSN_LAYER_PROXY]);
    }
    say_behind(settings);
    fflush(stdout);
    return CSN_GW_GO_ON;
}

void
csn_gw_run_reload(const csn_gw_state *state)
{
    char answer[1024];
    csn_gw_error error;

    if (!csn_gw_control_ask(state->directory, "reload\n", RELOAD_MS, answer,
            sizeof(answer), &error))
        csn_note("reload: %s", error.text);
    else
        csn_note("reload: %s", answer);
}

/* Whether nothing is in flight any more. */
static bool
is_idle(const life *self)
{
    char answer[512];
    csn_gw_error error;
    const char *active;

    if (!csn_gw_control_ask(self->state->directory, "status\n", ASK_MS, answer,
            sizeof(answer), &error))
        return false;
    active = strstr(answer, "\"active\":");
    return active != NULL &&
        strtol(active + strlen("\"active\":"), NULL, 10) == 0;
}

static void
drain(life *self)
{
    int64_t end = now_ms() + (int64_t)self->settings->drain_s * 1000 +
        DRAIN_EXTRA_MS;
    /* The engine looks for its signal once a second: until then it still
     * takes what has come in. */
    int64_t quiet = now_ms() + 1200;
    int status;

    csn_gw_listen_close(self->settings);
    kill(self->child, SIGTERM);
    self->over = false; /* until it is asked for once more */
    while (now_ms() < end && !is_gone(self, &status)) {
        heed_signal(self, LOOK_MS * 4);
        if (self->over || (now_ms() > quiet && is_idle(self)))
            break;
    }
    self->over = true;
}

/* Watch a ready engine; returns when it is gone or shall go. */
static void
watch(life *self)
{
    int status = 0;

    while (!self->over) {
        if (self->reload_asked)
            csn_gw_run_reload(self->state);
        self->reload_asked = false;
        heed_signal(self, 1000);
        if (!self->over && is_gone(self, &status)) {
            say_end(status);
            return;
        }
    }
    if (self->drains)
        drain(self);
}

static void
greet(life *self)
{
    int wanted = CSN_GW_GO_ON;

    if (self->ready)
        csn_note("the engine is ready again");
    else
        wanted = self->use->ready(self->use->context, self->settings);
    self->ready = true;
    if (wanted >= 0)
        end_with(self, wanted);
}

/* Wait before the next start; a signal ends the waiting. */
static void
pause_after_crash(life *self, int64_t lived_ms, int *pause_s)
{
    int64_t end;

    *pause_s = lived_ms > (int64_t)LONG_LIFE_S * 1000 ? 1 : *pause_s * 2;
    if (*pause_s > MAX_PAUSE_S)
        *pause_s = MAX_PAUSE_S;
    csn_note("it is started again in %d s", *pause_s);
    end = now_ms() + (int64_t)*pause_s * 1000;
    while (now_ms() < end && !self->over)
        heed_signal(self, 100);
}

static int
live(life *self)
{
    int pause_s = 1;

    while (!self->over) {
        int64_t born = now_ms();
        csn_gw_error error;

        self->child = csn_gw_child_start(self->state, self->engine, &error);
        if (self->child < 0) {
            self->child = 0;
            csn_note("%s", error.text);
            return CSN_EXIT_USAGE;
        }
        if (wait_ready(self)) {
            greet(self);
            watch(self);
        } else if (!self->over && !self->ready) {
            kill_child(self);
            csn_gw_child_say_last(self->state);
            return CSN_EXIT_USAGE;
        }
        kill_child(self);
        if (!self->over)
            pause_after_crash(self, now_ms() - born, &pause_s);
    }
    return self->code;
}

/* The engine's own output goes to a file, refusals to where ours goes. */
static bool
keep_log(csn_gw_settings *settings, csn_gw_error *error)
{
    int fd;

    if (strcmp(settings->log, "-") != 0)
        return true;
    fd = fcntl(STDERR_FILENO, F_DUPFD, 3);
    if (fd < 0)
        return csn_gw_fail(error, "log: %s", strerror(errno));
    snprintf(settings->log, sizeof(settings->log), "fd:%d", fd);
    return true;
}

int
csn_gw_run(csn_gw_settings *settings, csn_gw_state *state,
    const csn_gw_use *use)
{
    life self = { .settings = settings,
        .state = state,
        .use = use,
        .signals = use->signals };
    char plugin[CSN_GW_MAX_PATH];
    csn_gw_error error;
    int code;

    sigaddset(&self.signals, SIGTERM);
    sigaddset(&self.signals, SIGINT);
    sigaddset(&self.signals, SIGHUP);
    sigaddset(&self.signals, SIGCHLD);
    sigprocmask(SIG_BLOCK, &self.signals, NULL);

    if (!csn_gw_find_engine(self.engine, &error) ||
        !csn_gw_find_plugin(plugin, &error) ||
        !csn_gw_listen_open(settings, &error) || !keep_log(settings, &error) ||
        !csn_gw_counts_open(settings, &error) ||
        !csn_gw_records_write(settings, state, plugin, &error)) {
        csn_note("%s", error.text);
        return CSN_EXIT_USAGE;
    }
    code = live(&self);
    csn_gw_listen_close(settings);
    return code;
}
