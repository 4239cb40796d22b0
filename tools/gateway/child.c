// SPDX-License-Identifier: MIT
#include "launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static const char output_name[] = "log/engine.out";

/* The child: from here on only what may be called after a fork. */
static void
become_engine(const char *engine, const char *run_root, int output,
    pid_t launcher)
{
    struct rlimit files;
    sigset_t none;

    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);

    /* The engine never outlives its launcher, however that one ends. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != launcher)
        _exit(1);
    /* What is typed at a terminal, Ctrl-C too, is for others. */
    (void)setsid();
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
    if (nothing >= 0)
        (void)dup2(nothing, STDIN_FILENO);
    (void)dup2(output, STDOUT_FILENO);
    (void)dup2(output, STDERR_FILENO);
    execl(engine, "traffic_server", run_root, (char *)NULL);
    _exit(127);
}

pid_t
csn_gw_child_start(const csn_gw_state *state, const char *engine,
    csn_gw_error *error)
{
    char run_root[CSN_GW_MAX_PATH + 16];
    char path[CSN_GW_MAX_PATH + 32];
    pid_t launcher = getpid();
    pid_t child;
    int output;

    snprintf(run_root, sizeof(run_root), "--run-root=%s", state->directory);
    snprintf(path, sizeof(path), "%s/%s", state->directory, output_name);
    output = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC,
        S_IRUSR | S_IWUSR);
    if (output < 0) {
        csn_gw_fail(error, "%.400s: %s", path, strerror(errno));
        return -1;
    }
    child = fork();
    if (child == 0)
        become_engine(engine, run_root, output, launcher);
    if (child < 0)
        csn_gw_fail(error, "no process for the engine: %s", strerror(errno));
    close(output);
    return child;
}

/* The last lines of a file, each led by two blanks. */
static void
say_tail(const char *path, size_t max_lines)
{
    enum { TAIL = 4096 };
    char text[TAIL + 1];
    FILE *file = fopen(path, "re");
    size_t len;
    size_t lines = 0;
    char *at;

    if (file == NULL)
        return;
    if (fseek(file, -TAIL, SEEK_END) != 0)
        rewind(file);
    len = fread(text, 1, TAIL, file);
    fclose(file);
    while (len > 0 && text[len - 1] == '\n')
        len--;
    text[len] = '\0';
    for (at = text + len; at > text; at--) {
        if (at[-1] == '\n' && ++lines == max_lines)
            break;
    }
    for (char *save = NULL, *line = strtok_r(at, "\n", &save); line != NULL;
         line = strtok_r(NULL, "\n", &save))
        fprintf(stderr, "  %s\n", line);
}

void
csn_gw_child_say_last(const csn_gw_state *state)
{
    char path[CSN_GW_MAX_PATH + 32];

    snprintf(path, sizeof(path), "%s/%s", state->directory, output_name);
    say_tail(path, 8);
    snprintf(path, sizeof(path), "%s/log/diags.log", state->directory);
    say_tail(path, 4);
}
