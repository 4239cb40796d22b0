// SPDX-License-Identifier: MIT
#include "bridge.h"

#include "process/control.h"

#include "common/exit.h"
#include "common/note.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* As shells have them. */
enum { EXIT_NOT_RUN = 126, EXIT_NOT_FOUND = 127, EXIT_SIGNAL = 128 };

static _Noreturn void
become_command(csn_bridge *self)
{
    char **command = self->options.command;
    int fault;

    csn_gw_listen_close(&self->settings);
    close(self->login);
    sigprocmask(SIG_SETMASK, &self->mask, NULL);
    if (!csn_bridge_surround(self)) {
        csn_note("no memory for its environment");
        _exit(CSN_EXIT_MEMORY);
    }
    execvp(command[0], command);
    fault = errno;
    csn_note("%s: %s", command[0], strerror(fault));
    _exit(fault == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_RUN);
}

bool
csn_bridge_command_start(csn_bridge *self)
{
    self->command = fork();
    if (self->command == 0)
        become_command(self);
    if (self->command > 0)
        return true;
    self->command = 0;
    csn_note("no process for the command: %s", strerror(errno));
    return false;
}

/* The last refusals may still be on their way to the file. */
static void
wait_for_log(const csn_gw_state *state)
{
    enum { LOOKS = 50, ASK_MS = 1000 };
    const struct timespec pause = { .tv_nsec = 10 * 1000 * 1000 };
    char answer[512];
    csn_gw_error error;

    for (int i = 0; i < LOOKS; i++) {
        if (!csn_gw_control_ask(state->directory, "status\n", ASK_MS, answer,
                sizeof(answer), &error) ||
            strstr(answer, "\"log_waiting\":0") != NULL)
            return;
        nanosleep(&pause, NULL);
    }
}

static int
see_command(csn_bridge *self, const csn_gw_state *state)
{
    int status;

    if (waitpid(self->command, &status, WNOHANG) != self->command)
        return CSN_GW_GO_ON;
    self->command = 0;
    wait_for_log(state);
    return WIFSIGNALED(status) ? EXIT_SIGNAL + WTERMSIG(status)
                               : WEXITSTATUS(status);
}

/* What a terminal sends it sends to the command as well (SI_KERNEL); what
 * another process sends is handed on. */
int
csn_bridge_command_signal(void *context, const csn_gw_state *state,
    const siginfo_t *info)
{
    csn_bridge *self = context;

    if (self->command == 0)
        return info->si_signo == SIGCHLD ? CSN_GW_GO_ON
                                         : EXIT_SIGNAL + info->si_signo;
    if (info->si_signo == SIGCHLD)
        return see_command(self, state);
    if (info->si_code <= 0 && info->si_pid != self->command)
        (void)kill(self->command, info->si_signo);
    return CSN_GW_GO_ON;
}
