// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "own_headers.h"
#include "text.h"
#include "transfer.h"

/* What curl does: a POST answered by 301, 302 or 303 goes on as GET. */
static bool
becomes_get(const csn_curl_transfer *transfer)
{
    const char *method = csn_curl_transfer_method(transfer);

    switch (transfer->head.status) {
    case 301:
    case 302:
        return strcmp(method, "POST") == 0;
    case 303:
        return strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0;
    default:
        return false;
    }
}

/* F-49: what was meant for one origin is not for the next one. */
static csn_status
leave_origin(csn_curl_transfer *transfer)
{
    struct curl_slist *kept = NULL;

    (void)curl_easy_setopt(transfer->easy, CURLOPT_COOKIE, (char *)NULL);
    if (transfer->headers_kept)
        return CSN_OK;
    if (csn_curl_own_headers_keep(transfer->request.headers, &kept) != CSN_OK)
        return CSN_E_MEMORY;
    transfer->kept = kept;
    transfer->headers_kept = true;
    transfer->own_authorization = false;
    return CSN_OK;
}

static bool
too_many(const csn_curl_transfer *transfer)
{
    int max = transfer->request.max_redirects;
    unsigned limit = max < 0 ? REDIRECTS_MAX : (unsigned)max;

    return transfer->redirects >= limit;
}

static CURLcode
code_of(csn_status status)
{
    if (status == CSN_OK)
        return CURLE_OK;
    if (status == CSN_E_UNSUPPORTED)
        return CURLE_UNSUPPORTED_PROTOCOL;
    return status == CSN_E_MEMORY ? CURLE_OUT_OF_MEMORY : CURLE_URL_MALFORMAT;
}

bool
csn_curl_transfer_redirect(csn_curl_transfer *transfer)
{
    curl_url_parts next;
    csn_status status;

    if (too_many(transfer)) {
        transfer->code = CURLE_TOO_MANY_REDIRECTS;
        return false;
    }
    /* Relative to what was sent, its empty query (`/a?`) included. */
    status = csn_curl_url_parts_read(transfer->location, transfer->url.clean,
        transfer->request.as_is, &next);
    if (status == CSN_OK && !csn_curl_url_same_origin(&next, &transfer->url))
        status = leave_origin(transfer);
    if (status != CSN_OK) {
        csn_curl_url_parts_free(&next);
        transfer->code = code_of(status);
        return false;
    }
    if (becomes_get(transfer)) {
        (void)curl_easy_setopt(transfer->easy, CURLOPT_HTTPGET, 1L);
        transfer->body_dropped = true;
        csn_curl_content_drop(&transfer->content);
    }
    csn_curl_url_parts_free(&transfer->url);
    transfer->url = next;
    transfer->first_target = false;
    transfer->redirects++;
    transfer->code = code_of(csn_curl_transfer_aim(transfer));
    if (transfer->code == CURLE_OK)
        csn_curl_note_leg(transfer, &transfer->origin,
            (csn_curl_note){ .kind = CSN_CURL_REDIRECT,
                .uri = transfer->url.clean,
                .status = transfer->status });
    return transfer->code == CURLE_OK;
}
