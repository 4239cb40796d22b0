// SPDX-License-Identifier: MIT
#include "content/content.h"

/* The size has 15 digits at most, so it cannot overflow; a line's extensions
 * and the whole trailer are octets for nothing, and bounded. */
enum { MAX_DIGITS = 15, MAX_FRAMING = 16384 };

static int
hex_value(uint8_t octet)
{
    if (octet >= '0' && octet <= '9')
        return octet - '0';
    octet |= 0x20;
    return octet >= 'a' && octet <= 'f' ? octet - 'a' + 10 : -1;
}

static csn_gw_chunk_state
take_size(csn_gw_chunks *chunks, uint8_t octet)
{
    int value = hex_value(octet);

    if (value >= 0) {
        chunks->left = chunks->left << 4 | (uint64_t)value;
        return ++chunks->digits <= MAX_DIGITS ? CSN_GW_CHUNK_SIZE
                                              : CSN_GW_CHUNK_BAD;
    }
    if (chunks->digits == 0)
        return CSN_GW_CHUNK_BAD;
    if (octet == '\r')
        return CSN_GW_CHUNK_SIZE_LF;
    return octet == ';' || octet == ' ' || octet == '\t'
        ? CSN_GW_CHUNK_EXTENSION
        : CSN_GW_CHUNK_BAD;
}

/* Of an extension or a trailer line: anything up to its CR, but no LF. */
static csn_gw_chunk_state
take_line(csn_gw_chunks *chunks, uint8_t octet, csn_gw_chunk_state line,
    csn_gw_chunk_state end)
{
    if (octet == '\n' || ++chunks->framing > MAX_FRAMING)
        return CSN_GW_CHUNK_BAD;
    return octet == '\r' ? end : line;
}

static csn_gw_chunk_state
take_data_lf(csn_gw_chunks *chunks, uint8_t octet)
{
    chunks->digits = 0;
    chunks->framing = 0;
    return octet == '\n' ? CSN_GW_CHUNK_SIZE : CSN_GW_CHUNK_BAD;
}

/* The state behind one octet of framing. */
static csn_gw_chunk_state
take_framing(csn_gw_chunks *chunks, uint8_t octet)
{
    switch (chunks->state) {
    case CSN_GW_CHUNK_SIZE:
        return take_size(chunks, octet);
    case CSN_GW_CHUNK_EXTENSION:
        return take_line(chunks, octet, CSN_GW_CHUNK_EXTENSION,
            CSN_GW_CHUNK_SIZE_LF);
    case CSN_GW_CHUNK_SIZE_LF:
        if (octet != '\n')
            return CSN_GW_CHUNK_BAD;
        return chunks->left > 0 ? CSN_GW_CHUNK_DATA : CSN_GW_CHUNK_TRAILER;
    case CSN_GW_CHUNK_DATA_CR:
        return octet == '\r' ? CSN_GW_CHUNK_DATA_LF : CSN_GW_CHUNK_BAD;
    case CSN_GW_CHUNK_DATA_LF:
        return take_data_lf(chunks, octet);
    case CSN_GW_CHUNK_TRAILER:
        return take_line(chunks, octet, CSN_GW_CHUNK_TRAILER_LINE,
            CSN_GW_CHUNK_END_LF);
    case CSN_GW_CHUNK_TRAILER_LINE:
        return take_line(chunks, octet, CSN_GW_CHUNK_TRAILER_LINE,
            CSN_GW_CHUNK_TRAILER_LF);
    case CSN_GW_CHUNK_TRAILER_LF:
        return octet == '\n' ? CSN_GW_CHUNK_TRAILER : CSN_GW_CHUNK_BAD;
    case CSN_GW_CHUNK_END_LF:
        return octet == '\n' ? CSN_GW_CHUNK_END : CSN_GW_CHUNK_BAD;
    case CSN_GW_CHUNK_DATA:
    case CSN_GW_CHUNK_END:
    case CSN_GW_CHUNK_BAD:
        break;
    }
    return CSN_GW_CHUNK_BAD;
}

csn_span
csn_gw_chunks_next(csn_gw_chunks *chunks, csn_span *rest)
{
    csn_span data = { NULL, 0 };

    while (rest->len > 0 && chunks->state != CSN_GW_CHUNK_DATA &&
        chunks->state != CSN_GW_CHUNK_END &&
        chunks->state != CSN_GW_CHUNK_BAD) {
        chunks->state = take_framing(chunks, rest->ptr[0]);
        *rest = (csn_span){ rest->ptr + 1, rest->len - 1 };
    }
    if (chunks->state != CSN_GW_CHUNK_DATA || rest->len == 0)
        return data;
    data = (csn_span){ rest->ptr,
        rest->len < chunks->left ? rest->len : (size_t)chunks->left };
    *rest = (csn_span){ rest->ptr + data.len, rest->len - data.len };
    chunks->left -= data.len;
    if (chunks->left == 0)
        chunks->state = CSN_GW_CHUNK_DATA_CR;
    return data;
}
