// SPDX-License-Identifier: MIT
#include "content/unread.h"

void
csn_gw_say_close(const csn_gw_header *header)
{
    csn_span connection[2] = { CSN_LIT("Connection"),
        CSN_LIT("Proxy-Connection") };

    (void)csn_gw_fields_remove(header, connection, 2);
    csn_gw_field_append(header, connection[0], CSN_SPAN("close"));
}

/* Of requests: a length that is not 0, or chunks. */
static bool
has_content(const csn_gw_header *request)
{
    csn_span value;

    if (csn_gw_field_value(request, CSN_GW_KNOWN(TRANSFER_ENCODING), &value))
        return true;
    return csn_gw_field_value(request, CSN_GW_KNOWN(CONTENT_LENGTH), &value) &&
        csn_gw_length_parse(value) > 0;
}

/* Whether the request's content waits to be asked for. */
static bool
waits(TSHttpTxn txn)
{
    csn_gw_header request;
    csn_span value;
    bool found;

    if (TSHttpTxnClientReqGet(txn, &request.buffer, &request.at) != TS_SUCCESS)
        return false;
    found = csn_gw_field_value(&request, CSN_GW_KNOWN(EXPECT), &value) &&
        has_content(&request);
    TSHandleMLocRelease(request.buffer, TS_NULL_MLOC, request.at);
    return found;
}

/* The engine decides here whether the client's connection stays, and cannot be
 * made to think better of it. */
static void
end_client(TSHttpTxn txn, TSCont continuation)
{
    if (!waits(txn))
        return;
    if (TSHttpTxnClientProtocolStackContains(txn, "h2") == NULL)
        (void)TSHttpTxnConfigIntSet(txn, TS_CONFIG_HTTP_KEEP_ALIVE_ENABLED_IN,
            0);
    TSHttpTxnHookAdd(txn, TS_HTTP_READ_RESPONSE_HDR_HOOK, continuation);
}

static void
end_server(TSHttpTxn txn)
{
    csn_gw_header response;

    if (TSHttpTxnClientReqBodyBytesGet(txn) > 0 ||
        TSHttpTxnServerRespGet(txn, &response.buffer, &response.at) !=
            TS_SUCCESS)
        return;
    if (TSHttpHdrStatusGet(response.buffer, response.at) >= TS_HTTP_STATUS_OK)
        csn_gw_say_close(&response);
    TSHandleMLocRelease(response.buffer, TS_NULL_MLOC, response.at);
}

static int
on_event(TSCont continuation, TSEvent event, void *data)
{
    if (event == TS_EVENT_HTTP_READ_REQUEST_HDR)
        end_client(data, continuation);
    else
        end_server(data);
    TSHttpTxnReenable(data, TS_EVENT_HTTP_CONTINUE);
    return 0;
}

void
csn_gw_unread_start(void)
{
    TSHttpHookAdd(TS_HTTP_READ_REQUEST_HDR_HOOK, TSContCreate(on_event, NULL));
}
