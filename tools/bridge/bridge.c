// SPDX-License-Identifier: MIT
#include "bridge.h"

#include "settings/address.h"

#include "common/exit.h"
#include "common/note.h"
#include "verbs.h"

#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Where a login may stand when none is named, as `fetch` has it. */
static const char login_variable[] = "COUNTERSIGN_PROXY_USER";

static const char counts_mib[] = "1"; /* nobody logs in: nothing is counted */
enum { MAX_THREADS = 4 };             /* one person's machine */

/* Settings as the command line of `countersign gateway` takes them. */
typedef struct setting {
    const char *name;
    const char *value;  /* NULL: left out */
    const char *option; /* where it comes from */
} setting;

static bool
say(const csn_gw_error *error)
{
    csn_note("%s", error->text);
    return false;
}

static bool
is_here(const csn_gw_listen *listen)
{
    if (csn_gw_is_loopback((const struct sockaddr *)&listen->address))
        return true;
    csn_note("--listen: %s is no loopback address: others could come in",
        listen->text);
    return false;
}

/* By name or number. */
static bool
let_in_others(csn_bridge *self)
{
    for (size_t i = 0; i < self->options.also_count; i++) {
        const char *name = self->options.also[i];
        const struct passwd *user = getpwnam(name);
        csn_gw_error error;
        char uid[24];

        snprintf(uid, sizeof(uid), "%lu",
            user != NULL ? (unsigned long)user->pw_uid : 0);
        if (!csn_gw_settings_set(&self->settings, "open",
                user != NULL ? uid : name, &error)) {
            csn_note("--also %s: there is no such user", name);
            return false;
        }
    }
    return true;
}

static bool
set_all(csn_bridge *self)
{
    const csn_bridge_options *options = &self->options;
    char uid[24];
    const setting settings[] = {
        { "forward", "yes", "" },
        { "open", uid, "this user" },
        { "via-proxy", options->proxy, "--proxy" },
        { "via-proof", options->proof, "--proof" },
        { "tls-ca", options->ca, "--cacert" },
        { "via-patience", options->patience, "--patience" },
        { "via-allow-md5", options->allow_md5 ? "yes" : NULL, "" },
        { "listen",
            options->listen != NULL ? options->listen
                : options->once     ? "127.0.0.1:0"
                                    : "127.0.0.1:3128",
            "--listen" },
        { "counts-size", counts_mib, "" },
    };
    csn_gw_error error;

    snprintf(uid, sizeof(uid), "%lu", (unsigned long)geteuid());
    csn_gw_settings_init(&self->settings);
    for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
        if (settings[i].value == NULL ||
            csn_gw_settings_set(&self->settings, settings[i].name,
                settings[i].value, &error))
            continue;
        csn_note("%s%s", settings[i].option,
            error.text + strcspn(error.text, ":"));
        return false;
    }
    return is_here(&self->settings.listens[0]) && let_in_others(self) &&
        (csn_gw_paths_absolute(&self->settings, &error) || say(&error));
}

/* What hangs on the rest, and whether all of it can work. */
static bool
finish(csn_bridge *self)
{
    csn_gw_settings *settings = &self->settings;
    csn_gw_error error;

    if (!csn_gw_settings_finish(settings, &error))
        return say(&error);
    if (settings->threads > MAX_THREADS)
        settings->threads = MAX_THREADS;
    return csn_gw_check(settings, &error) || say(&error);
}

/* From the options, the environment or a prompt; then to the engine. */
static bool
hand_over(csn_bridge *self)
{
    csn_login *login = &self->options.login;
    const char *file = self->options.user_file;
    bool done = (file == NULL || csn_login_file(login, file)) &&
        csn_login_complete(login, login_variable, "proxy");

    if (done && !login->given) {
        csn_note("give --user NAME, --user-file FILE or %s", login_variable);
        done = false;
    }
    if (done && self->login < 0)
        self->login = csn_bridge_handover_open(self->settings.via_user_file);
    done = done && self->login >= 0 &&
        csn_bridge_handover_put(self->login, login);
    csn_login_free(login);
    (void)unsetenv(login_variable); /* it is no other program's */
    return done;
}

/* For a person to copy. */
static void
say_exports(const csn_bridge *self)
{
    char url[128];
    char *no_proxy = csn_bridge_no_proxy();

    csn_bridge_url(&self->settings, url);
    printf("countersign bridge is ready: %s leads to %s\n", url,
        self->options.proxy);
    printf("  export http_proxy=%s https_proxy=%s\n", url, url);
    printf("  export no_proxy='%s'\n", no_proxy != NULL ? no_proxy : "");
    fflush(stdout);
    free(no_proxy);
}

static int
on_ready(void *context, const csn_gw_settings *settings)
{
    csn_bridge *self = context;
    int code = self->options.untried ? CSN_EXIT_OK : csn_bridge_attempt(self);

    (void)settings;
    if (code != CSN_EXIT_OK)
        return code;
    self->ready = true;
    if (!self->options.once)
        say_exports(self);
    else if (!csn_bridge_command_start(self))
        return CSN_EXIT_MEMORY;
    return CSN_GW_GO_ON;
}

static bool
has_terminal(void)
{
    int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);

    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

/* SIGHUP: the terminal it was started at is gone, and it with it; or else the
 * file with the login has changed. */
static int
on_signal(void *context, const csn_gw_state *state, const siginfo_t *info)
{
    csn_bridge *self = context;
    const char *file = self->options.user_file;

    (void)state;
    if (info->si_signo != SIGHUP)
        return CSN_GW_AS_USUAL;
    if (self->at_home && !has_terminal()) {
        (void)raise(SIGTERM);
        return CSN_GW_GO_ON;
    }
    if (file == NULL || strcmp(file, "-") == 0) {
        csn_note("the login is in no file: there is nothing to read anew");
        return CSN_GW_GO_ON;
    }
    return hand_over(self) ? CSN_GW_AS_USUAL : CSN_GW_GO_ON;
}

static int
run_once(csn_bridge *self)
{
    static const int passed_on[] = { SIGQUIT, SIGUSR1, SIGUSR2 };
    csn_gw_use use = { .context = self,
        .ready = on_ready,
        .signal = csn_bridge_command_signal };
    int code;

    snprintf(self->settings.log, CSN_GW_MAX_PATH, "%.1000s/refusals",
        self->state.directory);
    for (size_t i = 0; i < sizeof(passed_on) / sizeof(passed_on[0]); i++)
        sigaddset(&use.signals, passed_on[i]);
    code = csn_gw_run(&self->settings, &self->state, &use);
    if (self->ready)
        csn_bridge_say_refusals(self->settings.log);
    return code;
}

static int
run(csn_bridge *self)
{
    const csn_gw_use use = { .context = self,
        .ready = on_ready,
        .signal = on_signal };
    csn_gw_error error;
    int code;

    if (!csn_gw_state_open(self->settings.state, &self->state, &error)) {
        csn_note("%s", error.text);
        return CSN_EXIT_USAGE;
    }
    memcpy(self->settings.state, self->state.directory, CSN_GW_MAX_PATH);
    code = self->options.once
        ? run_once(self)
        : csn_gw_run(&self->settings, &self->state, &use);
    csn_gw_state_close(&self->state);
    return code;
}

/* With a directory of its own, if none is named. */
static int
run_somewhere(csn_bridge *self)
{
    char *path = self->settings.state;
    bool own;
    int code;

    if (!csn_bridge_place_make(self->options.state, path, &own))
        return CSN_EXIT_USAGE;
    code = finish(self) ? run(self) : CSN_EXIT_USAGE;
    if (own)
        csn_bridge_place_remove(path);
    return code;
}

int
csn_cmd_bridge(int argc, char **argv)
{
    static csn_bridge self;
    int code = CSN_EXIT_OK;

    self.login = -1;
    csn_bridge_options_read(argc, argv, &self.options);
    self.at_home = has_terminal();
    sigprocmask(SIG_BLOCK, NULL, &self.mask);
    if (!set_all(&self))
        return CSN_EXIT_USAGE;
    if (!self.options.untried)
        code = csn_bridge_reach(&self.settings.via);
    if (code == CSN_EXIT_OK)
        code = hand_over(&self) ? run_somewhere(&self) : CSN_EXIT_USAGE;
    csn_login_free(&self.options.login);
    if (self.login >= 0)
        close(self.login);
    return code;
}
