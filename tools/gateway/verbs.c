// SPDX-License-Identifier: MIT
#include "launcher.h"

#include "control.h"

#include "common/exit.h"
#include "common/note.h"

#include <countersign/crypto_openssl.h>
#include <countersign/stores/keys.h>

#include <argp.h>
#include <signal.h>
#include <string.h>
#include <time.h>

/* What is said to a gateway that runs: `countersign gateway VERB`. */

enum { ASK_MS = 5000, RELOAD_MS = 60000, STOP_LOOK_MS = 50 };

typedef struct told {
    const char *state;
} told;

static int
ask(const char *directory, const char *command, int timeout_ms)
{
    char answer[1024];
    csn_gw_error error;

    if (csn_gw_state_owner(directory, &error) == 0 ||
        !csn_gw_control_ask(directory, command, timeout_ms, answer,
            sizeof(answer), &error)) {
        csn_note("%s", error.text);
        return CSN_EXIT_NO;
    }
    puts(answer);
    return strstr(answer, "\"reloaded\":false") == NULL ? CSN_EXIT_OK
                                                        : CSN_EXIT_NO;
}

static int
do_reload(const char *directory)
{
    return ask(directory, "reload\n", RELOAD_MS);
}

static int
do_status(const char *directory)
{
    return ask(directory, "status\n", ASK_MS);
}

/* Ends when the gateway has ended; how long that takes is its --drain. */
static int
do_stop(const char *directory)
{
    const struct timespec look = { .tv_nsec = STOP_LOOK_MS * 1000000L };
    csn_gw_error error;
    pid_t owner;

    if (!csn_gw_state_signal(directory, SIGTERM, &owner, &error)) {
        csn_note("%s", error.text);
        return CSN_EXIT_NO;
    }
    while (csn_gw_state_owner(directory, &error) == owner)
        nanosleep(&look, NULL);
    return CSN_EXIT_OK;
}

/* A gateway that runs takes the new key at once. */
static int
do_rotate_keys(const char *directory)
{
    char path[CSN_GW_MAX_PATH + 32];
    csn_keys_error why = { "" };
    csn_gw_error error;

    if (snprintf(path, sizeof(path), "%s/%s", directory, CSN_GW_KEYS_FILE) >=
            (int)sizeof(path) ||
        csn_keys_rotate(path, csn_crypto_openssl(), &why) != CSN_OK) {
        csn_note("%s/%s: %s", directory, CSN_GW_KEYS_FILE, why.text);
        return CSN_EXIT_NO;
    }
    if (csn_gw_state_owner(directory, &error) == 0)
        return CSN_EXIT_OK;
    return do_reload(directory);
}

static const struct {
    const char *word;
    int (*run)(const char *directory);
} verbs[] = {
    { "reload", do_reload },
    { "status", do_status },
    { "stop", do_stop },
    { "rotate-keys", do_rotate_keys },
};

enum { VERBS = sizeof(verbs) / sizeof(verbs[0]) };

bool
csn_gw_is_verb(const char *word)
{
    for (size_t i = 0; i < VERBS; i++) {
        if (strcmp(word, verbs[i].word) == 0)
            return true;
    }
    return false;
}

static error_t
take_option(int key, char *value, struct argp_state *argp)
{
    told *what = argp->input;

    if (key == 's') {
        what->state = value;
        return 0;
    }
    if (key == ARGP_KEY_END && what->state == NULL)
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
            .doc = "The gateway's state directory" },
        { 0 },
    };
    static const struct argp argp = { .options = options,
        .parser = take_option,
        .doc = "Tell a gateway that runs to reload users, nonce keys and "
               "certificate, to say how it is, to stop, or to use a new nonce "
               "key." };
    told what = { NULL };
    char name[64];
    const char *word = argv[0];

    snprintf(name, sizeof(name), "countersign gateway %s", word);
    argv[0] = name;
    if (argp_parse(&argp, argc, argv, 0, NULL, &what) != 0)
        return CSN_EXIT_USAGE;
    for (size_t i = 0; i < VERBS; i++) {
        if (strcmp(word, verbs[i].word) == 0)
            return verbs[i].run(what.state);
    }
    return CSN_EXIT_USAGE;
}
