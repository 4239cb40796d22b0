// SPDX-License-Identifier: MIT
#include "present/present.h"

#include <stdlib.h>
#include <string.h>

/* What goes out, for each attempt anew. */

/*
 * The request line as the engine will send it: `method` and `uri` point into
 * `text`, to be freed.
 */
static bool
find_line(const csn_gw_header *header, char **text, csn_span *method,
    csn_span *uri)
{
    TSIOBuffer buffer = TSIOBufferCreate();
    TSIOBufferReader reader = TSIOBufferReaderAlloc(buffer);
    const char *end = NULL;
    const char *blank;
    int64_t size;

    TSHttpHdrPrint(header->buffer, header->at, buffer);
    size = TSIOBufferReaderAvail(reader);
    *text = malloc((size_t)size + 1);
    if (*text != NULL) {
        (void)TSIOBufferReaderCopy(reader, *text, size);
        (*text)[size] = '\0';
        end = strstr(*text, " HTTP/");
    }
    TSIOBufferDestroy(buffer);
    blank = end != NULL ? strchr(*text, ' ') : NULL;
    if (blank == NULL || blank == end)
        return false;
    *method = (csn_span){ (const uint8_t *)*text, (size_t)(blank - *text) };
    *uri = (csn_span){ (const uint8_t *)blank + 1, (size_t)(end - blank - 1) };
    return true;
}

/* The engine names the proxy in a CONNECT's Host (RFC 9112, 3.2). */
static void
name_target(const csn_gw_header *header, csn_span authority)
{
    csn_span host = CSN_GW_KNOWN(HOST);

    (void)csn_gw_fields_remove(header, &host, 1);
    csn_gw_field_append(header, host, authority);
}

/* What an origin gets to see when a proxy is asked in absolute-form: what
 * stands behind the authority (RFC 9112, 3.2.1). The engine prints a path. */
static csn_span
origin_form(csn_span uri)
{
    const uint8_t *authority = memmem(uri.ptr, uri.len, "://", 3);
    const uint8_t *end = uri.ptr + uri.len;
    const uint8_t *path;

    if (uri.ptr[0] == '/' || authority == NULL)
        return uri;
    authority += 3;
    path = memchr(authority, '/', (size_t)(end - authority));
    return path != NULL ? (csn_span){ path, (size_t)(end - path) }
                        : CSN_SPAN("/");
}

static void
authorize_leg(const csn_gw_present *present, csn_gw_leg *leg,
    const csn_gw_header *header, csn_span method, csn_span uri)
{
    uint8_t room[CSN_CREDENTIALS_SIZE];
    csn_writer out = csn_writer_init(room, sizeof(room));
    csn_span name = csn_layer_credentials_field(leg->hop->layer);

    (void)csn_gw_fields_remove(header, &name, 1);
    if (leg->hop->layer == CSN_LAYER_ORIGIN)
        uri = origin_form(uri);
    leg->sent = !leg->bare &&
        csn_gw_leg_authorize(leg, method, uri,
            present->has_content ? &present->content : NULL, &out);
    free(leg->uri);
    leg->uri = csn_gw_leg_covers_content(leg)
        ? strndup((const char *)uri.ptr, uri.len)
        : NULL;
    leg->pending = false;
    if (leg->sent)
        csn_gw_field_append(header, name, csn_writer_span(&out));
}

/* An origin's name may have meant another address when it was judged. */
bool
csn_gw_present_leads_astray(const csn_gw_present *present)
{
    const csn_gw_txn *kept = csn_gw_txn_get(present->txn);
    const struct sockaddr *address = TSHttpTxnNextHopAddrGet(present->txn);

    return csn_gw_present_next(present)->layer == CSN_LAYER_ORIGIN &&
        kept->layer == CSN_LAYER_PROXY &&
        (address == NULL ||
            !csn_gw_destination_allowed(&csn_gateway.settings, address));
}

/* A broken connection makes the engine send anew: with a count of its own. */
void
csn_gw_present_authorize(csn_gw_present *present, const csn_gw_header *header)
{
    csn_span method;
    csn_span uri;
    char *text;

    present->heard = false;
    present->repeating = false;
    csn_gw_patience_sent(present);
    for (unsigned i = 0; i < CSN_GW_LEGS; i++)
        present->legs[i].sent = false;
    if (present->probe && !present->is_head)
        csn_gw_field_append(header, CSN_GW_KNOWN(MAX_FORWARDS), CSN_SPAN("0"));
    if (csn_gw_present_next(present)->layer == CSN_LAYER_PROXY)
        csn_gw_route_restore(header);
    if (find_line(header, &text, &method, &uri)) {
        if (present->is_connect)
            name_target(header, uri);
        for (unsigned i = 0; i < CSN_GW_LEGS; i++) {
            if (present->legs[i].hop != NULL)
                authorize_leg(present, &present->legs[i], header, method, uri);
        }
    }
    free(text);
}
