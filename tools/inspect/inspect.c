// SPDX-License-Identifier: MIT
#include "options.h"
#include "secrets.h"
#include "walk.h"

#include "common/exit.h"
#include "common/note.h"
#include "verbs.h"

#include <countersign/crypto_openssl.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

/*
 * Read to the end, but no more than is looked at. Not through stdio: the
 * password may have been the first line of the same input.
 */
static bool
read_all(csn_pool *pool, int fd, const char *name, csn_span *text)
{
    uint8_t *octets = csn_pool_alloc(pool, INSPECT_MAX_INPUT + 1);
    size_t len = 0;
    ssize_t got = 1;

    while (got != 0 && len <= INSPECT_MAX_INPUT) {
        got = read(fd, octets + len, INSPECT_MAX_INPUT + 1 - len);
        if (got < 0 && errno != EINTR) {
            csn_note("%s: %s", name, strerror(errno));
            return false;
        }
        if (got > 0)
            len += (size_t)got;
    }
    if (len > INSPECT_MAX_INPUT) {
        csn_note("%s: larger than %d MiB", name, INSPECT_MAX_INPUT >> 20);
        return false;
    }
    *text = (csn_span){ octets, len };
    return true;
}

static bool
read_input(csn_pool *pool, const inspect_options *options, csn_span *text)
{
    bool done;
    int fd;

    if (options->file == NULL)
        return read_all(pool, STDIN_FILENO, "standard input", text);
    fd = open(options->file, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        csn_note("%s: %s", options->file, strerror(errno));
        return false;
    }
    done = read_all(pool, fd, options->file, text);
    close(fd);
    return done;
}

/* The first octet that is no blank tells JSON from everything else. */
static bool
is_json(csn_span text)
{
    size_t at = 0;

    if (text.len >= 3 && memcmp(text.ptr, "\xef\xbb\xbf", 3) == 0)
        at = 3;
    while (at < text.len && text.ptr[at] <= ' ')
        at++;
    return at < text.len && text.ptr[at] == '{';
}

static const char *
read_messages(csn_pool *pool, csn_span text, inspect_messages *messages)
{
    const char *fault = is_json(text) ? inspect_har(pool, text, messages)
                                      : inspect_split(pool, text, messages);

    if (fault == NULL && messages->count == 0)
        return "no HTTP message and no authentication field in it";
    return fault;
}

/* Whether any request has credentials for the origin. */
static bool
has_origin(const inspect_messages *messages)
{
    const csn_span name = csn_layer_credentials_field(CSN_LAYER_ORIGIN);

    for (size_t i = 0; i < messages->count; i++) {
        if (inspect_field_find(&messages->items[i], name) != NULL)
            return true;
    }
    return false;
}

static bool
use_colour(void)
{
    const char *no = getenv("NO_COLOR");

    return isatty(STDOUT_FILENO) && (no == NULL || *no == '\0');
}

static int
report(inspect_walk *walk, const inspect_options *options)
{
    if (!options->json) {
        inspect_write_text(&walk->report, stdout, use_colour());
    } else if (!inspect_write_json(&walk->report, stdout)) {
        csn_note("no memory");
        return CSN_EXIT_MEMORY;
    }
    return walk->report.totals[INSPECT_WRONG] == 0 ? CSN_EXIT_OK : CSN_EXIT_NO;
}

static int
inspect(csn_pool *pool, const inspect_options *options,
    inspect_login logins[INSPECT_LAYERS])
{
    inspect_walk walk = { .pool = pool };
    inspect_messages messages;
    inspect_exchanges exchanges;
    csn_span method, text;
    const char *fault;

    walk.hasher.crypto = csn_crypto_openssl();
    if (walk.hasher.crypto == NULL) {
        csn_note("OpenSSL has neither SHA-256 nor SHA-512/256 here");
        return CSN_EXIT_USAGE;
    }
    if (!read_input(pool, options, &text))
        return CSN_EXIT_USAGE;
    fault = read_messages(pool, text, &messages);
    if (fault != NULL) {
        csn_note("%s: %s",
            options->file != NULL ? options->file : "standard input", fault);
        return CSN_EXIT_USAGE;
    }
    for (size_t i = 0; i < INSPECT_LAYERS; i++) {
        inspect_login_prepare(pool, &logins[i]);
        walk.logins[i] = &logins[i];
    }
    /* One login, and one layer that asks for it. */
    if (!inspect_login_is_given(&logins[CSN_LAYER_PROXY]) &&
        !has_origin(&messages))
        walk.logins[CSN_LAYER_PROXY] = &logins[CSN_LAYER_ORIGIN];
    if (options->method != NULL) {
        method = csn_text_of(options->method);
        walk.method = &method;
    }
    exchanges = inspect_pair(pool, &messages);
    inspect_walk_through(&walk, &exchanges);
    return report(&walk, options);
}

int
csn_cmd_inspect(int argc, char **argv)
{
    inspect_login logins[INSPECT_LAYERS];
    csn_pool pool = { NULL };
    inspect_options options;
    int code = CSN_EXIT_USAGE;
    bool done = true;

    inspect_options_parse(&options, argc, argv);
    /* No core file and no debugger while passwords are in memory. */
    (void)prctl(PR_SET_DUMPABLE, 0);
    memset(logins, 0, sizeof(logins));
    for (int i = 0; done && i < INSPECT_LAYERS; i++)
        done = inspect_secret_read(&options.secrets[i], (csn_layer)i,
            &logins[i]);
    if (done)
        code = inspect(&pool, &options, logins);
    for (int i = 0; i < INSPECT_LAYERS; i++)
        inspect_login_wipe(&logins[i]);
    csn_pool_free(&pool);
    (void)prctl(PR_SET_DUMPABLE, 1);
    return code;
}
