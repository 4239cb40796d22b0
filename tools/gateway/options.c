// SPDX-License-Identifier: MIT
#include "launcher.h"

#include "common/exit.h"
#include "common/note.h"

#include <argp.h>
#include <stdlib.h>
#include <string.h>

/* argp keys that are no characters, so that no short option arises. */
enum { KEY_CONFIG = 256, KEY_CHECK, KEY_SETTING, MAX_SETTINGS = 64 };

static const char doc[] =
    "Put an authenticating proxy in front of an application, between users "
    "and the network, or both. It asks for HTTP Digest and proves itself in "
    "every response.\v"
    "With --config FILE the settings of the file come first: NAME = VALUE "
    "lines, the names being those above without dashes. What the command "
    "line says replaces them; repeatable settings add up.\n\n"
    "While it runs:\n"
    "  countersign gateway reload --state DIR       users, keys, certificate\n"
    "  countersign gateway status --state DIR\n"
    "  countersign gateway stop --state DIR\n"
    "  countersign gateway rotate-keys --state DIR  a new nonce key";

static const char no_arguments[] = "";

/* A setting named on the command line, kept until the file was read. */
typedef struct given {
    const char *name;
    const char *value;
    struct given *next;
} given;

typedef struct parse {
    csn_gw_options *options;
    const char *config;
    given *first;
    given **last;
} parse;

static error_t
keep_setting(parse *state, int key, const char *value)
{
    given *one = malloc(sizeof(*one));

    if (one == NULL)
        return ENOMEM;
    *one = (given){ csn_gw_settings_table[key - KEY_SETTING].name, value,
        NULL };
    *state->last = one;
    state->last = &one->next;
    return 0;
}

static error_t
take_option(int key, char *value, struct argp_state *argp)
{
    parse *state = argp->input;

    switch (key) {
    case KEY_CONFIG:
        if (state->config != NULL)
            argp_error(argp, "--config is given twice");
        state->config = value;
        return 0;
    case KEY_CHECK:
        state->options->check_only = true;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(argp, "'%s' is no option", value);
        return EINVAL;
    default:
        if (key >= KEY_SETTING && key < KEY_SETTING + MAX_SETTINGS)
            return keep_setting(state, key, value);
        return ARGP_ERR_UNKNOWN;
    }
}

/* argp's table out of ours: two more rows, and the one that ends it. */
static void
fill_options(struct argp_option options[MAX_SETTINGS + 3])
{
    size_t count = 0;

    memset(options, 0, sizeof(*options) * (MAX_SETTINGS + 3));
    for (; csn_gw_settings_table[count].name != NULL && count < MAX_SETTINGS;
         count++) {
        options[count].name = csn_gw_settings_table[count].name;
        options[count].key = KEY_SETTING + (int)count;
        options[count].arg = csn_gw_settings_table[count].argument;
        options[count].doc = csn_gw_settings_table[count].help;
        options[count].group = 1;
    }
    options[count++] = (struct argp_option){ .name = "config",
        .key = KEY_CONFIG,
        .arg = "FILE",
        .doc = "Read settings from FILE first",
        .group = 2 };
    options[count] = (struct argp_option){ .name = "check",
        .key = KEY_CHECK,
        .doc = "Check the settings and end",
        .group = 2 };
}

static bool
apply(const parse *state, csn_gw_error *error)
{
    csn_gw_settings *settings = &state->options->settings;

    csn_gw_settings_init(settings);
    if (state->config != NULL &&
        !csn_gw_settings_read(settings, state->config, error))
        return false;
    for (const given *one = state->first; one != NULL; one = one->next) {
        if (!csn_gw_settings_set(settings, one->name, one->value, error))
            return false;
    }
    return true;
}

static void
drop(given *one)
{
    while (one != NULL) {
        given *next = one->next;

        free(one);
        one = next;
    }
}

bool
csn_gw_options_read(int argc, char **argv, csn_gw_options *options,
    int *exit_code)
{
    struct argp_option table[MAX_SETTINGS + 3];
    struct argp argp = { table, take_option, no_arguments, doc, NULL, NULL,
        NULL };
    parse state = { .options = options, .last = &state.first };
    csn_gw_error error;
    bool good;

    fill_options(table);
    memset(options, 0, sizeof(*options));
    if (argp_parse(&argp, argc, argv, 0, NULL, &state) != 0) {
        *exit_code = CSN_EXIT_MEMORY;
        drop(state.first);
        return false;
    }
    good = apply(&state, &error);
    drop(state.first);
    if (!good) {
        csn_note("%s", error.text);
        *exit_code = CSN_EXIT_USAGE;
    }
    return good;
}
