// SPDX-License-Identifier: MIT
#include "content/hold.h"

#include "content/content.h"
#include "present/present.h"

/*
 * The engine keeps nothing of a content it has sent (and its own buffering of
 * requests, 9.2, loses octets of one that came in two pieces). So a content
 * that is known to be short is taken in first, as one that auth-int covers
 * is, and the request made anew with it. Others go as they come and cannot be
 * sent again.
 */

/* 0: none; UINT64_MAX: nobody knows. */
static uint64_t
content_length(const csn_gw_request *req)
{
    csn_span value;

    if (csn_gw_field_value(&req->header, CSN_GW_KNOWN(TRANSFER_ENCODING),
            &value))
        return UINT64_MAX;
    if (!csn_gw_field_value(&req->header, CSN_GW_KNOWN(CONTENT_LENGTH),
            &value))
        return 0;
    return csn_gw_length_parse(value);
}

bool
csn_gw_present_holds(csn_gw_request *req)
{
    const csn_gw_settings *settings = &csn_gateway.settings;
    csn_gw_txn *judged = req->kept;
    uint64_t length;

    if (csn_gw_is_connect(req) || req->hop_count == 0)
        return false;
    length = content_length(req);
    if (length == 0 || length > settings->content_limit ||
        length > settings->content_memory - csn_gw_content_held() ||
        !csn_gw_hold_request(req, CSN_HASH_SHA_256))
        return false;
    req->kept->held->kept = judged;
    return true;
}

void
csn_gw_present_lack_memory(csn_gw_request *req)
{
    req->thread = csn_gw_thread_self();
    req->header.buffer = NULL;
    csn_gw_refuse_for(req, NULL, 503, CSN_GW_R_CONTENT_MEMORY);
}

bool
csn_gw_present_take_content(csn_gw_request *req, csn_span *content)
{
    if (content_length(req) != 0)
        return false;
    if (req->kept->held != NULL)
        *content = csn_gw_held_give(req->kept->held, req->txn);
    return true;
}
