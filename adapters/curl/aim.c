// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "env.h"
#include "own_headers.h"
#include "text.h"
#include "transfer.h"

/* How long a content that cannot be repeated waits for a 100 (F-40). */
enum { EXPECT_ONCE_MS = 10000 };

static csn_status
find_proxy(csn_curl_transfer *transfer, char **proxy)
{
    const csn_curl_request *request = &transfer->request;
    const char *none = request->no_proxy ? request->no_proxy
                                         : csn_curl_env_no_proxy();

    *proxy = NULL;
    if (request->env_proxy)
        return csn_curl_env_proxy(transfer->url.clean, request->no_proxy,
            proxy);
    if (request->proxy == NULL || *request->proxy == '\0' ||
        csn_curl_env_no_proxy_covers(none, transfer->url.host))
        return CSN_OK;
    *proxy = csn_curl_text_copy(request->proxy);
    return *proxy ? CSN_OK : CSN_E_MEMORY;
}

/* A SOCKS proxy speaks no HTTP: it has no layer, libcurl deals with it. */
static bool
is_socks(const char *proxy)
{
    csn_span scheme = { (const uint8_t *)proxy, 5 };

    return strlen(proxy) > 5 && csn_name_equal(scheme, CSN_SPAN("socks"));
}

csn_status
csn_curl_transfer_aim(csn_curl_transfer *transfer)
{
    char *proxy = NULL;
    csn_status status = find_proxy(transfer, &proxy);

    csn_curl_url_parts_free(&transfer->proxy);
    free(transfer->proxy_text);
    transfer->proxy_text = NULL;
    transfer->proxied = status == CSN_OK && proxy != NULL && !is_socks(proxy);
    if (transfer->proxied)
        status = csn_curl_url_proxy_read(proxy, &transfer->proxy);
    if (status == CSN_OK) {
        transfer->proxy_text = csn_curl_text_copy(transfer->proxied
                ? transfer->proxy.clean
                : proxy ? proxy
                        : "");
        if (transfer->proxy_text == NULL)
            status = CSN_E_MEMORY;
    }
    free(proxy);
    transfer->tunnel = transfer->proxied &&
        (transfer->request.tunnel ||
            strcmp(transfer->url.scheme, "https") == 0);
    if (status == CSN_OK)
        status = csn_curl_leg_aim(transfer->session, &transfer->origin,
            &transfer->url, !transfer->own_authorization);
    if (status == CSN_OK)
        status = csn_curl_leg_aim(transfer->session, &transfer->proxy_leg,
            transfer->proxied ? &transfer->proxy : NULL, true);
    return status;
}

/* libcurl's own logins stay off, whatever the handle was told before. */
static CURLcode
arm_no_logins(CURL *easy)
{
    static const CURLoption texts[] = { CURLOPT_USERPWD, CURLOPT_USERNAME,
        CURLOPT_PASSWORD, CURLOPT_PROXYUSERPWD, CURLOPT_PROXYUSERNAME,
        CURLOPT_PROXYPASSWORD, CURLOPT_XOAUTH2_BEARER };
    CURLcode code = CURLE_OK;

    for (size_t i = 0; code == CURLE_OK && i < sizeof(texts) / sizeof(*texts);
         i++)
        code = curl_easy_setopt(easy, texts[i], (char *)NULL);
    if (code == CURLE_OK)
        code = curl_easy_setopt(easy, CURLOPT_HTTPAUTH, CURLAUTH_NONE);
    if (code == CURLE_OK)
        code = curl_easy_setopt(easy, CURLOPT_PROXYAUTH, CURLAUTH_NONE);
    if (code == CURLE_OK)
        code = curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    return code;
}

static bool
waits_to_be_asked(const csn_curl_transfer *transfer)
{
    return transfer->request.body == CSN_CURL_BODY_ONCE &&
        !transfer->body_dropped &&
        !csn_curl_own_headers_name(transfer->request.headers, "Expect") &&
        (transfer->origin.peer != NULL || transfer->proxy_leg.peer != NULL);
}

/* A place for `TE: trailers`, unless the program speaks of either field. */
static void
arm_trailer(csn_curl_transfer *transfer)
{
    static char te[] = "TE: trailers";
    static char connection[] = "Connection: TE";
    const struct curl_slist *own = transfer->request.headers;
    curl_leg *leg = transfer->own_authorization ? &transfer->proxy_leg
                                                : &transfer->origin;

    if (csn_curl_own_headers_name(own, "TE") ||
        csn_curl_own_headers_name(own, "Connection") ||
        (transfer->own_authorization && transfer->tunnel))
        return;
    transfer->te_slot = &leg->node.next;
    transfer->te_rest = leg->node.next;
    transfer->te[0] = (struct curl_slist){ te, &transfer->te[1] };
    transfer->te[1] = (struct curl_slist){ connection, transfer->te_rest };
}

static CURLcode
arm_headers(csn_curl_transfer *transfer)
{
    static char expect[] = "Expect: 100-continue";
    CURL *easy = transfer->easy;
    curl_leg *origin = &transfer->origin;
    curl_leg *proxy = &transfer->proxy_leg;
    struct curl_slist *list = transfer->headers_kept
        ? transfer->kept
        : transfer->request.headers;
    CURLcode code = CURLE_OK;

    transfer->te_slot = NULL;
    if (waits_to_be_asked(transfer)) {
        transfer->expect = (struct curl_slist){ expect, list };
        list = &transfer->expect;
        code = curl_easy_setopt(easy, CURLOPT_EXPECT_100_TIMEOUT_MS,
            (long)EXPECT_ONCE_MS);
    }
    if (!transfer->own_authorization) {
        origin->node = (struct curl_slist){ origin->field, list };
        list = &origin->node;
    }
    proxy->node = (struct curl_slist){ proxy->field,
        transfer->request.proxy_headers };
    arm_trailer(transfer);
    if (code == CURLE_OK)
        code = curl_easy_setopt(easy, CURLOPT_HTTPHEADER, list);
    if (code == CURLE_OK)
        code = curl_easy_setopt(easy, CURLOPT_PROXYHEADER,
            transfer->proxied ? &proxy->node : NULL);
    /* What is meant for the proxy never enters a tunnel (F-57). */
    if (code == CURLE_OK)
        code = curl_easy_setopt(easy, CURLOPT_HEADEROPT,
            (long)CURLHEADER_SEPARATE);
    return code;
}

static CURLcode
arm_url(csn_curl_transfer *transfer)
{
    CURL *easy = transfer->easy;
    CURLcode code = curl_easy_setopt(easy, CURLOPT_URL, transfer->url.clean);

    if (code == CURLE_OK)
        code = curl_easy_setopt(easy, CURLOPT_REQUEST_TARGET,
            csn_curl_transfer_target(transfer));
    if (code == CURLE_OK)
        code = curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    if (code == CURLE_OK)
        code = curl_easy_setopt(easy, CURLOPT_PROXY, transfer->proxy_text);
    if (code == CURLE_OK)
        code = curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
    if (code == CURLE_OK)
        code = curl_easy_setopt(easy, CURLOPT_HTTPPROXYTUNNEL,
            transfer->tunnel ? 1L : 0L);
    if (code == CURLE_OK)
        code = curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    if (code == CURLE_OK)
        code = curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    if (code == CURLE_OK)
        code = curl_easy_setopt(easy, CURLOPT_FAILONERROR, 0L);
    if (code == CURLE_OK)
        code = curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 0L);
    /* Unpacked behind the hash, if at all: auth-int covers what was sent. */
    if (code == CURLE_OK)
        code = curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING,
            transfer->request.decode ? "gzip" : NULL);
    if (code == CURLE_OK)
        code = curl_easy_setopt(easy, CURLOPT_HTTP_CONTENT_DECODING, 0L);
    if (code == CURLE_OK)
        code = curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT,
            transfer->fresh_now ? 1L : 0L);
    return code;
}

static CURLcode
arm_callbacks(csn_curl_transfer *transfer)
{
    CURL *easy = transfer->easy;
    bool reads = transfer->request.read != NULL && !transfer->body_dropped;

    /* None of these can fail: each only keeps a pointer. */
    (void)curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION,
        csn_curl_transfer_prereq);
    (void)curl_easy_setopt(easy, CURLOPT_PREREQDATA, transfer);
    (void)curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION,
        csn_curl_transfer_open_socket);
    (void)curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, transfer);
    (void)curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION,
        csn_curl_transfer_header);
    (void)curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
    (void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION,
        csn_curl_transfer_write);
    (void)curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
    if (reads) {
        (void)curl_easy_setopt(easy, CURLOPT_READFUNCTION,
            csn_curl_transfer_read);
        (void)curl_easy_setopt(easy, CURLOPT_READDATA, transfer);
        (void)curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION,
            csn_curl_transfer_seek);
        (void)curl_easy_setopt(easy, CURLOPT_SEEKDATA, transfer);
        if (csn_curl_transfer_seek(transfer, 0, SEEK_SET) != CURL_SEEKFUNC_OK)
            return CURLE_SEND_FAIL_REWIND;
    }
    return CURLE_OK;
}

static CURLcode
arm_time(csn_curl_transfer *transfer)
{
    long long left = transfer->deadline_ms - csn_curl_clock_now_ms();

    if (transfer->deadline_ms == 0)
        return CURLE_OK;
    if (left <= 0)
        return CURLE_OPERATION_TIMEDOUT;
    return curl_easy_setopt(transfer->easy, CURLOPT_TIMEOUT_MS, (long)left);
}

long long
csn_curl_clock_now_ms(void)
{
    struct timespec now;

    if (clock_gettime(CLOCK_MONOTONIC, &now) != 0)
        return 0;
    return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

CURLcode
csn_curl_transfer_arm(csn_curl_transfer *transfer)
{
    CURLcode code;

    csn_curl_head_reset(&transfer->head);
    csn_curl_head_reset(&transfer->trailer);
    csn_curl_held_reset(transfer);
    transfer->state = transfer->tunnel ? STATE_CONNECTING : STATE_REQUESTING;
    transfer->next = NEXT_NOTHING;
    transfer->connect_seen = false;
    transfer->deliver = false;
    transfer->swallow = false;
    transfer->swallowed = 0;
    transfer->ended = false;
    transfer->code = CURLE_OK;
    code = arm_no_logins(transfer->easy);
    if (code == CURLE_OK)
        code = arm_url(transfer);
    if (code == CURLE_OK)
        code = arm_headers(transfer);
    if (code == CURLE_OK)
        code = arm_callbacks(transfer);
    if (code == CURLE_OK)
        code = arm_time(transfer);
    return code;
}
