// SPDX-License-Identifier: MIT
#include "output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/exit.h"
#include "common/note.h"

/* The last segment of the URL's path, as curl's -O takes it. */
static char *
remote_name(const char *text)
{
    CURLU *url = curl_url();
    char *path = NULL;
    char *name = NULL;

    if (url != NULL &&
        curl_url_set(url, CURLUPART_URL, text, CURLU_GUESS_SCHEME) ==
            CURLUE_OK &&
        curl_url_get(url, CURLUPART_PATH, &path, 0) == CURLUE_OK) {
        const char *slash = strrchr(path, '/');
        const char *last = slash ? slash + 1 : path;

        if (*last != '\0' && strcmp(last, ".") != 0 && strcmp(last, "..") != 0)
            name = strdup(last);
    }
    curl_free(path);
    curl_url_cleanup(url);
    if (name == NULL)
        csn_note("%s: -O finds no file name there", text);
    return name;
}

static const char *
wanted(const fetch_options *options, size_t index)
{
    if (index < options->outputs.count)
        return options->outputs.items[index];
    return options->remote_name_all ? fetch_remote_name : NULL;
}

int
fetch_output_choose(fetch_output *output, const fetch_options *options,
    size_t index, const char *url)
{
    const char *want = wanted(options, index);
    const char *dir = options->output_dir;
    char *name;

    *output = (fetch_output){ .create_dirs = options->create_dirs };
    if (want == NULL || strcmp(want, "-") == 0)
        return CSN_EXIT_OK;
    name = want == fetch_remote_name ? remote_name(url) : strdup(want);
    if (name == NULL)
        return want == fetch_remote_name ? CSN_EXIT_WRITE : CSN_EXIT_MEMORY;
    if (dir == NULL || name[0] == '/') {
        output->path = name;
        return CSN_EXIT_OK;
    }
    if (asprintf(&output->path, "%s/%s", dir, name) < 0)
        output->path = NULL;
    free(name);
    return output->path ? CSN_EXIT_OK : CSN_EXIT_MEMORY;
}

static void
make_dirs(const char *path)
{
    char *text = strdup(path);

    for (char *p = text ? strchr(text + 1, '/') : NULL; p != NULL;
         p = strchr(p + 1, '/')) {
        *p = '\0';
        /* What fails here is said when the file cannot be opened. */
        (void)mkdir(text, 0777);
        *p = '/';
    }
    free(text);
}

static bool
fail(fetch_output *output)
{
    if (!output->failed)
        csn_note("%s: %s", output->path ? output->path : "standard output",
            strerror(errno));
    output->failed = true;
    return false;
}

static bool
open_file(fetch_output *output)
{
    if (output->path == NULL) {
        output->file = stdout;
        return true;
    }
    if (output->create_dirs)
        make_dirs(output->path);
    output->file = fopen(output->path, "we");
    return output->file != NULL || fail(output);
}

/* As curl does: a terminal is no place for what is not text. */
static bool
suits_terminal(fetch_output *output, const void *data, size_t len)
{
    if (output->file != stdout || output->octets != 0 ||
        memchr(data, '\0', len) == NULL || !isatty(STDOUT_FILENO))
        return true;
    csn_note("the response is not text: write it to a file with -o, or to "
             "the terminal all the same with '| cat'");
    output->failed = true;
    return false;
}

bool
fetch_output_write(fetch_output *output, const void *data, size_t len)
{
    if (output->failed)
        return false;
    if (output->file == NULL && !open_file(output))
        return false;
    if (!suits_terminal(output, data, len))
        return false;
    if (fwrite(data, 1, len, output->file) != len)
        return fail(output);
    output->octets += len;
    return true;
}

bool
fetch_output_done(fetch_output *output)
{
    bool done = !output->failed;

    if (done && output->file == NULL)
        done = open_file(output);
    if (output->file != NULL && output->file != stdout) {
        if (fclose(output->file) != 0)
            done = fail(output);
        output->file = NULL;
    }
    return done;
}

void
fetch_output_free(fetch_output *output)
{
    if (output->file != NULL && output->file != stdout)
        fclose(output->file);
    free(output->path);
    *output = (fetch_output){ 0 };
}
