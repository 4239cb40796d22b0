// SPDX-License-Identifier: MIT
#include "wire.h"
#include "show.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { FIRST_BUFFER = 16 * 1024 };

int64_t
verify_now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static CURLcode
set_up(CURL *easy, const verify_place *place)
{
    CURLcode code = curl_easy_setopt(easy, CURLOPT_URL, place->url);

    if (code == CURLE_OK)
        code = curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    (void)curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_PROXY, "");
    (void)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_SSL_ENABLE_ALPN, 0L);
    (void)curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
        (long)CURL_HTTP_VERSION_1_1);
    (void)curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, place->timeout_ms);
    if (place->insecure) {
        (void)curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
        (void)curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
    }
    if (code == CURLE_OK && place->cacert != NULL)
        code = curl_easy_setopt(easy, CURLOPT_CAINFO, place->cacert);
    return code;
}

bool
verify_wire_open(verify_wire *wire, verify_place *place)
{
    if (wire->easy != NULL)
        return true;
    wire->easy = curl_easy_init();
    if (wire->easy == NULL) {
        place->code = CURLE_OUT_OF_MEMORY;
        return false;
    }
    place->code = set_up(wire->easy, place);
    if (place->code == CURLE_OK)
        place->code = curl_easy_perform(wire->easy);
    if (place->code != CURLE_OK) {
        verify_wire_close(wire);
        return false;
    }
    wire->len = 0;
    wire->used = false;
    return true;
}

void
verify_wire_close(verify_wire *wire)
{
    if (wire->easy != NULL)
        curl_easy_cleanup(wire->easy);
    free(wire->buffer);
    *wire = (verify_wire){ .easy = NULL };
}

/* When one exchange that begins now must be over. */
static int64_t
deadline(const verify_place *place)
{
    int64_t end = verify_now_ms() + place->timeout_ms;

    return end < place->end_ms ? end : place->end_ms;
}

/* Wait until something can be read or written; false when time is up. */
static bool
wait_for(const verify_wire *wire, short events, int64_t end_ms)
{
    curl_socket_t fd = CURL_SOCKET_BAD;
    struct pollfd one;
    int64_t left = end_ms - verify_now_ms();
    int ready;

    if (curl_easy_getinfo(wire->easy, CURLINFO_ACTIVESOCKET, &fd) !=
            CURLE_OK ||
        fd == CURL_SOCKET_BAD || left <= 0)
        return false;
    one = (struct pollfd){ .fd = fd, .events = events };
    ready = poll(&one, 1, left > 1000000 ? 1000000 : (int)left);
    return ready > 0 || (ready < 0 && errno == EINTR);
}

bool
verify_wire_send(verify_wire *wire, const verify_place *place, csn_span octets)
{
    const int64_t end_ms = deadline(place);

    if (place->verbose)
        verify_show(octets, '>');
    wire->used = true;
    while (octets.len != 0) {
        size_t sent = 0;
        CURLcode code = curl_easy_send(wire->easy, octets.ptr, octets.len,
            &sent);

        if (code == CURLE_AGAIN) {
            /* TLS may want to read before it can write. */
            if (!wait_for(wire, POLLIN | POLLOUT, end_ms))
                return false;
        } else if (code != CURLE_OK) {
            return false;
        }
        octets.ptr += sent;
        octets.len -= sent;
    }
    return true;
}

static bool
make_room(verify_wire *wire)
{
    size_t cap = wire->cap == 0 ? FIRST_BUFFER : 2 * wire->cap;
    uint8_t *longer;

    if (wire->len < wire->cap)
        return true;
    longer = realloc(wire->buffer, cap);
    if (longer == NULL)
        return false;
    wire->buffer = longer;
    wire->cap = cap;
    return true;
}

/* Some more octets: how it went as VERIFY_ANSWERED, _DROPPED or _TIMEOUT. */
static verify_kind
receive_more(verify_wire *wire, int64_t end_ms)
{
    size_t got = 0;
    CURLcode code;

    if (!make_room(wire) || verify_now_ms() >= end_ms)
        return VERIFY_TIMEOUT;
    code = curl_easy_recv(wire->easy, wire->buffer + wire->len,
        wire->cap - wire->len, &got);
    if (code == CURLE_AGAIN)
        return wait_for(wire, POLLIN, end_ms) ? VERIFY_ANSWERED
                                              : VERIFY_TIMEOUT;
    if (code != CURLE_OK || got == 0)
        return VERIFY_DROPPED;
    wire->len += got;
    return VERIFY_ANSWERED;
}

/* Whether a whole response has come: tried in memory of a moment, so that a
 * peer that sends octet by octet does not fill the pool. */
static verify_progress
try_read(const verify_wire *wire, csn_span method, bool ended)
{
    csn_pool pool = { NULL };
    verify_response response;
    verify_progress progress;
    size_t used;

    progress = verify_response_read(&pool,
        (csn_span){ wire->buffer, wire->len }, method, ended, &response,
        &used);
    csn_pool_free(&pool);
    return progress;
}

/* Read until there is one; VERIFY_ANSWERED, or why there is none. */
static verify_kind
gather(verify_wire *wire, csn_span method, int64_t end_ms, bool *ended)
{
    enum { MOST = VERIFY_MAX_HEAD + 2 * VERIFY_MAX_BODY };
    verify_progress progress;

    *ended = false;
    while ((progress = try_read(wire, method, *ended)) == VERIFY_MORE) {
        verify_kind kind = VERIFY_DROPPED;

        if (wire->len > MOST)
            return VERIFY_NOT_HTTP;
        if (!*ended)
            kind = receive_more(wire, end_ms);
        if (kind != VERIFY_ANSWERED && (kind != VERIFY_DROPPED || *ended))
            return kind;
        *ended = kind == VERIFY_DROPPED;
    }
    return progress == VERIFY_WHOLE ? VERIFY_ANSWERED : VERIFY_NOT_HTTP;
}

/* One response, final or not. */
static verify_response
receive_one(verify_wire *wire, const verify_place *place, csn_pool *pool,
    csn_span method, int64_t end_ms)
{
    verify_response response = { .kind = VERIFY_NOT_HTTP };
    size_t used = 0;
    bool ended;

    response.kind = gather(wire, method, end_ms, &ended);
    if (response.kind != VERIFY_ANSWERED) {
        verify_wire_close(wire);
        return response;
    }
    (void)verify_response_read(pool, (csn_span){ wire->buffer, wire->len },
        method, ended, &response, &used);
    if (place->verbose)
        verify_show((csn_span){ wire->buffer, used }, '<');
    memmove(wire->buffer, wire->buffer + used, wire->len - used);
    wire->len -= used;
    return response;
}

verify_response
verify_wire_receive(verify_wire *wire, const verify_place *place,
    csn_pool *pool, csn_span method, bool stop_at_continue)
{
    const int64_t end_ms = deadline(place);
    bool continued = false;
    verify_response response;

    for (size_t i = 0; i <= VERIFY_MAX_INTERIM; i++) {
        response = receive_one(wire, place, pool, method, end_ms);
        if (response.kind != VERIFY_ANSWERED)
            return response;
        continued = continued || response.status == 100;
        response.continued = continued;
        if (response.status == 100 && stop_at_continue)
            return response;
        if (response.status >= 200) {
            if (response.last)
                verify_wire_close(wire);
            return response;
        }
    }
    verify_wire_close(wire);
    return (verify_response){ .kind = VERIFY_NOT_HTTP };
}
