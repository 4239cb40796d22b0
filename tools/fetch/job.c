// SPDX-License-Identifier: MIT
#include "job.h"

#include <stdlib.h>
#include <string.h>

#include "common/exit.h"
#include "common/note.h"

enum { HTTP_ERROR = 400 };

static long
response_code(const fetch_job *job)
{
    long code = 0;

    (void)curl_easy_getinfo(job->easy, CURLINFO_RESPONSE_CODE, &code);
    return code;
}

static bool
is_unwanted(const fetch_job *job)
{
    return job->options->fail && response_code(job) >= HTTP_ERROR;
}

static size_t
take_body(char *data, size_t size, size_t count, void *userp)
{
    fetch_job *job = userp;
    size_t len = size * count;

    job->answered = true;
    if (is_unwanted(job))
        return len;
    return fetch_output_write(&job->output, data, len) ? len : 0;
}

static size_t
take_header(char *data, size_t size, size_t count, void *userp)
{
    fetch_job *job = userp;
    size_t len = size * count;

    job->answered = true;
    if (!job->options->include && !job->options->head)
        return len;
    return fetch_output_write(&job->output, data, len) ? len : 0;
}

static bool
append(char **url, const char *glue, const char *text)
{
    char *longer = NULL;

    if (asprintf(&longer, "%s%s%s", *url, glue, text) < 0)
        return false;
    free(*url);
    *url = longer;
    return true;
}

/* -T to a URL that ends in `/` names the file there, as curl does. */
static bool
name_upload(fetch_job *job, const char *path)
{
    const char *slash = strrchr(path, '/');
    size_t len = strlen(job->url);

    if (len == 0 || job->url[len - 1] != '/' || strcmp(path, "-") == 0)
        return true;
    return append(&job->url, "", slash ? slash + 1 : path);
}

/* -G: the data goes behind the `?`. A fragment would stand in its way. */
static int
add_query(fetch_job *job, const fetch_content *data)
{
    char *hash = strchr(job->url, '#');

    if (data->text == NULL) {
        csn_note("-G takes its data from the command line, not from a file");
        return CSN_EXIT_USAGE;
    }
    if (hash != NULL)
        *hash = '\0';
    return append(&job->url, strchr(job->url, '?') ? "&" : "?", data->text)
        ? CSN_EXIT_OK
        : CSN_EXIT_MEMORY;
}

static int
prepare_content(fetch_job *job, const fetch_content *content)
{
    const fetch_options *options = job->options;
    int code = CSN_EXIT_OK;

    job->content = content;
    if (options->as_get && content->present) {
        code = add_query(job, content);
        job->content = &job->own;
    } else if (job->index < options->uploads.count) {
        const char *path = options->uploads.items[job->index];

        job->content = &job->own;
        if (!fetch_content_of_file(&job->own, path))
            code = CSN_EXIT_READ;
        else if (!name_upload(job, path))
            code = CSN_EXIT_MEMORY;
    }
    job->reader = (fetch_reader){ .content = job->content };
    return code;
}

static csn_curl_request
make_request(fetch_job *job)
{
    const fetch_options *options = job->options;
    bool sends = job->content->present;

    return (csn_curl_request){
        .version = CSN_CURL_REQUEST_VERSION,
        .url = job->url,
        .proxy = options->proxy,
        .env_proxy = options->proxy == NULL,
        .no_proxy = options->no_proxy,
        .tunnel = options->tunnel,
        .target = options->target,
        .as_is = options->path_as_is,
        .headers = options->headers,
        .proxy_headers = options->proxy_headers,
        .proof = options->proof,
        .proxy_proof = options->proxy_proof,
        .max_redirects = options->follow ? (int)options->max_redirs : 0,
        .timeout_ms = options->max_time_ms,
        .body = sends ? CSN_CURL_BODY_REPEAT : CSN_CURL_BODY_NONE,
        .read = sends ? fetch_reader_read : NULL,
        .read_data = &job->reader,
        .rewind = fetch_reader_rewind,
        .write = take_body,
        .write_data = job,
        .header = take_header,
        .header_data = job,
        .note = options->verbose ? fetch_words_note : NULL,
        .note_data = job,
        .integrity = options->integrity,
        .proxy_integrity = options->proxy_integrity,
        .decode = options->compressed,
        .held_max = (uint64_t)options->max_held,
    };
}

static int
attach(fetch_job *job, csn_curl_session *session)
{
    csn_curl_request request = make_request(job);
    csn_status status = csn_curl_attach(session, job->easy, &request,
        &job->transfer);

    if (status == CSN_OK)
        return CSN_EXIT_OK;
    if (status == CSN_E_MEMORY)
        csn_note("no memory");
    else if (status == CSN_E_UNSUPPORTED)
        csn_note("%s: only http and https, for URL and proxy", job->url);
    else if (status == CSN_E_CONFIG)
        csn_note("Proxy-Authorization is not for -H: use -U");
    else
        csn_note("%s: the URL or its proxy does not parse", job->url);
    return status == CSN_E_MEMORY     ? CSN_EXIT_MEMORY
        : status == CSN_E_UNSUPPORTED ? (int)CURLE_UNSUPPORTED_PROTOCOL
        : status == CSN_E_CONFIG      ? (int)CSN_EXIT_USAGE
                                      : (int)CURLE_URL_MALFORMAT;
}

int
fetch_job_open(fetch_job *job, const fetch_options *options, size_t index,
    const fetch_content *content, csn_curl_session *session)
{
    int code;

    *job = (fetch_job){ .options = options, .index = index };
    job->own.fd = -1;
    job->url = strdup(options->urls.items[index]);
    job->easy = curl_easy_init();
    if (job->url == NULL || job->easy == NULL)
        return CSN_EXIT_MEMORY;
    code = prepare_content(job, content);
    if (code == CSN_EXIT_OK)
        code = fetch_output_choose(&job->output, options, index, job->url);
    if (code == CSN_EXIT_OK && !fetch_setup(job->easy, job))
        code = CSN_EXIT_USAGE;
    if (code != CSN_EXIT_OK)
        return code;
    fetch_meter_open(&job->meter, job->easy, options, job->output.path);
    return attach(job, session);
}

static int
exit_code(const fetch_job *job)
{
    switch (job->result.end) {
    case CSN_CURL_UNPROVED:
        return CSN_EXIT_PROOF;
    case CSN_CURL_LOGIN:
        return CSN_EXIT_LOGIN;
    case CSN_CURL_TRANSFER:
        return (int)job->result.code;
    case CSN_CURL_DELIVERED:
        break;
    }
    return job->options->fail && job->result.status >= HTTP_ERROR
        ? CSN_EXIT_HTTP
        : CSN_EXIT_OK;
}

bool
fetch_job_step(fetch_job *job, CURLcode code)
{
    if (csn_curl_finish(job->transfer, code) == CSN_CURL_AGAIN)
        return true;
    job->finished = true;
    csn_curl_outcome(job->transfer, &job->result);
    job->exit_code = exit_code(job);
    fetch_meter_close(&job->meter);
    if (job->exit_code == CSN_EXIT_OK && !fetch_output_done(&job->output))
        job->exit_code = CSN_EXIT_WRITE;
    if (job->exit_code != CSN_EXIT_OK &&
        (!job->options->silent || job->options->show_error))
        fetch_words_end(job);
    return false;
}

void
fetch_job_close(fetch_job *job)
{
    csn_curl_detach(job->transfer);
    if (job->easy != NULL)
        curl_easy_cleanup(job->easy);
    fetch_output_free(&job->output);
    fetch_content_free(&job->own);
    free(job->url);
    *job = (fetch_job){ .own = { .fd = -1 } };
}
