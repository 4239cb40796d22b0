// SPDX-License-Identifier: MIT
#include "plugin.h"

#include <string.h>

/*
 * The header section as received. The engine hands out a parsed request,
 * which prints differently: `/a?` as `/a`, `/a;` as `/a`, `//b` as `/b`. But
 * the octets still stand in the connection's read buffer when the header was
 * read, so they are looked up there: the value of a field that the engine did
 * not copy says where in the buffer the header lies, and the header's length
 * where it began.
 *
 * A buffer is a chain of blocks (4 KiB each), and a reader made when the
 * header was read sees only the last of them. On a connection kept open one
 * header in a dozen crosses from one block into the next. From its second
 * request on a connection's buffer is known, so a reader is made when the
 * transaction starts and given back when the header was read. Until then it
 * holds octets back, which would stop the engine from adding blocks; the
 * buffer's water mark says how much may be held back.
 *
 * The section stays unknown in HTTP/2, where there is no request line, when
 * requests are pipelined, and when the first header of a connection is longer
 * than a block: then the request is judged as the engine prints it.
 */

enum {
    HELD_BACK = 256 * 1024, /* above the engine's limit for a header */
    MAX_BLOCKS = 16
};

/* Blocks as a reader sees them, first to last. */
typedef struct chain {
    csn_span blocks[MAX_BLOCKS];
    size_t count;
    size_t total;
} chain;

static chain
chain_of(TSIOBufferReader reader)
{
    chain found = { .count = 0 };
    TSIOBufferBlock block = TSIOBufferReaderStart(reader);

    while (block != NULL && found.count < MAX_BLOCKS) {
        int64_t len = 0;
        const char *start = TSIOBufferBlockReadStart(block, reader, &len);

        if (start != NULL && len > 0) {
            found.blocks[found.count++] =
                (csn_span){ (const uint8_t *)start, (size_t)len };
            found.total += (size_t)len;
        }
        block = TSIOBufferBlockNext(block);
    }
    return found;
}

/* Where `anchor` ends, counted from the start of the chain; 0: outside.
 * Blocks are apart in memory, so their addresses tell. */
static size_t
anchor_end(const chain *all, csn_span anchor)
{
    size_t before = 0;

    for (size_t i = 0; i < all->count; i++) {
        uintptr_t start = (uintptr_t)all->blocks[i].ptr;
        uintptr_t at = (uintptr_t)anchor.ptr;

        if (at >= start && at + anchor.len <= start + all->blocks[i].len)
            return before + (size_t)(at - start) + anchor.len;
        before += all->blocks[i].len;
    }
    return 0;
}

/* The header section of `header_len` octets that ends with the first empty
 * line behind `from`. */
static csn_span
cut_section(csn_span text, size_t from, size_t header_len)
{
    const uint8_t *end = text.ptr + text.len;
    const uint8_t *at = text.ptr + from;

    while (at < end && (at = memchr(at, '\n', (size_t)(end - at))) != NULL) {
        at++;
        if (at < end && *at == '\r')
            at++;
        if (at < end && *at == '\n') {
            size_t before = (size_t)(at + 1 - text.ptr);

            if (before < header_len)
                break;
            return (csn_span){ at + 1 - header_len, header_len };
        }
    }
    return (csn_span){ NULL, 0 };
}

/* Some field whose value the engine did not copy. */
static size_t
any_anchor_end(const chain *all, const csn_gw_header *header)
{
    TSMLoc field = TSMimeHdrFieldGet(header->buffer, header->at, 0);
    size_t end = 0;

    while (field != TS_NULL_MLOC) {
        TSMLoc next = TSMimeHdrFieldNext(header->buffer, header->at, field);
        int len;
        const char *text = TSMimeHdrFieldValueStringGet(header->buffer,
            header->at, field, -1, &len);

        if (end == 0 && len > 0)
            end = anchor_end(all,
                (csn_span){ (const uint8_t *)text, (size_t)len });
        TSHandleMLocRelease(header->buffer, header->at, field);
        field = next;
    }
    return end;
}

static csn_span
section_of(TSIOBufferReader reader, const csn_gw_header *header,
    csn_span anchor, size_t header_len)
{
    chain all = chain_of(reader);
    csn_gw_thread *thread = csn_gw_thread_self();
    size_t end = anchor_end(&all, anchor);
    size_t len = all.total;

    if (end == 0)
        end = any_anchor_end(&all, header);
    /* When the request line itself crosses, the engine copied every field:
     * the header then ends behind the first block, at an empty line. */
    if (end == 0 && all.count > 1)
        end = all.blocks[0].len;
    if (end == 0)
        return (csn_span){ NULL, 0 };
    if (all.count == 1)
        return cut_section(all.blocks[0], end, header_len);
    if (len > sizeof(thread->section))
        len = sizeof(thread->section); /* the rest is content */
    if (end > len)
        return (csn_span){ NULL, 0 };
    (void)TSIOBufferReaderCopy(reader, thread->section, (int64_t)len);
    return cut_section((csn_span){ thread->section, len }, end, header_len);
}

csn_span
csn_gw_section_find(TSHttpTxn txn, const csn_gw_header *header,
    csn_span anchor)
{
    TSHttpSsn session = TSHttpTxnSsnGet(txn);
    TSVConn connection = TSHttpSsnClientVConnGet(session);
    TSVIO reading = connection != NULL ? TSVConnReadVIOGet(connection) : NULL;
    TSIOBuffer buffer = reading != NULL ? TSVIOBufferGet(reading) : NULL;
    TSIOBufferReader reader = TSUserArgGet(txn, csn_gateway.reader_index);
    int header_len = TSHttpTxnClientReqHdrBytesGet(txn);
    csn_span section = { NULL, 0 };

    if (buffer == NULL || anchor.len == 0 || header_len <= 0)
        return section;
    if (reader != NULL)
        return section_of(reader, header, anchor, (size_t)header_len);

    reader = TSIOBufferReaderAlloc(buffer);
    section = section_of(reader, header, anchor, (size_t)header_len);
    TSIOBufferReaderFree(reader);
    /* It did hold a request: this is the buffer of an HTTP/1 session. */
    if (section.len > 0)
        TSUserArgSet(session, csn_gateway.buffer_index, buffer);
    return section;
}

int
csn_gw_on_start(TSHttpTxn txn)
{
    TSIOBuffer buffer =
        TSUserArgGet(TSHttpTxnSsnGet(txn), csn_gateway.buffer_index);

    if (buffer != NULL) {
        TSIOBufferWaterMarkSet(buffer, HELD_BACK);
        TSUserArgSet(txn, csn_gateway.reader_index,
            TSIOBufferReaderAlloc(buffer));
    }
    TSHttpTxnReenable(txn, TS_EVENT_HTTP_CONTINUE);
    return 0;
}

/* A header that could not be read closes the connection, and its buffer takes
 * the reader along: this is the one place to give it back. */
void
csn_gw_section_drop(TSHttpTxn txn)
{
    TSIOBufferReader reader = TSUserArgGet(txn, csn_gateway.reader_index);
    TSIOBuffer buffer;

    if (reader == NULL)
        return;
    buffer = TSUserArgGet(TSHttpTxnSsnGet(txn), csn_gateway.buffer_index);
    TSIOBufferReaderFree(reader);
    TSUserArgSet(txn, csn_gateway.reader_index, NULL);
    TSIOBufferWaterMarkSet(buffer, 0);
}
