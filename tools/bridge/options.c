// SPDX-License-Identifier: MIT
#include "bridge.h"

#include "common/exit.h"

#include <argp.h>
#include <stdlib.h>

enum {
    KEY_PROXY = 256,
    KEY_USER_FILE,
    KEY_PROOF,
    KEY_ALLOW_MD5,
    KEY_LISTEN,
    KEY_CACERT,
    KEY_PATIENCE,
    KEY_ALSO,
    KEY_STATE,
    KEY_NO_TRY,
    KEY_NO_JAVA,
    KEY_ONCE
};

static const char doc[] =
    "A proxy on this machine, for programs that know no login, before a proxy "
    "that asks for Digest and must prove itself."
    "\v"
    "Without a login on the command line COUNTERSIGN_PROXY_USER=USER:PASSWORD "
    "is used. Nobody is let in but the user who starts it, and whom --also "
    "names.\n"
    "\n"
    "Exit: the command's with --once; 2 usage; 5, 7, 28 the proxy is not "
    "found, not reached, silent; 67 login refused; 90 proof missing or "
    "wrong.";

static const char arguments[] = "--once COMMAND [ARGUMENT...]\n";

static const struct argp_option option_list[] = {
    { .name = "proxy",
        .key = KEY_PROXY,
        .arg = "URL",
        .doc = "The proxy that asks for a login: http[s]://HOST[:PORT]",
        .group = 1 },
    { .name = "user",
        .key = 'u',
        .arg = "USER[:PASSWORD]",
        .doc = "Log in there; asks for a password that is not given",
        .group = 1 },
    { .name = "user-file",
        .key = KEY_USER_FILE,
        .arg = "FILE",
        .doc = "Read USER:PASSWORD from a file (- for standard input)",
        .group = 1 },
    { .name = "proof",
        .key = KEY_PROOF,
        .arg = "POLICY",
        .doc = "Whether that proxy must prove itself: require, expect (where "
               "it did once) or off (default: require)",
        .group = 1 },
    { .name = "cacert",
        .key = KEY_CACERT,
        .arg = "FILE",
        .doc = "Trust these certificates (PEM) for an https proxy",
        .group = 1 },
    { .name = "allow-md5",
        .key = KEY_ALLOW_MD5,
        .doc = "Answer MD5 challenges too, after all others (squid knows no "
               "other)",
        .group = 1 },
    { .name = "patience",
        .key = KEY_PATIENCE,
        .arg = "SECONDS",
        .doc = "How long requests wait for that proxy when it is away "
               "(default: 10)",
        .group = 1 },
    { .name = "once",
        .key = KEY_ONCE,
        .doc = "Run COMMAND, whose programs use the bridge, and end with it",
        .group = 2 },
    { .name = "no-java",
        .key = KEY_NO_JAVA,
        .doc = "Leave JAVA_TOOL_OPTIONS as it is",
        .group = 2 },
    { .name = "listen",
        .key = KEY_LISTEN,
        .arg = "[HOST:]PORT",
        .doc = "Where programs come in, on a loopback address (default: "
               "127.0.0.1:3128; with --once a free port)",
        .group = 3 },
    { .name = "also",
        .key = KEY_ALSO,
        .arg = "USER",
        .doc = "Let this user of the machine in too, as _apt (repeatable)",
        .group = 3 },
    { .name = "state",
        .key = KEY_STATE,
        .arg = "DIR",
        .doc = "Directory for what the engine writes (default: one that goes "
               "at the end)",
        .group = 3 },
    { .name = "no-try",
        .key = KEY_NO_TRY,
        .doc = "Start even where the proxy cannot be reached now",
        .group = 3 },
    { 0 },
};

static void
take_login(csn_bridge_options *options, char *value)
{
    if (!csn_login_argument(&options->login, value))
        exit(CSN_EXIT_USAGE);
}

static void
check(const csn_bridge_options *options, struct argp_state *state)
{
    if (options->proxy == NULL)
        argp_error(state, "give --proxy URL");
    if (options->login.given && options->user_file != NULL)
        argp_error(state, "--user and --user-file exclude each other");
    if (options->once && options->command == NULL)
        argp_error(state, "--once needs a command behind it");
    if (!options->once && options->command != NULL)
        argp_error(state, "'%s': a command goes with --once",
            options->command[0]);
}

static error_t
parse_option(int key, char *value, struct argp_state *state)
{
    csn_bridge_options *options = state->input;

    switch (key) {
    case KEY_PROXY:
        options->proxy = value;
        return 0;
    case 'u':
        take_login(options, value);
        return 0;
    case KEY_USER_FILE:
        options->user_file = value;
        return 0;
    case KEY_PROOF:
        options->proof = value;
        return 0;
    case KEY_ALLOW_MD5:
        options->allow_md5 = true;
        return 0;
    case KEY_LISTEN:
        options->listen = value;
        return 0;
    case KEY_CACERT:
        options->ca = value;
        return 0;
    case KEY_PATIENCE:
        options->patience = value;
        return 0;
    case KEY_ALSO:
        if (options->also_count == CSN_GW_MAX_OPEN - 1)
            argp_error(state, "--also is given too often");
        options->also[options->also_count++] = value;
        return 0;
    case KEY_STATE:
        options->state = value;
        return 0;
    case KEY_NO_TRY:
        options->untried = true;
        return 0;
    case KEY_NO_JAVA:
        options->no_java = true;
        return 0;
    case KEY_ONCE:
        options->once = true;
        return 0;
    case ARGP_KEY_ARG: /* the rest is the command's, options too */
        options->command = &state->argv[state->next - 1];
        state->next = state->argc;
        return 0;
    case ARGP_KEY_END:
        check(options, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

void
csn_bridge_options_read(int argc, char **argv, csn_bridge_options *options)
{
    static const struct argp argp = { option_list, parse_option, arguments,
        doc, NULL, NULL, NULL };

    *options = (csn_bridge_options){ 0 };
    (void)argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, options);
}
