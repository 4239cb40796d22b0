// SPDX-License-Identifier: MIT
#include "transfer.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "text.h"

/* End the run; what libcurl then reports is not the reason. */
static void
fail(csn_curl_transfer *transfer, CURLcode code)
{
    transfer->ended = true;
    transfer->end = CSN_CURL_TRANSFER;
    transfer->code = code;
}

static void
begin_section(csn_curl_transfer *transfer, curl_state state)
{
    transfer->state = state;
    csn_curl_head_reset(&transfer->head);
    csn_curl_head_reset(&transfer->trailer);
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
            fail(transfer, CURLE_FAILED_INIT);
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
        fail(transfer, CURLE_FAILED_INIT);
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
is_status_line(csn_span line)
{
    return line.len >= 5 && memcmp(line.ptr, "HTTP/", 5) == 0;
}

static bool
take_trailer(csn_curl_transfer *transfer, csn_span line)
{
    if (csn_curl_head_add(&transfer->trailer, line) != CSN_OK)
        return false;
    if (!transfer->deliver || transfer->request.header == NULL)
        return true;
    return transfer->request.header((char *)(uintptr_t)line.ptr, 1, line.len,
               transfer->request.header_data) == line.len;
}

static bool
take_line(csn_curl_transfer *transfer, csn_span line)
{
    if (transfer->state == STATE_BODY && !is_status_line(line))
        return take_trailer(transfer, line);
    if (csn_curl_head_add(&transfer->head, line) != CSN_OK) {
        fail(transfer, CURLE_OUT_OF_MEMORY);
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

    if (transfer->swallow) {
        transfer->swallowed += len;
        return transfer->swallowed <= SWALLOW_MAX ? len : 0;
    }
    if (!transfer->deliver)
        return 0;
    if (transfer->request.write == NULL)
        return len;
    return transfer->request.write(data, size, count,
        transfer->request.write_data);
}

size_t
csn_curl_transfer_read(char *data, size_t size, size_t count, void *userp)
{
    csn_curl_transfer *transfer = userp;

    transfer->body_started = true;
    return transfer->request.read(data, size, count,
        transfer->request.read_data);
}

int
csn_curl_transfer_seek(void *userp, curl_off_t offset, int origin)
{
    csn_curl_transfer *transfer = userp;

    /* libcurl only ever asks for the start, to send the request again. */
    if (offset != 0 || origin != SEEK_SET)
        return CURL_SEEKFUNC_CANTSEEK;
    if (!transfer->body_started)
        return CURL_SEEKFUNC_OK;
    if (transfer->request.body != CSN_CURL_BODY_REPEAT ||
        transfer->request.rewind(transfer->request.read_data) != 0)
        return CURL_SEEKFUNC_FAIL;
    transfer->body_started = false;
    return CURL_SEEKFUNC_OK;
}
