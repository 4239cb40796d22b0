// SPDX-License-Identifier: MIT
#include "plugin.h"

#include <stdlib.h>
#include <string.h>

/*
 * The octets received. The engine hands out a parsed request, which prints
 * differently: `/a?` as `/a`, `/a;` as `/a`, `//b` as `/b`. But the octets
 * still stand in the connection's read buffer when the header was read.
 *
 * A buffer is a chain of blocks (4 KiB each), and a reader made when the
 * header was read sees only the last of them. On a connection kept open one
 * header in a dozen crosses from one block into the next. From its second
 * request on a connection's buffer is known, so a reader is made when the
 * transaction starts and given back when the header was read. Until then it
 * holds octets back, which would stop the engine from adding blocks; the
 * buffer's water mark says how much may be held back.
 *
 * What is read may begin with earlier requests and end with content. The
 * header ends at an empty line and its length is known; which empty line it
 * is, csn_gw_section_next leaves to its caller, who knows what the request
 * must say.
 *
 * Nothing is found in HTTP/2, where there is no request line, and not always
 * when a header is longer than a block: then the request is judged as the
 * engine prints it.
 */

enum { HELD_BACK = 256 * 1024 /* above the engine's limit for a header */ };

/* All that `reader` sees in one piece, copied if need be. */
static csn_span
octets_of(TSIOBufferReader reader)
{
    TSIOBufferBlock block = TSIOBufferReaderStart(reader);
    csn_gw_thread *thread = csn_gw_thread_self();
    int64_t all = TSIOBufferReaderAvail(reader);
    int64_t len = 0;
    const char *start = block != NULL
        ? TSIOBufferBlockReadStart(block, reader, &len)
        : NULL;

    if (start == NULL || len <= 0)
        return (csn_span){ NULL, 0 };
    if (len == all)
        return (csn_span){ (const uint8_t *)start, (size_t)len };
    if (all > (int64_t)sizeof(thread->section))
        all = (int64_t)sizeof(thread->section); /* the rest is content */
    all = TSIOBufferReaderCopy(reader, thread->section, all);
    return (csn_span){ thread->section, all > 0 ? (size_t)all : 0 };
}

/* What is known of a connection that a request was found on. */
struct csn_gw_session {
    TSIOBuffer buffer;
    TSIOBufferReader reader; /* of the transaction that began, or NULL */
};

csn_gw_octets
csn_gw_section_begin(TSHttpTxn txn)
{
    TSHttpSsn session = TSHttpTxnSsnGet(txn);
    TSVConn connection = TSHttpSsnClientVConnGet(session);
    TSVIO reading = connection != NULL ? TSVConnReadVIOGet(connection) : NULL;
    int header_len = TSHttpTxnClientReqHdrBytesGet(txn);

    return (csn_gw_octets){
        .buffer = reading != NULL ? TSVIOBufferGet(reading) : NULL,
        .session = TSUserArgGet(session, csn_gateway.session_index),
        .header_len = header_len > 0 ? (size_t)header_len : 0,
    };
}

/* Find what was received. A reader made here for the moment sees the block
 * that the engine holds on to. */
static void
load(csn_gw_octets *octets)
{
    TSIOBufferReader kept = octets->session != NULL ? octets->session->reader
                                                    : NULL;
    TSIOBufferReader reader = kept;

    octets->loaded = true;
    if (octets->buffer == NULL || octets->header_len == 0)
        return;
    if (reader == NULL)
        reader = TSIOBufferReaderAlloc(octets->buffer);
    octets->all = octets_of(reader);
    if (reader != kept)
        TSIOBufferReaderFree(reader);
    octets->at = octets->all.len; /* the usual case: nothing behind it */
}

/* Where the empty line that starts behind the line end at `at` ends; 0: there
 * is none. */
static size_t
empty_line(csn_span all, size_t at)
{
    if (at < all.len && all.ptr[at] == '\r')
        at++;
    return at < all.len && all.ptr[at] == '\n' ? at + 1 : 0;
}

bool
csn_gw_section_next(csn_gw_octets *octets, csn_span *section)
{
    csn_span all;
    const uint8_t *end;

    if (!octets->loaded)
        load(octets);
    all = octets->all;
    if (octets->at == all.len && all.len >= octets->header_len &&
        all.len > 0) {
        octets->at = 0;
        *section = (csn_span){ all.ptr + all.len - octets->header_len,
            octets->header_len };
        return true;
    }
    while (octets->at < all.len &&
        (end = memchr(all.ptr + octets->at, '\n', all.len - octets->at)) !=
            NULL) {
        size_t stop = empty_line(all, (size_t)(end + 1 - all.ptr));

        octets->at = (size_t)(end + 1 - all.ptr);
        if (stop != 0 && stop < all.len && stop >= octets->header_len) {
            *section = (csn_span){ all.ptr + stop - octets->header_len,
                octets->header_len };
            return true;
        }
    }
    return false;
}

/* It held a request: this is the buffer of an HTTP/1 session. */
void
csn_gw_section_found(TSHttpTxn txn, const csn_gw_octets *octets)
{
    struct csn_gw_session *session;

    if (octets->session != NULL)
        return;
    session = calloc(1, sizeof(*session));
    if (session == NULL)
        return; /* its requests are judged as they are printed, then */
    session->buffer = octets->buffer;
    TSUserArgSet(TSHttpTxnSsnGet(txn), csn_gateway.session_index, session);
}

/* A buffer has room for five readers, and the engine asserts it. */
static void
drop_reader(struct csn_gw_session *session)
{
    if (session->reader == NULL)
        return;
    TSIOBufferReaderFree(session->reader);
    session->reader = NULL;
    TSIOBufferWaterMarkSet(session->buffer, 0);
}

int
csn_gw_on_start(TSHttpTxn txn)
{
    struct csn_gw_session *session = TSUserArgGet(TSHttpTxnSsnGet(txn),
        csn_gateway.session_index);

    if (session != NULL) {
        /* One is left of a request that the engine refused by itself. */
        drop_reader(session);
        TSIOBufferWaterMarkSet(session->buffer, HELD_BACK);
        session->reader = TSIOBufferReaderAlloc(session->buffer);
    }
    TSHttpTxnReenable(txn, TS_EVENT_HTTP_CONTINUE);
    return 0;
}

void
csn_gw_section_end(const csn_gw_octets *octets)
{
    if (octets->session != NULL)
        drop_reader(octets->session);
}

/* The buffer goes with the session, and takes a reader along. */
int
csn_gw_on_session_close(TSHttpSsn session)
{
    free(TSUserArgGet(session, csn_gateway.session_index));
    TSUserArgSet(session, csn_gateway.session_index, NULL);
    TSHttpSsnReenable(session, TS_EVENT_HTTP_CONTINUE);
    return 0;
}
