// SPDX-License-Identifier: MIT
#include "options.h"

#include "stores/users/rules.h"

#include <argp.h>
#include <stdlib.h>
#include <string.h>

/* Keys of options without a short form begin above every octet. */
enum {
    KEY_LIST = 256,
    KEY_REMOVE,
    KEY_VERIFY,
    KEY_IMPORT,
    KEY_EXPORT,
    KEY_FORMAT,
    KEY_STDIN,
    KEY_PASSWORD_FILE,
    KEY_PASSWORD_ENV,
    KEY_PASSWORD,
    KEY_ALLOW_EMPTY,
    KEY_JSON,
    KEY_FORCE,
    KEY_REALM = 'r',
    KEY_ALGORITHM = 'a'
};

static const struct argp_option option_list[] = {
    { NULL, 0, NULL, 0,
        "What to do (default: add USER or change his password)", 1 },
    { "list", KEY_LIST, NULL, 0,
        "List users, realms and algorithms; USER's alone when given", 1 },
    { "remove", KEY_REMOVE, NULL, 0, "Remove USER", 1 },
    { "verify", KEY_VERIFY, NULL, 0,
        "Ask for a password; exit code 0 when it is USER's, 1 when not", 1 },
    { "import", KEY_IMPORT, "HTDIGEST", 0,
        "Take over all entries of another user file", 1 },
    { "export", KEY_EXPORT, "HTDIGEST", 0,
        "Write all entries to a new text file in htdigest style", 1 },
    { NULL, 0, NULL, 0, "Which entries", 2 },
    { "realm", KEY_REALM, "REALM", 0,
        "The realm (default: the file's, when it has only one)", 2 },
    { "algorithm", KEY_ALGORITHM, "ALGORITHM", 0,
        "SHA-256, SHA-512-256 or MD5; may be given several times (default: "
        "SHA-256 and SHA-512-256)",
        2 },
    { "format", KEY_FORMAT, "FORMAT", 0,
        "A new file's: sqlite or htdigest (default: htdigest when its name "
        "ends so, sqlite otherwise)",
        2 },
    { NULL, 0, NULL, 0, "Where the password comes from (default: a prompt)",
        3 },
    { "stdin", KEY_STDIN, NULL, 0, "The first line of standard input", 3 },
    { "password-file", KEY_PASSWORD_FILE, "FILE", 0, "The line of a file", 3 },
    { "password-env", KEY_PASSWORD_ENV, "NAME", 0, "An environment variable",
        3 },
    { "password", KEY_PASSWORD, "PASSWORD", 0,
        "This word, which others on the machine can see", 3 },
    { "allow-empty", KEY_ALLOW_EMPTY, NULL, 0, "Let it be empty", 3 },
    { NULL, 0, NULL, 0, "Further", 4 },
    { "json", KEY_JSON, NULL, 0, "List as JSON", 4 },
    { "force", KEY_FORCE, NULL, 0, "Export over a file that is there", 4 },
    { NULL, 0, NULL, 0, NULL, 0 },
};

/* Which options an action knows, so that none is silently without effect. */
enum {
    TAKES_USER = 1,
    NEEDS_USER = 2,
    TAKES_REALM = 4,
    TAKES_ALGORITHM = 8,
    TAKES_PASSWORD = 16,
    TAKES_FORMAT = 32,
    TAKES_EMPTY = 64,
    TAKES_JSON = 128,
    TAKES_FORCE = 256
};

static const unsigned abilities[] = {
    [PASSWD_SET] = TAKES_USER | NEEDS_USER | TAKES_REALM | TAKES_ALGORITHM |
        TAKES_PASSWORD | TAKES_FORMAT | TAKES_EMPTY,
    [PASSWD_LIST] = TAKES_USER | TAKES_REALM | TAKES_JSON,
    [PASSWD_REMOVE] = TAKES_USER | NEEDS_USER | TAKES_REALM | TAKES_ALGORITHM,
    [PASSWD_VERIFY] = TAKES_USER | NEEDS_USER | TAKES_REALM | TAKES_ALGORITHM |
        TAKES_PASSWORD,
    [PASSWD_IMPORT] = TAKES_FORMAT,
    [PASSWD_EXPORT] = TAKES_FORCE,
};

static void
set_action(passwd_options *options, struct argp_state *state,
    passwd_action action, const char *other)
{
    if (options->action != PASSWD_SET)
        argp_error(state,
            "only one of --list, --remove, --verify, --import "
            "and --export can be done at once");
    options->action = action;
    options->other = other;
}

static void
set_source(passwd_options *options, struct argp_state *state,
    passwd_source source, char *value)
{
    if (options->source != PASSWD_FROM_PROMPT)
        argp_error(state, "the password can come from one place only");
    options->source = source;
    options->source_value = value;
}

static void
add_algorithm(passwd_options *options, struct argp_state *state,
    const char *name)
{
    const csn_span text = { (const uint8_t *)name, strlen(name) };
    csn_hash hash;
    const char *fault = csn_users_hash_fault(text, &hash);

    if (fault != NULL)
        argp_error(state, "--algorithm %s: %s", name, fault);
    else
        options->hashes |= 1u << hash;
}

static void
set_form(passwd_options *options, struct argp_state *state, const char *name)
{
    static const struct {
        const char *name;
        csn_users_form form;
    } forms[] = {
        { "sqlite", CSN_USERS_SQLITE },
        { "htdigest", CSN_USERS_TEXT },
    };

    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (strcmp(name, forms[i].name) == 0)
            options->form = forms[i].form;
    }
    if (options->form == CSN_USERS_EMPTY)
        argp_error(state, "--format is sqlite or htdigest, not %s", name);
}

static void
take_operand(passwd_options *options, struct argp_state *state,
    const char *text)
{
    if (options->file == NULL)
        options->file = text;
    else if (options->user == NULL)
        options->user = text;
    else
        argp_error(state, "one FILE and one USER, nothing behind them");
}

/* What the whole line says, once it is read. */
static void
check(const passwd_options *options, struct argp_state *state)
{
    const unsigned can = abilities[options->action];
    const struct {
        bool is_wrong;
        const char *message;
    } rules[] = {
        { options->file == NULL, "no FILE given" },
        { (can & NEEDS_USER) != 0 && options->user == NULL, "no USER given" },
        { (can & TAKES_USER) == 0 && options->user != NULL,
            "--import and --export take no USER" },
        { (can & TAKES_REALM) == 0 && options->realm != NULL,
            "--realm does not go with this" },
        { (can & TAKES_ALGORITHM) == 0 && options->hashes != 0,
            "--algorithm does not go with this" },
        { (can & TAKES_PASSWORD) == 0 && options->source != PASSWD_FROM_PROMPT,
            "no password is needed here" },
        { (can & TAKES_FORMAT) == 0 && options->form != CSN_USERS_EMPTY,
            "--format does not go with this" },
        { (can & TAKES_EMPTY) == 0 && options->allow_empty,
            "--allow-empty does not go with this" },
        { (can & TAKES_JSON) == 0 && options->json,
            "--json goes with --list only" },
        { (can & TAKES_FORCE) == 0 && options->force,
            "--force goes with --export only" },
    };

    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        if (rules[i].is_wrong)
            argp_error(state, "%s", rules[i].message);
    }
}

/* Options that say what to do, or where the password is; false for others. */
static bool
take_choice(passwd_options *options, struct argp_state *state, int key,
    char *value)
{
    static const struct {
        int key;
        passwd_action action;
    } actions[] = {
        { KEY_LIST, PASSWD_LIST },
        { KEY_REMOVE, PASSWD_REMOVE },
        { KEY_VERIFY, PASSWD_VERIFY },
        { KEY_IMPORT, PASSWD_IMPORT },
        { KEY_EXPORT, PASSWD_EXPORT },
    };
    static const struct {
        int key;
        passwd_source source;
    } sources[] = {
        { KEY_STDIN, PASSWD_FROM_STDIN },
        { KEY_PASSWORD_FILE, PASSWD_FROM_FILE },
        { KEY_PASSWORD_ENV, PASSWD_FROM_ENV },
        { KEY_PASSWORD, PASSWD_FROM_ARGUMENT },
    };

    for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
        if (actions[i].key == key) {
            set_action(options, state, actions[i].action, value);
            return true;
        }
    }
    for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
        if (sources[i].key == key) {
            set_source(options, state, sources[i].source, value);
            return true;
        }
    }
    return false;
}

static error_t
parse_option(int key, char *value, struct argp_state *state)
{
    passwd_options *options = state->input;

    if (take_choice(options, state, key, value))
        return 0;
    switch (key) {
    case KEY_FORMAT:
        set_form(options, state, value);
        break;
    case KEY_ALLOW_EMPTY:
        options->allow_empty = true;
        break;
    case KEY_JSON:
        options->json = true;
        break;
    case KEY_FORCE:
        options->force = true;
        break;
    case KEY_REALM:
        options->realm = value;
        break;
    case KEY_ALGORITHM:
        add_algorithm(options, state, value);
        break;
    case ARGP_KEY_ARG:
        take_operand(options, state, value);
        break;
    case ARGP_KEY_END:
        check(options, state);
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

void
passwd_options_parse(passwd_options *options, int argc, char **argv)
{
    static const struct argp argp = {
        .options = option_list,
        .parser = parse_option,
        .args_doc = "FILE USER\n--list FILE [USER]\n--remove FILE USER\n"
                    "--verify FILE USER\n--import HTDIGEST FILE\n"
                    "--export HTDIGEST FILE",
        .doc = "Keep the users of a server or proxy in a file."
               "\vFILE never holds a password, only what HTTP Digest needs "
               "of it, for each realm and algorithm. countersign-passwd(1) "
               "tells the exit codes.",
    };

    *options = (passwd_options){ .action = PASSWD_SET };
    (void)argp_parse(&argp, argc, argv, 0, NULL, options);
}
