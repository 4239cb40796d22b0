// SPDX-License-Identifier: MIT
#include "transfer.h"

#include <stdlib.h>

#include "text.h"

/*
 * What a whole header section decides. The order of the questions: did
 * either layer fail to prove itself, is there a challenge to answer, is there
 * a redirect to follow; else it is the response that counts.
 */

enum {
    OK_FIRST = 200,
    OK_LAST = 299,
    UNAUTHORIZED = 401,
    PROXY_AUTHENTICATION_REQUIRED = 407
};

const char *
csn_curl_transfer_method(const csn_curl_transfer *transfer)
{
    char *method = NULL;

    if (curl_easy_getinfo(transfer->easy, CURLINFO_EFFECTIVE_METHOD,
            &method) != CURLE_OK ||
        method == NULL)
        return "";
    return method;
}

const char *
csn_curl_transfer_target(const csn_curl_transfer *transfer)
{
    if (transfer->first_target && transfer->request.target != NULL)
        return transfer->request.target;
    return transfer->proxied && !transfer->tunnel ? transfer->url.absolute
                                                  : transfer->url.target;
}

void
csn_curl_transfer_end_with(csn_curl_transfer *transfer, csn_curl_end end,
    csn_layer layer, csn_reason reason)
{
    transfer->ended = true;
    transfer->end = end;
    transfer->failed = layer;
    transfer->reason = reason;
}

void
csn_curl_transfer_fail(csn_curl_transfer *transfer, CURLcode code)
{
    csn_curl_transfer_end_with(transfer, CSN_CURL_TRANSFER, CSN_LAYER_ORIGIN,
        CSN_R_NONE);
    transfer->code = code;
    transfer->next = NEXT_NOTHING;
}

bool
csn_curl_transfer_is_refusal(const csn_curl_transfer *transfer,
    const curl_leg *leg)
{
    return transfer->head.status ==
        (leg->layer == CSN_LAYER_PROXY ? PROXY_AUTHENTICATION_REQUIRED
                                       : UNAUTHORIZED);
}

curl_content *
csn_curl_leg_content(csn_curl_transfer *transfer, const curl_leg *leg)
{
    return leg->layer == CSN_LAYER_PROXY && transfer->tunnel
        ? &transfer->none
        : &transfer->content;
}

/* A 401 or 407 that is the end: nothing to answer it with, or no use. */
static void
end_login(csn_curl_transfer *transfer, curl_leg *leg, csn_reason reason)
{
    csn_curl_transfer_end_with(transfer, CSN_CURL_LOGIN, leg->layer, reason);
    csn_curl_note_leg(transfer, leg,
        (csn_curl_note){ .kind = CSN_CURL_REFUSED,
            .status = transfer->head.status,
            .reason = reason });
}

/*
 * Judge a layer. False: the exchange ends here, nothing is delivered. What is
 * only reported (CSN_PROOF_OFF) may also be judged when all is over.
 */
static bool
prove(csn_curl_transfer *transfer, curl_leg *leg)
{
    if (leg->pending && !transfer->whole)
        return true;
    if (csn_curl_leg_judge(transfer, leg, true) != CSN_OK) {
        csn_curl_transfer_fail(transfer, CURLE_OUT_OF_MEMORY);
        return false;
    }
    if (leg->result.deliver)
        return true;
    csn_curl_transfer_end_with(transfer, CSN_CURL_UNPROVED, leg->layer,
        leg->result.reason);
    return false;
}

bool
csn_curl_transfer_connect_done(csn_curl_transfer *transfer)
{
    curl_leg *leg = &transfer->proxy_leg;
    unsigned status = transfer->head.status;
    csn_reason why;

    transfer->status = status;
    transfer->requests++;
    if (status == PROXY_AUTHENTICATION_REQUIRED) {
        if (csn_curl_leg_challenged(transfer, leg, "CONNECT",
                transfer->url.connect, &why))
            transfer->next = NEXT_ANSWER;
        else
            end_login(transfer, leg, why);
        return false;
    }
    /* F-55, F-56: before a single octet goes into the tunnel. */
    if (!prove(transfer, leg))
        return false;
    transfer->connect_seen = status >= OK_FIRST && status <= OK_LAST;
    if (status == UNAUTHORIZED)
        csn_curl_note_leg(transfer, leg,
            (csn_curl_note){ .kind = CSN_CURL_REFUSED,
                .status = status,
                .reason = CSN_R_WRONG_LAYER });
    return true; /* libcurl fails by itself unless it is 2xx */
}

bool
csn_curl_transfer_send_line(csn_curl_transfer *transfer, csn_span line)
{
    size_t sent;

    if (transfer->request.header == NULL)
        return true;
    sent = transfer->request.header((char *)(uintptr_t)line.ptr, 1, line.len,
        transfer->request.header_data);
    return sent == line.len;
}

static bool
send_head(csn_curl_transfer *transfer)
{
    for (size_t i = 0; i < transfer->head.lines; i++)
        if (!csn_curl_transfer_send_line(transfer,
                csn_curl_head_line(&transfer->head, i)))
            return false;
    return true;
}

static bool
begin_decoding(csn_curl_transfer *transfer)
{
    char *coding = NULL;
    csn_status status = CSN_OK;

    if (transfer->request.decode) {
        coding = csn_curl_head_text(&transfer->head, "Content-Encoding");
        status = csn_curl_decoder_begin(&transfer->decoder,
            csn_curl_text_span(coding));
    }
    free(coding);
    return status == CSN_OK;
}

/* The response that counts: what follows goes to the program. */
static bool
deliver(csn_curl_transfer *transfer)
{
    if (!begin_decoding(transfer)) {
        csn_curl_transfer_fail(transfer, CURLE_BAD_CONTENT_ENCODING);
        return false;
    }
    if (!transfer->ended)
        csn_curl_transfer_end_with(transfer, CSN_CURL_DELIVERED,
            CSN_LAYER_ORIGIN, CSN_R_NONE);
    transfer->deliver = true;
    if (send_head(transfer))
        return true;
    csn_curl_transfer_fail(transfer, CURLE_WRITE_ERROR);
    return false;
}

/* The body of an answered challenge or a redirect: read, not shown. */
static bool
go_on(csn_curl_transfer *transfer, curl_next next)
{
    transfer->next = next;
    transfer->swallow = true;
    return true;
}

static bool
is_redirect(const csn_curl_transfer *transfer)
{
    switch (transfer->head.status) {
    case 301:
    case 302:
    case 303:
    case 307:
    case 308:
        return transfer->request.max_redirects != 0;
    default:
        return false;
    }
}

/*
 * A refusal nobody here can answer. Its Info field, if any, counts for
 * nothing (F-05); the policy says whether its body is shown.
 */
static bool
refused(csn_curl_transfer *transfer, curl_leg *leg, csn_reason why)
{
    if (csn_curl_leg_judge(transfer, leg, false) != CSN_OK) {
        csn_curl_transfer_fail(transfer, CURLE_OUT_OF_MEMORY);
        return false;
    }
    end_login(transfer, leg, why);
    return leg->result.deliver && deliver(transfer);
}

/* A 407 comes from the proxy, or from an origin that has no right to it. */
static bool
proxy_refused(csn_curl_transfer *transfer)
{
    curl_leg *leg = &transfer->proxy_leg;
    csn_reason why;

    if (!transfer->proxied || transfer->tunnel) {
        if (!prove(transfer, &transfer->origin))
            return false;
        end_login(transfer, &transfer->origin, CSN_R_WRONG_LAYER);
        return deliver(transfer);
    }
    if (csn_curl_leg_challenged(transfer, leg,
            csn_curl_transfer_method(transfer),
            csn_curl_transfer_target(transfer), &why))
        return go_on(transfer, NEXT_ANSWER);
    if (transfer->origin.proof == CSN_PROOF_REQUIRE) {
        /* The origin said nothing at all: no body without its proof. */
        end_login(transfer, leg, why);
        return false;
    }
    return refused(transfer, leg, why);
}

static bool
origin_refused(csn_curl_transfer *transfer)
{
    csn_reason why;

    if (csn_curl_leg_challenged(transfer, &transfer->origin,
            csn_curl_transfer_method(transfer),
            csn_curl_transfer_target(transfer), &why))
        return go_on(transfer, NEXT_ANSWER);
    return refused(transfer, &transfer->origin, why);
}

/* What a response means, as far as its proofs can be judged by now. */
static bool
decide(csn_curl_transfer *transfer)
{
    if (transfer->status == PROXY_AUTHENTICATION_REQUIRED)
        return proxy_refused(transfer);
    if (transfer->proxied && !transfer->tunnel &&
        !prove(transfer, &transfer->proxy_leg))
        return false;
    if (transfer->status == UNAUTHORIZED)
        return origin_refused(transfer);
    if (!prove(transfer, &transfer->origin))
        return false;
    if (is_redirect(transfer)) {
        free(transfer->location);
        transfer->location = csn_curl_head_text(&transfer->head, "location");
        if (transfer->location != NULL)
            return go_on(transfer, NEXT_REDIRECT);
    }
    return deliver(transfer);
}

bool
csn_curl_transfer_response_done(csn_curl_transfer *transfer)
{
    transfer->status = transfer->head.status;
    if (!csn_curl_held_begin(transfer)) {
        csn_curl_transfer_fail(transfer, CURLE_OUT_OF_MEMORY);
        return false;
    }
    return transfer->waiting || decide(transfer);
}

static void
judge_late(csn_curl_transfer *transfer, curl_leg *leg)
{
    if (leg->pending && csn_curl_leg_judge(transfer, leg, true) != CSN_OK)
        csn_curl_transfer_fail(transfer, CURLE_OUT_OF_MEMORY);
}

void
csn_curl_transfer_content_done(csn_curl_transfer *transfer, CURLcode code)
{
    transfer->whole = code == CURLE_OK && transfer->state == STATE_BODY;
    if (transfer->waiting && transfer->whole && !transfer->ended &&
        decide(transfer) && transfer->deliver)
        (void)csn_curl_held_deliver(transfer);
    transfer->waiting = false;
    judge_late(transfer, &transfer->proxy_leg);
    judge_late(transfer, &transfer->origin);
}

static bool
answer_late(csn_curl_transfer *transfer, curl_leg *leg)
{
    bool connect = transfer->state == STATE_CONNECTING;
    curl_content *content = csn_curl_leg_content(transfer, leg);
    csn_reason why;

    if (!leg->unanswered)
        return true;
    leg->unanswered = false;
    if (csn_curl_content_hash(content, transfer->session->crypto,
            leg->missing) != CSN_OK) {
        csn_curl_transfer_fail(transfer,
            content->failed ? CURLE_READ_ERROR : CURLE_OUT_OF_MEMORY);
        return false;
    }
    if (csn_curl_leg_challenged(transfer, leg,
            connect ? "CONNECT" : csn_curl_transfer_method(transfer),
            connect ? transfer->url.connect
                    : csn_curl_transfer_target(transfer),
            &why))
        return true;
    end_login(transfer, leg, why);
    return false;
}

bool
csn_curl_transfer_answer_late(csn_curl_transfer *transfer)
{
    return answer_late(transfer, &transfer->proxy_leg) &&
        answer_late(transfer, &transfer->origin);
}
