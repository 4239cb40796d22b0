// SPDX-License-Identifier: MIT
#include "common/note.h"
#include "job.h"
#include "verbs.h"

/* Whether libcurl took every option so far. */
typedef struct setup {
    CURL *easy;
    CURLcode code;
} setup;

static void
set_text(setup *to, CURLoption option, const char *text)
{
    if (to->code == CURLE_OK && text != NULL)
        to->code = curl_easy_setopt(to->easy, option, text);
}

static void
set_long(setup *to, CURLoption option, long value)
{
    if (to->code == CURLE_OK)
        to->code = curl_easy_setopt(to->easy, option, value);
}

static void
set_size(setup *to, CURLoption option, curl_off_t value)
{
    if (to->code == CURLE_OK)
        to->code = curl_easy_setopt(to->easy, option, value);
}

static void
set_list(setup *to, CURLoption option, struct curl_slist *list)
{
    if (to->code == CURLE_OK && list != NULL)
        to->code = curl_easy_setopt(to->easy, option, list);
}

static void
set_content(setup *to, const fetch_job *job)
{
    const fetch_content *content = job->content;

    if (!content->present)
        return;
    if (job->index < job->options->uploads.count) {
        set_long(to, CURLOPT_UPLOAD, 1);
        set_size(to, CURLOPT_INFILESIZE_LARGE, content->size);
        return;
    }
    set_long(to, CURLOPT_POST, 1);
    set_size(to, CURLOPT_POSTFIELDSIZE_LARGE, content->size);
}

static void
set_request(setup *to, const fetch_job *job)
{
    const fetch_options *options = job->options;

    set_content(to, job);
    if (options->head)
        set_long(to, CURLOPT_NOBODY, 1);
    set_text(to, CURLOPT_CUSTOMREQUEST, options->method);
    set_text(to, CURLOPT_RANGE, options->range);
    set_text(to, CURLOPT_USERAGENT,
        options->agent ? options->agent : "countersign/" CSN_TOOL_VERSION);
    set_text(to, CURLOPT_REFERER, options->referer);
    set_text(to, CURLOPT_COOKIE, options->cookie);
}

static void
set_tls(setup *to, const fetch_options *options)
{
    if (options->insecure) {
        set_long(to, CURLOPT_SSL_VERIFYPEER, 0);
        set_long(to, CURLOPT_SSL_VERIFYHOST, 0);
    }
    if (options->proxy_insecure) {
        set_long(to, CURLOPT_PROXY_SSL_VERIFYPEER, 0);
        set_long(to, CURLOPT_PROXY_SSL_VERIFYHOST, 0);
    }
    set_text(to, CURLOPT_CAINFO, options->cacert);
    set_text(to, CURLOPT_PROXY_CAINFO, options->proxy_cacert);
    set_text(to, CURLOPT_SSLCERT, options->cert);
    set_text(to, CURLOPT_SSLKEY, options->key);
}

static void
set_connection(setup *to, const fetch_options *options)
{
    set_long(to, CURLOPT_CONNECTTIMEOUT_MS, options->connect_timeout_ms);
    set_list(to, CURLOPT_RESOLVE, options->resolve);
    set_list(to, CURLOPT_CONNECT_TO, options->connect_to);
    if (options->ipv4)
        set_long(to, CURLOPT_IPRESOLVE, CURL_IPRESOLVE_V4);
    if (options->ipv6)
        set_long(to, CURLOPT_IPRESOLVE, CURL_IPRESOLVE_V6);
    if (options->http_1_1)
        set_long(to, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    if (options->http_2)
        set_long(to, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2_0);
    if (options->parallel)
        set_long(to, CURLOPT_PIPEWAIT, 1); /* rather a stream than a socket */
}

bool
fetch_setup(CURL *easy, fetch_job *job)
{
    setup to = { .easy = easy, .code = CURLE_OK };

    to.code = curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, job->error);
    set_request(&to, job);
    set_tls(&to, job->options);
    set_connection(&to, job->options);
    if (to.code != CURLE_OK)
        csn_note("libcurl: %s", curl_easy_strerror(to.code));
    return to.code == CURLE_OK;
}
