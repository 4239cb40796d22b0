// SPDX-License-Identifier: MIT
#include "start.h"
#include "info.h"

#include "common/exit.h"
#include "common/note.h"

#include <string.h>
#include <time.h>

/* One part of a URL, kept; NULL, and nothing said, when it is not there. */
static const char *
part_of(verify_run *run, CURLU *url, CURLUPart what, unsigned flags)
{
    const char *kept = NULL;
    char *text = NULL;

    if (curl_url_get(url, what, &text, flags) == CURLUE_OK && text != NULL)
        kept = csn_pool_format(&run->pool, "%s", text);
    curl_free(text);
    return kept;
}

static bool
is_http(const char *scheme)
{
    return scheme != NULL &&
        (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0);
}

static bool
has_login(verify_run *run, CURLU *url)
{
    return part_of(run, url, CURLUPART_USER, 0) != NULL;
}

/* The URL that is asked for. */
static bool
read_target(verify_run *run, CURLU *url)
{
    const char *scheme, *host, *port, *path, *query;

    if (curl_url_set(url, CURLUPART_URL, run->options->url,
            CURLU_DEFAULT_SCHEME) != CURLUE_OK)
        return false;
    scheme = part_of(run, url, CURLUPART_SCHEME, 0);
    host = part_of(run, url, CURLUPART_HOST, 0);
    path = part_of(run, url, CURLUPART_PATH, 0);
    query = part_of(run, url, CURLUPART_QUERY, 0);
    port = part_of(run, url, CURLUPART_PORT, CURLU_DEFAULT_PORT);
    if (!is_http(scheme) || host == NULL || port == NULL ||
        has_login(run, url))
        return false;
    run->scheme = csn_text_of(scheme);
    run->host_port = csn_text_of(
        csn_pool_format(&run->pool, "%s:%s", host, port));
    run->path = csn_text_of(
        csn_pool_format(&run->pool, "%s%s%s", path == NULL ? "/" : path,
            query == NULL ? "" : "?", query == NULL ? "" : query));
    port = part_of(run, url, CURLUPART_PORT, CURLU_NO_DEFAULT_PORT);
    run->authority = csn_text_of(csn_pool_format(&run->pool, "%s%s%s", host,
        port == NULL ? "" : ":", port == NULL ? "" : port));
    run->place.url = csn_pool_format(&run->pool, "%s://%s/", scheme,
        (const char *)run->host_port.ptr);
    return true;
}

/* The proxy's URL; like curl's, its port is 1080 where none is named. */
static bool
read_proxy(verify_run *run, CURLU *url)
{
    const char *scheme, *host, *port;

    if (curl_url_set(url, CURLUPART_URL, run->options->proxy,
            CURLU_DEFAULT_SCHEME) != CURLUE_OK ||
        curl_url_set(url, CURLUPART_PATH, NULL, 0) != CURLUE_OK)
        return false;
    scheme = part_of(run, url, CURLUPART_SCHEME, 0);
    host = part_of(run, url, CURLUPART_HOST, 0);
    port = part_of(run, url, CURLUPART_PORT, CURLU_NO_DEFAULT_PORT);
    if (strstr(run->options->proxy, "://") == NULL)
        scheme = "http";
    if (!is_http(scheme) || host == NULL || has_login(run, url))
        return false;
    if (port == NULL)
        port = strcmp(scheme, "https") == 0 ? "443" : "1080";
    run->place.url = csn_pool_format(&run->pool, "%s://%s:%s/", scheme, host,
        port);
    return true;
}

bool
verify_start_urls(verify_run *run)
{
    const verify_options *options = run->options;
    CURLU *url = curl_url();
    CURLU *proxy = curl_url();
    const char *wrong = NULL;

    if (url == NULL || proxy == NULL || !read_target(run, url))
        wrong = options->url;
    else if (options->proxy != NULL && !read_proxy(run, proxy))
        wrong = options->proxy;
    curl_url_cleanup(url);
    curl_url_cleanup(proxy);
    if (wrong != NULL) {
        csn_note("%s: not an http or https URL without a login in it", wrong);
        return false;
    }
    if (options->proxy != NULL) {
        bool is_tls = run->scheme.len == strlen("https");

        run->layer = CSN_LAYER_PROXY;
        run->mode = is_tls || options->tunnel ? VERIFY_TUNNEL : VERIFY_FORWARD;
    }
    return true;
}

/* The first answer; what it offers is kept. */
static int
first_answer(verify_run *run)
{
    verify_request request = verify_request_new(run);
    verify_response response = verify_exchange(run, 0, &request);
    const verify_challenge *base;

    if (response.kind == VERIFY_NOT_CONNECTED) {
        csn_note("%s: %s", run->place.url,
            curl_easy_strerror(run->place.code));
        return (int)run->place.code;
    }
    if (response.kind != VERIFY_ANSWERED) {
        csn_note("%s: it gives %s", run->place.url,
            verify_describe(run, &response));
        return response.kind == VERIFY_TIMEOUT ? CSN_EXIT_TIMEOUT
            : response.kind == VERIFY_DROPPED  ? (int)CURLE_GOT_NOTHING
                                               : (int)CURLE_WEIRD_SERVER_REPLY;
    }
    run->first_status = response.status;
    run->offer = verify_offer_read(&run->scratch, &response.fields,
        run->layer);
    for (size_t i = 0; i < run->offer.count; i++)
        run->offer.items[i] = verify_challenge_keep(&run->pool,
            &run->offer.items[i]);
    run->offer.items = memcpy(csn_pool_alloc(&run->pool,
                                  run->offer.count * sizeof(verify_challenge)),
        run->offer.count == 0 ? (const void *)run : run->offer.items,
        run->offer.count * sizeof(verify_challenge));
    base = verify_offer_choose(&run->offer);
    if (base != NULL)
        run->base = *base;
    return CSN_EXIT_OK;
}

/* Status of a right login in the run's mode; 0 when none came. */
static unsigned
try_login(verify_run *run)
{
    verify_request request = verify_request_new(run);
    verify_challenge challenge;
    verify_form form;

    if (!verify_ask(run, 0, run->mode, &challenge))
        return 0;
    form = verify_form_new(run, &challenge, &request, 1);
    return verify_send_form(run, 0, &request, &form).status;
}

/* Whether CONNECT can be tried too. */
static void
try_connect(verify_run *run)
{
    const verify_mode mode = run->mode;

    run->mode = VERIFY_TUNNEL;
    run->connect_status = try_login(run);
    run->can_connect = run->connect_status / 100 == 2;
    run->mode = mode;
}

static bool
is_refusal(const verify_run *run, unsigned status)
{
    return status == 0 || status == 400 || status == 429 ||
        status == (run->layer == CSN_LAYER_PROXY ? 407u : 401u);
}

int
verify_start(verify_run *run)
{
    int code = first_answer(run);

    if (code != CSN_EXIT_OK || run->base.nonce.len == 0 || run->user.len == 0)
        return code;
    for (size_t i = 0; run->options->wait_ms != 0 && i < 3; i++) {
        verify_challenge challenge;

        if (verify_ask(run, 0, run->mode, &challenge))
            run->old[i] = verify_challenge_keep(&run->pool, &challenge);
    }
    run->base_status = try_login(run);
    if (is_refusal(run, run->base_status)) {
        csn_note("the login is refused with %u", run->base_status);
        return CSN_EXIT_LOGIN;
    }
    run->is_in = true;
    if (run->layer == CSN_LAYER_PROXY)
        try_connect(run);
    csn_pool_reset(&run->scratch);
    return CSN_EXIT_OK;
}

static void
sleep_until(int64_t when_ms)
{
    int64_t left;

    while ((left = when_ms - verify_now_ms()) > 0) {
        struct timespec time = { .tv_sec = left / 1000,
            .tv_nsec = left % 1000 * 1000000 };

        (void)nanosleep(&time, NULL);
    }
}

/* Near its end a nonce may get a successor, and should go on for a while. */
static void
take_successor(verify_run *run)
{
    verify_request request = verify_request_new(run);
    verify_form form = verify_form_new(run, &run->old[2], &request, 1);
    verify_response response = verify_send_form(run, 0, &request, &form);
    verify_info info = verify_info_read(run, &form, &response);
    csn_span next = verify_info_text(&info, "nextnonce");
    verify_challenge successor;

    if (next.len == 0)
        return;
    run->has_next = true;
    successor = run->old[2];
    successor.nonce = next;
    form = verify_form_new(run, &successor, &request, 1);
    response = verify_send_form(run, 0, &request, &form);
    run->next = (verify_response){ .kind = response.kind,
        .status = response.status };
    form = verify_form_new(run, &run->old[2], &request, 2);
    response = verify_send_form(run, 0, &request, &form);
    run->is_grace = verify_outcome_of(run, request.method, &response) ==
        VERIFY_LET_IN;
}

void
verify_wait(verify_run *run, int64_t since_ms)
{
    /* Servers measure in seconds, and began after we did. */
    enum { MARGIN_MS = 1500 };

    sleep_until(since_ms + run->options->wait_ms / 100 * 85);
    take_successor(run);
    sleep_until(since_ms + run->options->wait_ms + MARGIN_MS);
    verify_hang_up(run, 0);
    verify_hang_up(run, 1);
}
