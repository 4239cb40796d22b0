// SPDX-License-Identifier: MIT
#include "transfer.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "text.h"

/* Credentials could not be written: end the run. What libcurl then reports is
 * not the reason. */
static void
fail_write(csn_curl_transfer *transfer)
{
    csn_curl_transfer_fail(transfer,
        transfer->content.failed ? CURLE_READ_ERROR : CURLE_FAILED_INIT);
}

static void
begin_section(csn_curl_transfer *transfer, curl_state state)
{
    transfer->state = state;
    csn_curl_head_reset(&transfer->head);
    csn_curl_head_reset(&transfer->trailer);
    csn_curl_held_reset(transfer);
}

curl_socket_t
csn_curl_transfer_open_socket(void *userp, curlsocktype purpose,
    struct curl_sockaddr *address)
{
    csn_curl_transfer *transfer = userp;

    if (transfer->tunnel) {
        /*
         * Each new connection sends a CONNECT of its own, also when libcurl
         * replaces a dead one unasked: it must not carry the old count.
         */
        begin_section(transfer, STATE_CONNECTING);
        transfer->connect_seen = false;
        if (csn_curl_leg_write(transfer, &transfer->proxy_leg, "CONNECT",
                transfer->url.connect) != CSN_OK) {
            fail_write(transfer);
            return CURL_SOCKET_BAD;
        }
    }
    if (transfer->request.open_socket != NULL)
        return transfer->request.open_socket(
            transfer->request.open_socket_data, purpose, address);
    return socket(address->family, address->socktype | SOCK_CLOEXEC,
        address->protocol);
}

/* Whether the tunnel a request is about to enter is ours, and proved. */
static bool
check_tunnel(csn_curl_transfer *transfer, const char *key)
{
    curl_leg *leg = &transfer->proxy_leg;
    csn_client_result result;
    bool ours;

    if (transfer->connect_seen) {
        csn_curl_session_add_tunnel(transfer->session, key, leg->peer,
            &leg->result);
        transfer->connect_seen = false;
        return true;
    }
    ours = csn_curl_session_find_tunnel(transfer->session, key, leg->peer,
        &result);
    if (ours &&
        (leg->proof != CSN_PROOF_REQUIRE ||
            result.proof == CSN_PROOF_PROVED)) {
        leg->result = result;
        csn_curl_note_leg(transfer, leg,
            (csn_curl_note){ .kind = CSN_CURL_TUNNEL,
                .proof = result.proof,
                .reason = result.reason });
        return true;
    }
    transfer->next = NEXT_FRESH;
    csn_curl_note_leg(transfer, leg,
        (csn_curl_note){ .kind = CSN_CURL_RECONNECT });
    return false;
}

/*
 * A proof of the content may come behind it: say that a trailer is welcome
 * (RFC 9110, 6.5.1). `Connection` is for HTTP/1.1; libcurl leaves it out of
 * HTTP/2.
 */
static void
ask_for_trailer(csn_curl_transfer *transfer)
{
    bool wanted = csn_curl_leg_qop(&transfer->origin) == CSN_QOP_AUTH_INT ||
        (!transfer->tunnel &&
            csn_curl_leg_qop(&transfer->proxy_leg) == CSN_QOP_AUTH_INT);

    if (transfer->te_slot != NULL)
        *transfer->te_slot = wanted ? &transfer->te[0] : transfer->te_rest;
}

static csn_status
write_fields(csn_curl_transfer *transfer)
{
    const char *method = csn_curl_transfer_method(transfer);
    const char *target = csn_curl_transfer_target(transfer);
    csn_status status = CSN_OK;

    if (transfer->proxied && !transfer->tunnel)
        status = csn_curl_leg_write(transfer, &transfer->proxy_leg, method,
            target);
    if (status == CSN_OK && !transfer->own_authorization)
        status = csn_curl_leg_write(transfer, &transfer->origin, method,
            target);
    ask_for_trailer(transfer);
    return status;
}

int
csn_curl_transfer_prereq(void *userp, char *remote_ip, char *local_ip,
    int remote_port, int local_port)
{
    csn_curl_transfer *transfer = userp;

    begin_section(transfer, STATE_REQUESTING);
    if (transfer->tunnel) {
        char key[TUNNEL_KEY];
        int len = snprintf(key, sizeof(key), "%s %d %s %d", local_ip,
            local_port, remote_ip, remote_port);

        if (len < 0 || (size_t)len >= sizeof(key) ||
            !check_tunnel(transfer, key))
            return CURL_PREREQFUNC_ABORT;
    }
    if (write_fields(transfer) != CSN_OK) {
        fail_write(transfer);
        return CURL_PREREQFUNC_ABORT;
    }
    transfer->requests++;
    return CURL_PREREQFUNC_OK;
}

/* The blank line that ends a header section: RFC 9112, 2.1. */
static bool
is_blank_line(csn_span line)
{
    return (line.len == 2 && line.ptr[0] == '\r' && line.ptr[1] == '\n') ||
        (line.len == 1 && line.ptr[0] == '\n');
}

static bool
take_trailer(csn_curl_transfer *transfer, csn_span line)
{
    if (csn_curl_head_add(&transfer->trailer, line) != CSN_OK)
        return false;
    return !transfer->deliver || csn_curl_transfer_send_line(transfer, line);
}

static bool
take_line(csn_curl_transfer *transfer, csn_span line)
{
    /* Whatever it looks like: another response begins with a new run. */
    if (transfer->state == STATE_BODY)
        return take_trailer(transfer, line);
    if (csn_curl_head_add(&transfer->head, line) != CSN_OK) {
        csn_curl_transfer_fail(transfer, CURLE_OUT_OF_MEMORY);
        return false;
    }
    if (!is_blank_line(line))
        return true;
    if (transfer->head.status < 200) {
        csn_curl_head_reset(
            &transfer->head); /* 1xx: nothing in it counts (F-06) */
        return true;
    }
    if (transfer->state == STATE_CONNECTING)
        return csn_curl_transfer_connect_done(transfer);
    transfer->state = STATE_BODY;
    return csn_curl_transfer_response_done(transfer);
}

size_t
csn_curl_transfer_header(char *line, size_t size, size_t count, void *userp)
{
    size_t len = size * count;

    return take_line(userp, (csn_span){ (const uint8_t *)line, len }) ? len
                                                                      : 0;
}

size_t
csn_curl_transfer_write(char *data, size_t size, size_t count, void *userp)
{
    csn_curl_transfer *transfer = userp;
    size_t len = size * count;
    csn_span octets = { (const uint8_t *)data, len };

    if (!csn_curl_held_hash(transfer, octets))
        return 0;
    if (transfer->swallow) {
        transfer->swallowed += len;
        return transfer->swallowed <= SWALLOW_MAX ? len : 0;
    }
    if (transfer->waiting)
        return csn_curl_held_add(transfer, octets) ? len : 0;
    if (!transfer->deliver)
        return 0;
    if (transfer->decoder.on)
        return csn_curl_transfer_pass(transfer, data, len) ? len : 0;
    if (transfer->request.write == NULL)
        return len;
    return transfer->request.write(data, size, count,
        transfer->request.write_data);
}

static bool
give(void *userp, char *data, size_t len)
{
    csn_curl_transfer *transfer = userp;

    return transfer->request.write == NULL ||
        transfer->request.write(data, 1, len, transfer->request.write_data) ==
        len;
}

bool
csn_curl_transfer_pass(csn_curl_transfer *transfer, char *data, size_t len)
{
    csn_status status = csn_curl_decoder_feed(&transfer->decoder, data, len,
        give, transfer);

    if (status != CSN_OK)
        csn_curl_transfer_fail(transfer,
            status == CSN_E_SYNTAX ? CURLE_BAD_CONTENT_ENCODING
                                   : CURLE_WRITE_ERROR);
    return status == CSN_OK;
}

size_t
csn_curl_transfer_read(char *data, size_t size, size_t count, void *userp)
{
    csn_curl_transfer *transfer = userp;
    curl_content *content = &transfer->content;
    size_t got = csn_curl_content_read(content, data, size, count);

    if (content->changed) {
        csn_curl_transfer_fail(transfer, CURLE_READ_ERROR);
        transfer->reason = CSN_R_CONTENT_CHANGED;
    }
    return got;
}

int
csn_curl_transfer_seek(void *userp, curl_off_t offset, int origin)
{
    csn_curl_transfer *transfer = userp;

    /* libcurl only ever asks for the start, to send the request again. */
    if (offset != 0 || origin != SEEK_SET)
        return CURL_SEEKFUNC_CANTSEEK;
    return csn_curl_content_rewind(&transfer->content) ? CURL_SEEKFUNC_OK
                                                       : CURL_SEEKFUNC_FAIL;
}
