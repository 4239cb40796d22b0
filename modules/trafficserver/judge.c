// SPDX-License-Identifier: MIT
#include "content/hold.h"

#include <string.h>

/* What a request is judged by. */

enum { LINES = 4 }; /* more than one is refused; four show that */

static size_t
credentials(const csn_gw_request *req, csn_span lines[LINES])
{
    return csn_gw_field_lines(&req->header,
        req->listen->layer == CSN_LAYER_ORIGIN
            ? CSN_GW_KNOWN(AUTHORIZATION)
            : CSN_GW_KNOWN(PROXY_AUTHORIZATION),
        lines, LINES);
}

bool
csn_gw_has_credentials(const csn_gw_request *req)
{
    csn_span lines[LINES];

    return credentials(req, lines) > 0;
}

/*
 * The content as far as it is known when the header was read: there is none,
 * or too much. False: it is to come. In HTTP/2 content needs no length; what
 * follows a CONNECT is no content (C-55).
 */
static bool
know_content(const csn_gw_request *req, csn_hash hash, csn_content *content,
    uint8_t digest[CSN_MAX_DIGEST])
{
    csn_span nothing = { NULL, 0 };
    csn_span value;

    if (!csn_gw_is_connect(req)) {
        if (csn_gw_field_value(&req->header, CSN_GW_KNOWN(TRANSFER_ENCODING),
                &value))
            return false;
        if (csn_gw_field_value(&req->header, CSN_GW_KNOWN(CONTENT_LENGTH),
                &value)) {
            uint64_t length = csn_gw_length_parse(value);

            content->code = CSN_CONTENT_TOO_LARGE;
            if (length > 0)
                return length > csn_gateway.settings.content_limit;
        } else if (TSHttpTxnClientProtocolStackContains(req->txn, "h2") !=
            NULL) {
            return false;
        }
    }
    content->code = CSN_CONTENT_HASHED;
    content->digest = digest;
    return csn_gateway.crypto->digest(hash, &nothing, 1, digest) == CSN_OK;
}

static bool
content(void *host, csn_hash hash, csn_content *content,
    uint8_t digest[CSN_MAX_DIGEST])
{
    const csn_gw_request *req = host;

    if (req->content == NULL)
        return know_content(req, hash, content, digest);
    *content = *req->content;
    return true;
}

csn_judged
csn_gw_judge(csn_gw_request *req, const csn_gw_world *world)
{
    csn_span lines[LINES];
    csn_server_request input = {
        .target = req->target.target,
        .lines = lines,
        .line_count = credentials(req, lines),
        .scratch = req->thread->scratch,
        .scratch_len = sizeof(req->thread->scratch),
        .compare = csn_gw_target_compare,
        .compare_context = &req->target,
    };
    const csn_judge judge = {
        .exchange = &req->thread->exchange,
        .users = world->users[req->listen->layer],
        .counts = csn_gateway.counts,
        .throttle = csn_gateway.throttle,
        .limits = &csn_gateway.limits,
        .layer = req->listen->layer,
        .address = req->peer.source,
        .content = content,
        .host = req,
    };

    req->now_ms = input.now_ms = csn_counts_now(csn_gateway.counts,
        csn_gw_wall_ms());
    memcpy(input.domain, csn_gateway.domain, sizeof(input.domain));
    return csn_judge_request(&judge, &world->server[req->listen->layer],
        &input);
}
