// SPDX-License-Identifier: MIT
#include "options.h"

#include <argp.h>
#include <countersign/field.h>
#include <countersign/layer.h>
#include <string.h>

enum {
    KEY_PASSWORD_FILE = 256,
    KEY_PROXY_PASSWORD_FILE,
    KEY_PASSWORD_STDIN,
    KEY_PASSWORD_PROMPT,
    KEY_HA1,
    KEY_PROXY_HA1,
    KEY_HA1_FILE,
    KEY_PROXY_HA1_FILE,
    KEY_METHOD,
    KEY_JSON
};

static const struct argp_option option_list[] = {
    { NULL, 0, NULL, 0, "What is known of the user", 1 },
    { "password-file", KEY_PASSWORD_FILE, "FILE", 0,
        "The password is the line of a file", 1 },
    { "password-stdin", KEY_PASSWORD_STDIN, NULL, 0,
        "The password is the first line of standard input; the exchange may "
        "follow",
        1 },
    { "password-prompt", KEY_PASSWORD_PROMPT, NULL, 0,
        "Ask for the password at the terminal", 1 },
    { "ha1", KEY_HA1, "HEX", 0,
        "H(A1) in place of the password, without -sess; ALGORITHM:HEX tells "
        "of which "
        "algorithm; may be given several times",
        1 },
    { "ha1-file", KEY_HA1_FILE, "FILE", 0, "The same from the line of a file",
        1 },
    { "user", 'u', "USER[:PASSWORD]", 0,
        "The user, where the credentials have his name hashed", 1 },
    { NULL, 0, NULL, 0, "The same for the proxy, where it is another", 2 },
    { "proxy-password-file", KEY_PROXY_PASSWORD_FILE, "FILE", 0,
        "The proxy's password", 2 },
    { "proxy-ha1", KEY_PROXY_HA1, "HEX", 0, "H(A1) at the proxy", 2 },
    { "proxy-ha1-file", KEY_PROXY_HA1_FILE, "FILE", 0,
        "The same from the line of a file", 2 },
    { "proxy-user", 'U', "USER[:PASSWORD]", 0, "The proxy's user", 2 },
    { NULL, 0, NULL, 0, "Further", 3 },
    { "method", KEY_METHOD, "METHOD", 0,
        "The method, where only header lines were pasted", 3 },
    { "json", KEY_JSON, NULL, 0, "Report as JSON", 3 },
    { NULL, 0, NULL, 0, NULL, 0 },
};

static void
set_source(inspect_secret *secret, struct argp_state *state,
    inspect_source source, char *value)
{
    if (secret->source != INSPECT_FROM_NOWHERE)
        argp_error(state, "a password can come from one place only");
    secret->source = source;
    secret->value = value;
}

static void
set_user(inspect_secret *secret, struct argp_state *state, char *text)
{
    char *colon = strchr(text, ':');

    if (colon != NULL) {
        *colon = '\0';
        set_source(secret, state, INSPECT_FROM_ARGUMENT, colon + 1);
    }
    if (*text == '\0')
        argp_error(state, "a login needs a user name");
    secret->user = text;
}

static void
add_ha1(inspect_secret *secret, struct argp_state *state, char *text)
{
    if (secret->ha1_count == sizeof(secret->ha1) / sizeof(secret->ha1[0]))
        argp_error(state, "H(A1) is given too often");
    else
        secret->ha1[secret->ha1_count++] = text;
}

static void
add_ha1_file(inspect_secret *secret, struct argp_state *state,
    const char *path)
{
    if (secret->ha1_file_count ==
        sizeof(secret->ha1_files) / sizeof(secret->ha1_files[0]))
        argp_error(state, "H(A1) is given too often");
    else
        secret->ha1_files[secret->ha1_file_count++] = path;
}

static void
take_operand(inspect_options *options, struct argp_state *state,
    const char *text)
{
    if (state->arg_num > 0)
        argp_error(state, "one FILE, nothing behind it");
    if (strcmp(text, "-") != 0)
        options->file = text;
}

static void
set_method(inspect_options *options, struct argp_state *state,
    const char *text)
{
    if (!csn_is_token(csn_text_of(text)))
        argp_error(state, "'%s' is no method", text);
    options->method = text;
}

static error_t
parse_option(int key, char *value, struct argp_state *state)
{
    inspect_options *options = state->input;
    inspect_secret *origin = &options->secrets[CSN_LAYER_ORIGIN];
    inspect_secret *proxy = &options->secrets[CSN_LAYER_PROXY];

    switch (key) {
    case KEY_PASSWORD_FILE:
        set_source(origin, state, INSPECT_FROM_FILE, value);
        break;
    case KEY_PROXY_PASSWORD_FILE:
        set_source(proxy, state, INSPECT_FROM_FILE, value);
        break;
    case KEY_PASSWORD_STDIN:
        set_source(origin, state, INSPECT_FROM_STDIN, NULL);
        break;
    case KEY_PASSWORD_PROMPT:
        set_source(origin, state, INSPECT_FROM_PROMPT, NULL);
        break;
    case KEY_HA1:
        add_ha1(origin, state, value);
        break;
    case KEY_PROXY_HA1:
        add_ha1(proxy, state, value);
        break;
    case KEY_HA1_FILE:
        add_ha1_file(origin, state, value);
        break;
    case KEY_PROXY_HA1_FILE:
        add_ha1_file(proxy, state, value);
        break;
    case 'u':
        set_user(origin, state, value);
        break;
    case 'U':
        set_user(proxy, state, value);
        break;
    case KEY_METHOD:
        set_method(options, state, value);
        break;
    case KEY_JSON:
        options->json = true;
        break;
    case ARGP_KEY_ARG:
        take_operand(options, state, value);
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

void
inspect_options_parse(inspect_options *options, int argc, char **argv)
{
    static const struct argp argp = {
        .options = option_list,
        .parser = parse_option,
        .args_doc = "[FILE]",
        .doc = "Take a pasted exchange apart and say who is wrong, and why."
               "\vFILE (standard input without one) has what 'curl -v' "
               "writes, raw HTTP messages, a HAR, or single header lines. "
               "Without a password COUNTERSIGN_PASSWORD is used if set, and "
               "COUNTERSIGN_PROXY_PASSWORD for the proxy. "
               "countersign-inspect(1) tells the exit codes.",
    };

    *options = (inspect_options){ .file = NULL };
    (void)argp_parse(&argp, argc, argv, 0, NULL, options);
}
