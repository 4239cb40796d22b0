// SPDX-License-Identifier: MIT
#include "run.h"

#include <countersign/field.h>
#include <string.h>

/* So many exchanges in a row without an answer end the run. */
enum { MOST_SILENT = 4 };

static const csn_span none = { NULL, 0 };

csn_span
verify_target(verify_run *run, verify_mode mode, csn_span path)
{
    csn_span start;

    if (mode == VERIFY_ORIGIN)
        return path;
    if (mode == VERIFY_TUNNEL)
        return run->host_port;
    start = csn_pool_join(&run->scratch, run->scheme, CSN_SPAN("://"),
        run->authority, none);
    return csn_pool_join(&run->scratch, start, path, none, none);
}

verify_request
verify_request_new(verify_run *run)
{
    verify_request request = { .host = run->authority };

    request.method = run->mode == VERIFY_TUNNEL ? CSN_SPAN("CONNECT")
                                                : CSN_SPAN("GET");
    if (run->mode == VERIFY_TUNNEL)
        request.host = run->host_port;
    request.target = verify_target(run, run->mode, run->path);
    return request;
}

static void
add(verify_run *run, csn_span *text, csn_span a, csn_span b, csn_span c)
{
    *text = csn_pool_join(&run->scratch, *text, a, b, c);
}

/* The octets of a request, its content left out where that must wait. */
static csn_span
write_request(verify_run *run, const verify_request *request)
{
    const csn_span name = csn_layer_credentials_field(run->layer);
    csn_span text = csn_pool_join(&run->scratch, request->method,
        CSN_SPAN(" "), request->target, CSN_SPAN(" HTTP/1.1\r\nHost: "));

    add(run, &text, request->host,
        CSN_SPAN("\r\nUser-Agent: countersign-verify\r\nAccept: */*\r\n"),
        none);
    for (size_t i = 0; i < request->line_count; i++) {
        add(run, &text, name, CSN_SPAN(": "), request->lines[i]);
        add(run, &text, CSN_SPAN("\r\n"), none, none);
    }
    if (request->has_content) {
        const char *length = csn_pool_format(&run->scratch, "%zu",
            request->content.len);

        add(run, &text,
            CSN_SPAN("Content-Type: application/octet-stream\r\n"
                     "Content-Length: "),
            csn_text_of(length), CSN_SPAN("\r\n"));
    }
    if (request->expect)
        add(run, &text, CSN_SPAN("Expect: 100-continue\r\n"), none, none);
    add(run, &text, request->extra, CSN_SPAN("\r\n"),
        request->expect ? none : request->content);
    return text;
}

void
verify_hang_up(verify_run *run, size_t which)
{
    verify_wire_close(&run->wires[which]);
}

static verify_response
exchange_once(verify_run *run, size_t which, const verify_request *request,
    csn_span octets)
{
    verify_wire *wire = &run->wires[which];
    verify_response response = { .kind = VERIFY_NOT_CONNECTED };
    bool sent;

    if (!verify_wire_open(wire, &run->place))
        return response;
    sent = verify_wire_send(wire, &run->place, octets);
    response = verify_wire_receive(wire, &run->place, &run->scratch,
        request->method, request->expect);
    if (response.status == 100 &&
        verify_wire_send(wire, &run->place, request->content)) {
        response = verify_wire_receive(wire, &run->place, &run->scratch,
            request->method, false);
        response.continued = true;
    } else if (request->expect || !sent) {
        /* Content was announced and not sent: nothing can follow. */
        verify_wire_close(wire);
    }
    return response;
}

verify_response
verify_exchange(verify_run *run, size_t which, const verify_request *request)
{
    const csn_span octets = write_request(run, request);
    verify_response response = { .kind = VERIFY_TIMEOUT };
    bool was_used = run->wires[which].used;

    if (verify_is_over(run))
        return response;
    run->exchanges++;
    response = exchange_once(run, which, request, octets);
    if (response.kind == VERIFY_DROPPED && was_used && !verify_is_over(run))
        response = exchange_once(run, which, request, octets);
    if (response.kind == VERIFY_ANSWERED)
        run->silent = 0;
    else
        run->silent++;
    return response;
}

bool
verify_is_over(const verify_run *run)
{
    return run->silent >= MOST_SILENT || verify_now_ms() >= run->place.end_ms;
}

static unsigned
refusal_of(csn_layer layer)
{
    return layer == CSN_LAYER_PROXY ? 407 : 401;
}

verify_outcome
verify_outcome_of(verify_run *run, csn_span method,
    const verify_response *response)
{
    const unsigned status = response->status;
    const bool is_connect = csn_text_same(method, CSN_SPAN("CONNECT"));
    const unsigned base = is_connect ? run->connect_status : run->base_status;

    if (response->kind != VERIFY_ANSWERED)
        return VERIFY_SILENT;
    if (status == refusal_of(run->layer))
        return VERIFY_ASKED;
    if (status == 429)
        return VERIFY_LIMITED;
    /* What a right login gets, whatever that is. */
    if (status / 100 == 2 || status / 100 == 3 || status == base ||
        verify_field_find(&response->fields,
            csn_layer_info_field(run->layer)) != NULL)
        return VERIFY_LET_IN;
    if (status == 400 || status == 413 || status == 414 || status == 431 ||
        status == 417)
        return VERIFY_BAD;
    if (status >= 500)
        return VERIFY_BROKE;
    /* 403, 404, 405 ... come after the login, but for a base that was 2xx. */
    return base / 100 == 2 && csn_text_same(method, CSN_SPAN("GET"))
        ? VERIFY_BAD
        : VERIFY_LET_IN;
}

const char *
verify_describe(verify_run *run, const verify_response *response)
{
    switch (response->kind) {
    case VERIFY_ANSWERED:
        return csn_pool_format(&run->pool, "%u", response->status);
    case VERIFY_DROPPED:
        return "a connection that was closed without an answer";
    case VERIFY_TIMEOUT:
        return "nothing in time";
    case VERIFY_NOT_HTTP:
        return "something that is no HTTP response";
    case VERIFY_NOT_CONNECTED:
        break;
    }
    return "no connection";
}

bool
verify_ask(verify_run *run, size_t which, verify_mode mode,
    verify_challenge *challenge)
{
    verify_request request = verify_request_new(run);
    const verify_challenge *found;
    verify_response response;
    verify_offer offer;

    request.target = verify_target(run, mode, run->path);
    request.method = mode == VERIFY_TUNNEL ? CSN_SPAN("CONNECT")
                                           : CSN_SPAN("GET");
    response = verify_exchange(run, which, &request);
    if (response.status / 100 == 2 && run->wires[which].easy != NULL) {
        /* A login that lasts as long as its connection. */
        verify_hang_up(run, which);
        response = verify_exchange(run, which, &request);
    }
    if (response.status != refusal_of(run->layer))
        return false;
    offer = verify_offer_read(&run->scratch, &response.fields, run->layer);
    found = verify_offer_like(&offer, &run->base);
    if (found == NULL)
        return false;
    *challenge = *found;
    return true;
}
