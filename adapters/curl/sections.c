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

static void
end_with(csn_curl_transfer *transfer, csn_curl_end end, csn_layer layer,
    csn_reason reason)
{
    transfer->ended = true;
    transfer->end = end;
    transfer->failed = layer;
    transfer->reason = reason;
}

/* A 401 or 407 that is the end: nothing to answer it with, or no use. */
static void
end_login(csn_curl_transfer *transfer, curl_leg *leg, csn_reason reason)
{
    end_with(transfer, CSN_CURL_LOGIN, leg->layer, reason);
    csn_curl_note_leg(transfer, leg,
        (csn_curl_note){ .kind = CSN_CURL_REFUSED,
            .status = transfer->head.status,
            .reason = reason });
}

/* Judge a layer. False: the exchange ends here, nothing is delivered. */
static bool
prove(csn_curl_transfer *transfer, curl_leg *leg)
{
    if (csn_curl_leg_judge(transfer, leg, true) != CSN_OK) {
        end_with(transfer, CSN_CURL_TRANSFER, leg->layer, CSN_R_INTERNAL);
        transfer->code = CURLE_OUT_OF_MEMORY;
        return false;
    }
    if (leg->result.deliver)
        return true;
    end_with(transfer, CSN_CURL_UNPROVED, leg->layer, leg->result.reason);
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

static bool
send_line(csn_curl_transfer *transfer, csn_span line)
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
        if (!send_line(transfer, csn_curl_head_line(&transfer->head, i)))
            return false;
    return true;
}

/* The response that counts: what follows goes to the program. */
static bool
deliver(csn_curl_transfer *transfer)
{
    if (!transfer->ended)
        end_with(transfer, CSN_CURL_DELIVERED, CSN_LAYER_ORIGIN, CSN_R_NONE);
    transfer->deliver = true;
    if (send_head(transfer))
        return true;
    transfer->end = CSN_CURL_TRANSFER;
    transfer->code = CURLE_WRITE_ERROR;
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
        end_with(transfer, CSN_CURL_TRANSFER, leg->layer, CSN_R_INTERNAL);
        transfer->code = CURLE_OUT_OF_MEMORY;
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

bool
csn_curl_transfer_response_done(csn_curl_transfer *transfer)
{
    transfer->status = transfer->head.status;
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
