// SPDX-License-Identifier: MIT
#ifndef CSN_GW_CONTENT_H
#define CSN_GW_CONTENT_H

#include <countersign/span.h>

#include <stdbool.h>
#include <stdint.h>

/*
 * Content that is held for auth-int: how much of it there may be at one time,
 * and chunked coding taken apart.
 */

/** `size` more octets are held; false: that would be more than there may be.
 * Any thread. */
bool csn_gw_content_take(size_t size);
void csn_gw_content_give(size_t size);

/** Octets held at this moment. */
size_t csn_gw_content_held(void);

typedef enum csn_gw_chunk_state {
    CSN_GW_CHUNK_SIZE,
    CSN_GW_CHUNK_EXTENSION,
    CSN_GW_CHUNK_SIZE_LF,
    CSN_GW_CHUNK_DATA,
    CSN_GW_CHUNK_DATA_CR,
    CSN_GW_CHUNK_DATA_LF,
    CSN_GW_CHUNK_TRAILER,
    CSN_GW_CHUNK_TRAILER_LINE,
    CSN_GW_CHUNK_TRAILER_LF,
    CSN_GW_CHUNK_END_LF,
    CSN_GW_CHUNK_END,
    CSN_GW_CHUNK_BAD
} csn_gw_chunk_state;

/** A chunked message body (RFC 9112, 7.1) while it comes. Starts as zero. */
typedef struct csn_gw_chunks {
    csn_gw_chunk_state state;
    unsigned digits;  /* of the size, so far */
    unsigned framing; /* octets of this line, or of all the trailer */
    uint64_t left;    /* of the chunk's data */
} csn_gw_chunks;

/**
 * Read on.
 *
 * In:      `*rest`, octets received; taken off as far as they were read.
 * Returns: a stretch of content; empty when `*rest` was read to its end, or
 *          the state is END or BAD. Trailers are read over (C-54).
 */
csn_span csn_gw_chunks_next(csn_gw_chunks *chunks, csn_span *rest);

#endif
