// SPDX-License-Identifier: MIT
#include "launcher.h"

#include "process/control.h"

#include "common/exit.h"
#include "common/note.h"

#include <argp.h>
#include <signal.h>
#include <string.h>
#include <time.h>

/* What is said to a gateway that runs: `countersign gateway VERB`. */

enum { ASK_MS = 5000, RELOAD_MS = 60000, STOP_LOOK_MS = 50, MAX_STATES = 16 };

/* Whom it is said to; `rotate-keys` alone is for several at once. */
typedef struct told {
    const char *states[MAX_STATES];
    size_t count;
} told;

static int
fail(const csn_gw_error *error)
{
    csn_note("%s", error->text);
    return CSN_EXIT_NO;
}

static bool
ask(const char *directory, const char *command, int timeout_ms,
    csn_gw_error *error)
{
    char answer[1024];

    if (csn_gw_state_owner(directory, error) == 0 ||
        !csn_gw_control_ask(directory, command, timeout_ms, answer,
            sizeof(answer), error))
        return false;
    puts(answer);
    return strstr(answer, "\"reloaded\":false") == NULL ||
        csn_gw_fail(error, "%.400s: the gateway goes on with what it had",
            directory);
}

bool
csn_gw_reload(const char *state, csn_gw_error *error)
{
    return ask(state, "reload\n", RELOAD_MS, error);
}

static int
do_reload(const told *what)
{
    csn_gw_error error;

    return csn_gw_reload(what->states[0], &error) ? CSN_EXIT_OK : fail(&error);
}

static int
do_status(const told *what)
{
    csn_gw_error error;

    return ask(what->states[0], "status\n", ASK_MS, &error) ? CSN_EXIT_OK
                                                            : fail(&error);
}

/* Ends when the gateway has ended; how long that takes is its --drain. */
static int
do_stop(const told *what)
{
    const char *directory = what->states[0];
    const struct timespec look = { .tv_nsec = STOP_LOOK_MS * 1000000L };
    csn_gw_error error;
    pid_t owner;

    if (!csn_gw_state_signal(directory, SIGTERM, &owner, &error))
        return fail(&error);
    while (csn_gw_state_owner(directory, &error) == owner)
        nanosleep(&look, NULL);
    return CSN_EXIT_OK;
}

static int
do_rotate_keys(const told *what)
{
    csn_gw_error error;

    return csn_gw_rotate(what->states, what->count, &error) ? CSN_EXIT_OK
                                                            : fail(&error);
}

static const struct {
    const char *word;
    int (*run)(const told *what);
    bool several;
} verbs[] = {
    { "reload", do_reload, false },
    { "status", do_status, false },
    { "stop", do_stop, false },
    { "rotate-keys", do_rotate_keys, true },
};

enum { VERBS = sizeof(verbs) / sizeof(verbs[0]) };

/* Its row, or VERBS. */
static size_t
find_verb(const char *word)
{
    size_t row = 0;

    while (row < VERBS && strcmp(word, verbs[row].word) != 0)
        row++;
    return row;
}

bool
csn_gw_is_verb(const char *word)
{
    return find_verb(word) < VERBS;
}

static error_t
take_option(int key, char *value, struct argp_state *argp)
{
    told *what = argp->input;

    if (key == 's') {
        if (what->count == MAX_STATES)
            argp_error(argp, "--state is given more than %d times",
                MAX_STATES);
        what->states[what->count++] = value;
        return 0;
    }
    if (key == ARGP_KEY_END && what->count == 0)
        argp_error(argp, "give --state DIR");
    return ARGP_ERR_UNKNOWN;
}

int
csn_gw_verb(int argc, char **argv)
{
    static const struct argp_option options[] = {
        { .name = "state",
            .key = 's',
            .arg = "DIR",
            .doc = "The gateway's state directory; for rotate-keys that of "
                   "every gateway that shares the keys (repeatable)" },
        { 0 },
    };
    static const struct argp argp = { .options = options,
        .parser = take_option,
        .doc = "Tell a gateway that runs to reload users, nonce keys and "
               "certificate, to say how it is, to stop, or to use a new nonce "
               "key." };
    told what = { .count = 0 };
    char name[64];
    size_t row = find_verb(argv[0]);

    snprintf(name, sizeof(name), "countersign gateway %s", argv[0]);
    argv[0] = name;
    if (argp_parse(&argp, argc, argv, 0, NULL, &what) != 0)
        return CSN_EXIT_USAGE;
    if (what.count > 1 && !verbs[row].several) {
        csn_note("--state is given twice");
        return CSN_EXIT_USAGE;
    }
    return verbs[row].run(&what);
}
