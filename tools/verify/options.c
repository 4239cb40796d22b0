// SPDX-License-Identifier: MIT
#include "options.h"

#include "common/login.h"

#include <argp.h>
#include <stdlib.h>
#include <string.h>

enum {
    KEY_USER_FILE = 256,
    KEY_PROXY_USER_FILE,
    KEY_ONLY,
    KEY_LIST,
    KEY_STRICT,
    KEY_SAFE,
    KEY_BASIC,
    KEY_WAIT,
    KEY_JSON,
    KEY_CACERT,
    KEY_TIMEOUT
};

enum { TIMEOUT_MS = 10000, MAX_TIME_MS = 600000 };

static const struct argp_option option_list[] = {
    { NULL, 0, NULL, 0, "Logging in:", 1 },
    { "user", 'u', "USER[:PASSWORD]", 0,
        "A user of the origin; asks for a password that is not given", 1 },
    { "user-file", KEY_USER_FILE, "FILE", 0,
        "Read USER:PASSWORD from a file (- for standard input)", 1 },
    { "proxy-user", 'U', "USER[:PASSWORD]", 0, "A user of the proxy", 1 },
    { "proxy-user-file", KEY_PROXY_USER_FILE, "FILE", 0,
        "Read USER:PASSWORD for the proxy from a file", 1 },
    { NULL, 0, NULL, 0, "What is checked:", 2 },
    { "proxy", 'x', "[http[s]://]HOST[:PORT]", 0,
        "Check this proxy; URL is what is asked for through it", 2 },
    { "proxytunnel", 'p', NULL, 0, "Ask it by CONNECT for http too", 2 },
    { "only", KEY_ONLY, "NAME|ID", 0,
        "Only this check, or those of this requirement (repeatable)", 2 },
    { "strict", KEY_STRICT, NULL, 0,
        "What Countersign's own servers must do is demanded too", 2 },
    { "safe", KEY_SAFE, NULL, 0, "No POST: only GET, HEAD and CONNECT", 2 },
    { "basic", KEY_BASIC, NULL, 0,
        "Also send the password itself, to see whether Basic lets it in", 2 },
    { "wait", KEY_WAIT, "SECONDS", 0,
        "A nonce's life: wait for its end, to see what is said then", 2 },
    { NULL, 0, NULL, 0, "The connection:", 3 },
    { "cacert", KEY_CACERT, "FILE", 0, "Trust these certificates", 3 },
    { "insecure", 'k', NULL, 0, "Do not check the server's certificate", 3 },
    { "timeout", KEY_TIMEOUT, "SECONDS", 0, "Longest time for one answer (10)",
        3 },
    { "max-time", 'm', "SECONDS", 0, "Longest time for everything (600)", 3 },
    { NULL, 0, NULL, 0, "The report:", 4 },
    { "list", KEY_LIST, NULL, 0, "List all checks and end", 4 },
    { "json", KEY_JSON, NULL, 0, "Report as JSON", 4 },
    { "verbose", 'v', NULL, 0, "Show what is sent and received", 4 },
    { NULL, 0, NULL, 0, NULL, 0 },
};

static long
read_seconds(struct argp_state *state, const char *text)
{
    char *end;
    double seconds = strtod(text, &end);

    if (end == text || *end != '\0' || !(seconds > 0 && seconds <= 86400))
        argp_error(state, "'%s' is no number of seconds", text);
    return (long)(seconds * 1000);
}

static void
add_only(verify_options *options, struct argp_state *state, const char *text)
{
    if (options->only_count == VERIFY_MAX_ONLY)
        argp_error(state, "--only is given too often");
    else
        options->only[options->only_count++] = text;
}

static error_t
parse_login(int key, char *value, verify_options *options)
{
    bool done;

    switch (key) {
    case 'u':
        done = csn_login_argument(&options->user, value);
        break;
    case 'U':
        done = csn_login_argument(&options->proxy_user, value);
        break;
    case KEY_USER_FILE:
        done = csn_login_file(&options->user, value);
        break;
    case KEY_PROXY_USER_FILE:
        done = csn_login_file(&options->proxy_user, value);
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    if (!done)
        exit(argp_err_exit_status);
    return 0;
}

static error_t
parse_flag(int key, verify_options *options)
{
    bool *const flags[] = { ['p'] = &options->tunnel,
        ['k'] = &options->insecure,
        ['v'] = &options->verbose,
        [KEY_STRICT] = &options->strict,
        [KEY_SAFE] = &options->safe,
        [KEY_BASIC] = &options->basic,
        [KEY_JSON] = &options->json,
        [KEY_LIST] = &options->list };

    if (key < 0 || (size_t)key >= sizeof(flags) / sizeof(flags[0]) ||
        flags[key] == NULL)
        return ARGP_ERR_UNKNOWN;
    *flags[key] = true;
    return 0;
}

static error_t
parse_option(int key, char *value, struct argp_state *state)
{
    verify_options *options = state->input;

    switch (key) {
    case 'x':
        options->proxy = value;
        return 0;
    case KEY_ONLY:
        add_only(options, state, value);
        return 0;
    case KEY_CACERT:
        options->cacert = value;
        return 0;
    case KEY_WAIT:
        options->wait_ms = read_seconds(state, value);
        return 0;
    case KEY_TIMEOUT:
        options->timeout_ms = read_seconds(state, value);
        return 0;
    case 'm':
        options->max_time_ms = read_seconds(state, value);
        return 0;
    case ARGP_KEY_ARG:
        if (options->url != NULL)
            argp_error(state, "one URL, nothing behind it");
        options->url = value;
        return 0;
    case ARGP_KEY_END:
        if (options->url == NULL && !options->list)
            argp_error(state, "a URL is wanted");
        if (options->tunnel && options->proxy == NULL)
            argp_error(state, "--proxytunnel goes with --proxy");
        return 0;
    default:
        break;
    }
    if (parse_login(key, value, options) == 0)
        return 0;
    return parse_flag(key, options);
}

void
verify_options_parse(verify_options *options, int argc, char **argv)
{
    static const struct argp argp = {
        .options = option_list,
        .parser = parse_option,
        .args_doc = "URL\n--list",
        .doc =
            "Check a server or proxy against RFC 7616 and RFC 7615, octet by "
            "octet: what it offers, what it proves, what it lets through."
            "\vWithout -u, COUNTERSIGN_USER=USER:PASSWORD is used if set, and "
            "COUNTERSIGN_PROXY_USER for the proxy. Many wrong logins are sent "
            "and, without --safe, POST requests: use an account and a URL "
            "made for it. countersign-verify(1) tells the exit codes.",
    };

    *options = (verify_options){ .timeout_ms = TIMEOUT_MS,
        .max_time_ms = MAX_TIME_MS };
    (void)argp_parse(&argp, argc, argv, 0, NULL, options);
}

bool
verify_options_complete(verify_options *options)
{
    if (options->proxy != NULL)
        return csn_login_complete(&options->proxy_user,
            "COUNTERSIGN_PROXY_USER", "proxy");
    return csn_login_complete(&options->user, "COUNTERSIGN_USER", "server");
}

void
verify_options_free(verify_options *options)
{
    csn_login_free(&options->user);
    csn_login_free(&options->proxy_user);
}
