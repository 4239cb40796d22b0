// SPDX-License-Identifier: MIT
#include "common/exit.h"
#include "common/note.h"
#include "verbs.h"

#include <argp.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * The program `countersign`: finds the verb and hands over. What a verb does
 * stands in its own folder; which verbs there are, in the generated table.
 */

struct verb {
    const char *name;
    const char *full_name; /* argv[0] of the verb */
    const char *summary;
    int (*run)(int argc, char **argv);
};

static const struct verb verbs[] = {
#define VERB_ROW(name, summary)                                               \
    { #name, "countersign " #name, summary, csn_cmd_##name },
    CSN_VERBS(VERB_ROW)
#undef VERB_ROW
        { NULL, NULL, NULL, NULL }, /* the end: a build may leave verbs out */
};

static const struct verb *
find_verb(const char *name)
{
    for (const struct verb *verb = verbs; verb->name != NULL; verb++) {
        if (strcmp(verb->name, name) == 0)
            return verb;
    }
    return NULL;
}

static int
unknown_verb(const char *name)
{
    csn_note("no verb '%s'; 'countersign --help' lists them", name);
    return CSN_EXIT_USAGE;
}

/* argv[0] is the verb's own word; argv[argc] is NULL. */
static int
run_verb(const struct verb *verb, int argc, char **argv)
{
    char name[64];

    /* argp keeps argv[0] and may write to it: it gets a copy of its own. */
    (void)snprintf(name, sizeof(name), "%s", verb->full_name);
    argv[0] = name;
    csn_note_name(verb->full_name);
    return csn_stdout_done(verb->run(argc, argv));
}

static void
print_usage(FILE *stream)
{
    fputs("Usage: countersign VERB [OPTION...]\n"
          "HTTP Digest authentication in which both ends prove themselves.\n"
          "\n",
        stream);
    for (const struct verb *verb = verbs; verb->name != NULL; verb++)
        fprintf(stream, "  %-10s %s\n", verb->name, verb->summary);
    fputs("\n"
          "  -?, --help                 Give this help list\n"
          "  -V, --version              Print program version\n"
          "\n"
          "'countersign help VERB' tells a verb's options; the manual pages\n"
          "are countersign(1) and countersign-VERB(1).\n",
        stream);
}

static int
answer_help(int argc, char **argv)
{
    const struct verb *verb;
    char ask[] = "--help";
    char *help[] = { NULL, ask, NULL };

    if (argc < 2) {
        print_usage(stdout);
        return csn_stdout_done(CSN_EXIT_OK);
    }
    verb = find_verb(argv[1]);
    if (verb == NULL)
        return unknown_verb(argv[1]);
    return run_verb(verb, 2, help);
}

static int
answer_version(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    puts(argp_program_version);
    return csn_stdout_done(CSN_EXIT_OK);
}

/* Words of the program itself. */
static const struct {
    const char *word;
    int (*answer)(int argc, char **argv);
} words[] = {
    { "help", answer_help },
    { "--help", answer_help },
    { "-?", answer_help },
    { "-h", answer_help },
    { "--version", answer_version },
    { "-V", answer_version },
};

/* Where a standard stream was closed the next file that is opened would be
 * taken for it. What stands there instead takes no output, as before. */
static void
fill_streams(void)
{
    int fd;

    do {
        fd = open("/dev/null", O_RDONLY);
    } while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
}

int
main(int argc, char **argv)
{
    const struct verb *verb;

    fill_streams();
    argp_program_version = "countersign " CSN_TOOL_VERSION;
    argp_err_exit_status = CSN_EXIT_USAGE;

    if (argc < 2) {
        print_usage(stderr);
        return CSN_EXIT_USAGE;
    }
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(argv[1], words[i].word) == 0)
            return words[i].answer(argc - 1, argv + 1);
    }
    verb = find_verb(argv[1]);
    if (verb == NULL)
        return unknown_verb(argv[1]);
    return run_verb(verb, argc - 1, argv + 1);
}
