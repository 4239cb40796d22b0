// SPDX-License-Identifier: MIT
#include "transfer.h"

#include <stdlib.h>
#include <string.h>

#include "own_headers.h"
#include "text.h"

static csn_status
check_request(const csn_curl_request *request)
{
    if (request->version != CSN_CURL_REQUEST_VERSION || request->url == NULL)
        return CSN_E_CONFIG;
    if ((request->body == CSN_CURL_BODY_REPEAT ||
            request->body == CSN_CURL_BODY_ONCE) != (request->read != NULL))
        return CSN_E_CONFIG;
    if (request->body == CSN_CURL_BODY_REPEAT && request->rewind == NULL)
        return CSN_E_CONFIG;
    /* In `headers` it would go to the origin, through the tunnel (F-57). */
    if (csn_curl_own_headers_have(request->headers, "Proxy-Authorization") ||
        csn_curl_own_headers_have(request->proxy_headers,
            "Proxy-Authorization") ||
        csn_curl_own_headers_have(request->proxy_headers, "Authorization"))
        return CSN_E_CONFIG;
    return CSN_OK;
}

/* A login of that layer would never send credentials. */
static bool
is_hopeless(csn_curl_transfer *transfer, const curl_leg *leg)
{
    return leg->peer != NULL && leg->integrity == CSN_CURL_INTEGRITY_REQUIRE &&
        !csn_curl_content_can_hash(csn_curl_leg_content(transfer, leg));
}

static csn_status
set_up(csn_curl_transfer *transfer)
{
    const csn_curl_request *request = &transfer->request;
    csn_status status = csn_curl_url_parts_read(request->url, NULL,
        request->as_is, &transfer->url);

    transfer->origin.layer = CSN_LAYER_ORIGIN;
    transfer->origin.proof = request->proof;
    transfer->proxy_leg.layer = CSN_LAYER_PROXY;
    transfer->origin.integrity = request->integrity;
    transfer->proxy_leg.proof = request->proxy_proof;
    transfer->proxy_leg.integrity = request->proxy_integrity;
    csn_curl_content_init(&transfer->content, request);
    transfer->none.body = CSN_CURL_BODY_NONE;
    transfer->first_target = true;
    transfer->own_authorization = csn_curl_own_headers_have(request->headers,
        "Authorization");
    if (request->timeout_ms > 0)
        transfer->deadline_ms = csn_curl_clock_now_ms() + request->timeout_ms;
    if (status == CSN_OK)
        status = csn_curl_transfer_aim(transfer);
    if (status == CSN_OK &&
        (is_hopeless(transfer, &transfer->origin) ||
            is_hopeless(transfer, &transfer->proxy_leg)))
        status = CSN_E_MISSING;
    if (status == CSN_OK && csn_curl_transfer_arm(transfer) != CURLE_OK)
        status = CSN_E_CONFIG;
    return status;
}

csn_status
csn_curl_attach(csn_curl_session *session, CURL *easy,
    const csn_curl_request *request, csn_curl_transfer **transfer)
{
    csn_curl_transfer *made;
    csn_status status = check_request(request);

    if (status != CSN_OK)
        return status;
    made = calloc(1, sizeof(*made));
    if (made == NULL)
        return CSN_E_MEMORY;
    made->session = session;
    made->easy = easy;
    made->request = *request;
    status = set_up(made);
    if (status != CSN_OK) {
        csn_curl_detach(made);
        return status;
    }
    *transfer = made;
    return CSN_OK;
}

static void
end_transfer(csn_curl_transfer *transfer, CURLcode code)
{
    transfer->ended = true;
    transfer->end = CSN_CURL_TRANSFER;
    transfer->code = code;
}

static bool
trailer_has_info(const csn_curl_transfer *transfer, const curl_leg *leg)
{
    csn_span *values = NULL;
    size_t count = 0;
    csn_status status = csn_curl_head_values(&transfer->trailer,
        csn_layer_info_field(leg->layer), &values, &count);

    free(values);
    return status != CSN_OK || count != 0;
}

/* F-07: what a trailer says must agree with what the header said. */
static void
judge_trailer(csn_curl_transfer *transfer, curl_leg *leg)
{
    if (!leg->used || !leg->sent || leg->at_end ||
        !trailer_has_info(transfer, leg))
        return;
    if (csn_curl_leg_judge(transfer, leg, true) == CSN_OK &&
        leg->result.deliver)
        return;
    transfer->end = CSN_CURL_UNPROVED;
    transfer->failed = leg->layer;
    transfer->reason = leg->result.reason;
}

static void
settle(csn_curl_transfer *transfer, CURLcode code)
{
    if (!transfer->ended) {
        /* No whole header section came, whatever libcurl made of it. */
        end_transfer(transfer,
            code != CURLE_OK ? code : CURLE_WEIRD_SERVER_REPLY);
        return;
    }
    if (transfer->end == CSN_CURL_DELIVERED && code != CURLE_OK)
        end_transfer(transfer, code);
    if (transfer->end == CSN_CURL_DELIVERED &&
        !csn_curl_decoder_is_whole(&transfer->decoder))
        end_transfer(transfer, CURLE_BAD_CONTENT_ENCODING);
    if (transfer->end == CSN_CURL_DELIVERED) {
        judge_trailer(transfer, &transfer->origin);
        if (!transfer->tunnel && transfer->end == CSN_CURL_DELIVERED)
            judge_trailer(transfer, &transfer->proxy_leg);
    }
}

static csn_curl_step
done(csn_curl_transfer *transfer)
{
    csn_curl_leg_done(transfer->session, &transfer->origin);
    csn_curl_leg_done(transfer->session, &transfer->proxy_leg);
    return CSN_CURL_DONE;
}

/* The next run, or an end when it cannot be prepared. */
static csn_curl_step
again(csn_curl_transfer *transfer)
{
    CURLcode code = csn_curl_transfer_arm(transfer);

    if (code == CURLE_OK)
        return CSN_CURL_AGAIN;
    end_transfer(transfer, code);
    return done(transfer);
}

csn_curl_step
csn_curl_finish(csn_curl_transfer *transfer, CURLcode code)
{
    curl_next next;

    csn_curl_transfer_content_done(transfer, code);
    next = transfer->next;
    transfer->fresh_now = false;
    if (code == CURLE_OPERATION_TIMEDOUT ||
        (code == CURLE_ABORTED_BY_CALLBACK && next != NEXT_FRESH &&
            !transfer->ended))
        next = NEXT_NOTHING;
    switch (next) {
    case NEXT_ANSWER:
        return csn_curl_transfer_answer_late(transfer) ? again(transfer)
                                                       : done(transfer);
    case NEXT_FRESH:
        if (transfer->fresh++ >= FRESH_MAX)
            break;
        transfer->fresh_now = true;
        return again(transfer);
    case NEXT_REDIRECT:
        if (csn_curl_transfer_redirect(transfer))
            return again(transfer);
        end_transfer(transfer, transfer->code);
        return done(transfer);
    case NEXT_NOTHING:
        break;
    }
    settle(transfer, code);
    return done(transfer);
}

static csn_curl_layer_outcome
outcome_of(const curl_leg *leg)
{
    return (csn_curl_layer_outcome){
        .used = leg->used,
        .sent = leg->sent,
        .proof = leg->result.proof,
        .reason = leg->result.reason,
        .nextnonce = leg->result.nextnonce,
        .qop = csn_curl_leg_qop(leg),
        .content = csn_curl_leg_content_proved(leg),
    };
}

void
csn_curl_outcome(const csn_curl_transfer *transfer, csn_curl_result *result)
{
    *result = (csn_curl_result){
        .end = transfer->end,
        .code = transfer->end == CSN_CURL_TRANSFER ? transfer->code : CURLE_OK,
        .status = transfer->status,
        .failed = transfer->failed,
        .reason = transfer->reason,
        .origin = outcome_of(&transfer->origin),
        .proxy = outcome_of(&transfer->proxy_leg),
        .url = transfer->url.clean,
        .redirects = transfer->redirects,
        .requests = transfer->requests,
    };
}

csn_curl_end
csn_curl_perform(csn_curl_transfer *transfer)
{
    csn_curl_step step;

    do
        step = csn_curl_finish(transfer, curl_easy_perform(transfer->easy));
    while (step == CSN_CURL_AGAIN);
    return transfer->end;
}

/* The handle must not go on pointing at what is about to be freed. */
static void
disarm(csn_curl_transfer *transfer)
{
    static const CURLoption pointers[] = { CURLOPT_HTTPHEADER,
        CURLOPT_PROXYHEADER, CURLOPT_PREREQDATA, CURLOPT_OPENSOCKETDATA,
        CURLOPT_HEADERDATA, CURLOPT_WRITEDATA, CURLOPT_ACCEPT_ENCODING };
    CURL *easy = transfer->easy;

    for (size_t i = 0; i < sizeof(pointers) / sizeof(*pointers); i++)
        (void)curl_easy_setopt(easy, pointers[i], NULL);
    (void)curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, NULL);
    (void)curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, NULL);
    (void)curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, NULL);
    (void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, NULL);
    (void)curl_easy_setopt(easy, CURLOPT_REQUEST_TARGET, (char *)NULL);
    (void)curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 0L);
    (void)curl_easy_setopt(easy, CURLOPT_HTTP_CONTENT_DECODING, 1L);
    if (transfer->deadline_ms != 0)
        (void)curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, 0L);
    if (transfer->request.read != NULL) {
        (void)curl_easy_setopt(easy, CURLOPT_READFUNCTION, NULL);
        (void)curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, NULL);
        (void)curl_easy_setopt(easy, CURLOPT_READDATA, NULL);
        (void)curl_easy_setopt(easy, CURLOPT_SEEKDATA, NULL);
    }
}

void
csn_curl_detach(csn_curl_transfer *transfer)
{
    if (transfer == NULL)
        return;
    disarm(transfer);
    csn_curl_leg_free(transfer->session, &transfer->origin);
    csn_curl_leg_free(transfer->session, &transfer->proxy_leg);
    csn_curl_url_parts_free(&transfer->url);
    csn_curl_url_parts_free(&transfer->proxy);
    free(transfer->proxy_text);
    curl_slist_free_all(transfer->kept);
    csn_curl_held_reset(transfer);
    csn_curl_content_free(&transfer->content);
    csn_curl_head_free(&transfer->head);
    csn_curl_head_free(&transfer->trailer);
    free(transfer->location);
    free(transfer);
}
