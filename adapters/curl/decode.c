// SPDX-License-Identifier: MIT
#include "decode.h"

#include <countersign/field.h>

#include <curl/curl.h>
#include <string.h>

enum { GZIP_ALONE = 16 + MAX_WBITS }; /* inflateInit2: no other format */

csn_status
csn_curl_decoder_begin(curl_decoder *decoder, csn_span coding)
{
    csn_curl_decoder_free(decoder);
    if (coding.len == 0 || csn_name_equal(coding, CSN_SPAN("identity")))
        return CSN_OK;
    if (!csn_name_equal(coding, CSN_SPAN("gzip")) &&
        !csn_name_equal(coding, CSN_SPAN("x-gzip")))
        return CSN_E_UNSUPPORTED;
    if (inflateInit2(&decoder->stream, GZIP_ALONE) != Z_OK)
        return CSN_E_MEMORY;
    decoder->on = true;
    return CSN_OK;
}

/* One call of inflate, and what it made goes to the sink. */
static csn_status
step(curl_decoder *decoder, curl_decoder_sink sink, void *userp)
{
    char out[CURL_MAX_WRITE_SIZE];
    z_stream *stream = &decoder->stream;
    size_t made;
    int result;

    /* Several members in a row are one content: RFC 1952, 2.2. */
    if (decoder->whole && inflateReset(stream) != Z_OK)
        return CSN_E_SYNTAX;
    decoder->whole = false;
    stream->next_out = (Bytef *)out;
    stream->avail_out = sizeof(out);
    result = inflate(stream, Z_NO_FLUSH);
    made = sizeof(out) - stream->avail_out;
    if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
        return CSN_E_SYNTAX;
    decoder->whole = result == Z_STREAM_END;
    return made == 0 || sink(userp, out, made) ? CSN_OK : CSN_E_STATE;
}

csn_status
csn_curl_decoder_feed(curl_decoder *decoder, char *data, size_t len,
    curl_decoder_sink sink, void *userp)
{
    csn_status status = CSN_OK;

    if (!decoder->on)
        return sink(userp, data, len) ? CSN_OK : CSN_E_STATE;
    decoder->begun = decoder->begun || len != 0;
    decoder->stream.next_in = (Bytef *)data;
    decoder->stream.avail_in = (uInt)len;
    /* A full output may have left some behind, with no input left. */
    while (status == CSN_OK &&
        (decoder->stream.avail_in != 0 ||
            (decoder->stream.avail_out == 0 && !decoder->whole)))
        status = step(decoder, sink, userp);
    return status;
}

bool
csn_curl_decoder_is_whole(const curl_decoder *decoder)
{
    return !decoder->begun || decoder->whole;
}

void
csn_curl_decoder_free(curl_decoder *decoder)
{
    if (decoder->on)
        inflateEnd(&decoder->stream);
    memset(decoder, 0, sizeof(*decoder));
}
