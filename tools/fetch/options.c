// SPDX-License-Identifier: MIT
#include "options.h"

#include <argp.h>
#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "common/exit.h"
#include "common/note.h"
#include "common/login.h"
#include "option_table.h"

const char fetch_remote_name[] = "-O";

enum { MAX_SECONDS = 1000000, MAX_PARALLEL = 300 };

static void *
grow(void *items, size_t count, size_t size)
{
    void *longer = reallocarray(items, count + 1, size);

    if (longer == NULL) {
        csn_note("no memory");
        exit(CSN_EXIT_MEMORY);
    }
    return longer;
}

void
fetch_list_add(fetch_list *list, const char *text)
{
    list->items = grow(list->items, list->count, sizeof(*list->items));
    list->items[list->count++] = text;
}

static void
add_line(struct curl_slist **list, const char *text)
{
    struct curl_slist *longer = curl_slist_append(*list, text);

    if (longer == NULL) {
        csn_note("no memory");
        exit(CSN_EXIT_MEMORY);
    }
    *list = longer;
}

/* `@FILE` names a file where the option allows one; all else is the text. */
static void
add_part(fetch_options *options, const char *text, fetch_part_kind file,
    bool joined)
{
    fetch_part part = { .kind = PART_TEXT, .text = text, .joined = joined };

    if (file != PART_TEXT && text[0] == '@') {
        part.kind = file;
        part.text = text + 1;
    }
    options->parts = grow(options->parts, options->part_count,
        sizeof(*options->parts));
    options->parts[options->part_count++] = part;
}

static bool
read_seconds(const char *text, long *ms)
{
    char *end = NULL;
    double seconds;

    errno = 0;
    seconds = strtod(text, &end);
    if (errno != 0 || end == text || *end != '\0' || !(seconds >= 0) ||
        seconds > MAX_SECONDS)
        return false;
    *ms = (long)(seconds * 1000);
    if (*ms == 0 && seconds > 0)
        *ms = 1;
    return true;
}

static bool
read_number(const char *text, long least, long most, long *number)
{
    char *end = NULL;

    errno = 0;
    *number = strtol(text, &end, 10);
    return errno == 0 && end != text && *end == '\0' && *number >= least &&
        *number <= most;
}

static bool
read_policy(const char *text, csn_proof_policy *policy)
{
    static const struct {
        const char *word;
        csn_proof_policy policy;
    } words[] = {
        { "require", CSN_PROOF_REQUIRE },
        { "expect", CSN_PROOF_EXPECT },
        { "off", CSN_PROOF_OFF },
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strcmp(text, words[i].word) == 0) {
            *policy = words[i].policy;
            return true;
        }
    return false;
}

static bool
read_integrity(const char *text, csn_curl_integrity *integrity)
{
    static const char *const words[] = {
        [CSN_CURL_INTEGRITY_OFF] = "off",
        [CSN_CURL_INTEGRITY_PREFER] = "prefer",
        [CSN_CURL_INTEGRITY_REQUIRE] = "require",
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strcmp(text, words[i]) == 0) {
            *integrity = (csn_curl_integrity)i;
            return true;
        }
    return false;
}

/* A number and, in either case, one of K, M, G, T: powers of 1024. */
static bool
read_octets(const char *text, long long *octets)
{
    static const char units[] = "KMGT";
    char *end = NULL;
    const char *unit;
    unsigned shift = 0;

    errno = 0;
    *octets = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *octets < 1)
        return false;
    if (*end != '\0') {
        unit = strchr(units, *end & ~0x20);
        if (unit == NULL || end[1] != '\0')
            return false;
        shift = 10 * (unsigned)(unit - units + 1);
    }
    if (*octets > LLONG_MAX >> shift)
        return false;
    *octets <<= shift;
    return true;
}

/* Options whose argument only has to be kept or read: by their table row. */
static bool
read_row(fetch_options *options, const fetch_option_row *row, char *text)
{
    void *to = (char *)options + row->offset;

    switch (row->kind) {
    case ROW_FLAG:
        *(bool *)to = true;
        return true;
    case ROW_TEXT:
        *(const char **)to = text;
        return true;
    case ROW_LINES:
        add_line((struct curl_slist **)to, text);
        return true;
    case ROW_LIST:
        fetch_list_add((fetch_list *)to, text);
        return true;
    case ROW_SECONDS:
        return read_seconds(text, (long *)to);
    case ROW_NUMBER:
        return read_number(text, -1, 10000, (long *)to);
    case ROW_POLICY:
        return read_policy(text, (csn_proof_policy *)to);
    case ROW_INTEGRITY:
        return read_integrity(text, (csn_curl_integrity *)to);
    case ROW_OCTETS:
        return read_octets(text, (long long *)to);
    case ROW_NOTHING:
        return true;
    }
    return false;
}

static error_t
read_special(fetch_options *options, int key, char *text)
{
    switch (key) {
    case 'd':
        add_part(options, text, PART_FILE, true);
        return 0;
    case KEY_DATA_BINARY:
        add_part(options, text, PART_FILE_WHOLE, true);
        return 0;
    case KEY_DATA_RAW:
        add_part(options, text, PART_TEXT, true);
        return 0;
    case KEY_JSON:
        options->json = true;
        add_part(options, text, PART_FILE_WHOLE, false);
        return 0;
    case 'O':
        fetch_list_add(&options->outputs, fetch_remote_name);
        return 0;
    case 'u':
        return csn_login_argument(&options->user, text) ? 0 : EINVAL;
    case 'U':
        return csn_login_argument(&options->proxy_user, text) ? 0 : EINVAL;
    case KEY_USER_FILE:
        return csn_login_file(&options->user, text) ? 0 : EINVAL;
    case KEY_PROXY_USER_FILE:
        return csn_login_file(&options->proxy_user, text) ? 0 : EINVAL;
    case ARGP_KEY_ARG:
        fetch_list_add(&options->urls, text);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static error_t
read_option(int key, char *text, struct argp_state *state)
{
    fetch_options *options = state->input;
    const fetch_option_row *row = fetch_option_find(key);

    if (row != NULL && !read_row(options, row, text))
        argp_error(state, "'%s' is nothing that --%s takes", text, row->name);
    return row != NULL ? 0 : read_special(options, key, text);
}

static int
usage(const char *text)
{
    csn_note("%s", text);
    return CSN_EXIT_USAGE;
}

/* What the command line may say option by option, but not as a whole. */
static int
check(const fetch_options *options)
{
    if (options->urls.count == 0)
        return usage("no URL; 'countersign fetch --help' tells how");
    if (options->outputs.count > options->urls.count)
        return usage("more outputs (-o, -O) than URLs");
    if (options->uploads.count > options->urls.count)
        return usage("more uploads (-T) than URLs");
    if (options->uploads.count != 0 && options->part_count != 0)
        return usage("-T and -d are two contents for one request");
    if (options->head && options->part_count != 0 && !options->as_get)
        return usage("-I asks for no content, -d sends one");
    if (options->json && options->as_get)
        return usage("--json sends a content, -G asks for none");
    if (options->http_1_1 && options->http_2)
        return usage("--http1.1 and --http2 are two versions");
    if (options->ipv4 && options->ipv6)
        return usage("-4 and -6 are two versions");
    if (options->follow && options->max_redirs == 0)
        return usage("-L with --max-redirs 0 follows none: leave -L out");
    if (options->cookie != NULL && strchr(options->cookie, '=') == NULL)
        return usage("-b takes NAME=VALUE; cookie files are not read");
    if (options->parallel_max < 1 || options->parallel_max > MAX_PARALLEL)
        return usage("--parallel-max is 1 to 300");
    return CSN_EXIT_OK;
}

static void
add_json_headers(fetch_options *options)
{
    static const char *const names[] = { "Content-Type", "Accept" };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char line[64];
        bool own = false;

        for (struct curl_slist *it = options->headers; it; it = it->next)
            own = own ||
                csn_name_equal((csn_span){ (const uint8_t *)it->data,
                                   strcspn(it->data, ":; ") },
                    (csn_span){ (const uint8_t *)names[i], strlen(names[i]) });
        if (own)
            continue;
        (void)snprintf(line, sizeof(line), "%s: application/json", names[i]);
        add_line(&options->headers, line);
    }
}

int
fetch_options_read(fetch_options *options, int argc, char **argv)
{
    struct argp argp = { .options = fetch_option_table(),
        .parser = read_option,
        .args_doc = "URL...",
        .doc = fetch_option_doc };
    int code;

    *options = (fetch_options){
        .proof = CSN_PROOF_EXPECT,
        .proxy_proof = CSN_PROOF_EXPECT,
        .max_redirs = -1,
        .parallel_max = 50,
    };
    if (argp_parse(&argp, argc, argv, 0, NULL, options) != 0)
        return CSN_EXIT_USAGE;
    code = check(options);
    if (code == CSN_EXIT_OK && options->json)
        add_json_headers(options);
    return code;
}

void
fetch_options_free(fetch_options *options)
{
    csn_login_free(&options->user);
    csn_login_free(&options->proxy_user);
    curl_slist_free_all(options->headers);
    curl_slist_free_all(options->proxy_headers);
    curl_slist_free_all(options->resolve);
    curl_slist_free_all(options->connect_to);
    free(options->parts);
    free(options->urls.items);
    free(options->outputs.items);
    free(options->uploads.items);
}
