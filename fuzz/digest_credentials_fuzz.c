// SPDX-License-Identifier: MIT
#include "fuzz.h"

/* Digest credentials: what is read and can be written reads as the same. */

static csn_status
read_line(csn_span line, csn_digest_credentials *read)
{
    csn_field_cursor cursor;
    csn_field_event event;
    csn_status status = csn_field_begin(&cursor, CSN_FIELD_CREDENTIALS, &line,
        1);

    if (status == CSN_OK)
        status = csn_field_next(&cursor, &event);
    return status == CSN_OK ? csn_digest_credentials_read(&cursor, read)
                            : status;
}

/* What a reader promises about its types. */
static void
check_types(const csn_digest_credentials *read)
{
    static uint8_t text[CSN_MAX_VALUE];
    csn_span nc = fuzz_plain(&read->nc, text, sizeof(text));
    uint32_t count = 0;

    if (read->nc.present) {
        FUZZ_HOLDS(csn_nc_parse(nc, &count) == CSN_OK);
        FUZZ_HOLDS(count == read->count && count > 0);
    }
    FUZZ_HOLDS(read->qop.present || read->qop_known == CSN_QOP_NONE);
    if (read->qop.present)
        FUZZ_HOLDS(csn_is_token(fuzz_plain(&read->qop, text, sizeof(text))));
}

static csn_status
write_again(const csn_digest_credentials *read, csn_writer *out)
{
    static uint8_t buf[7][CSN_MAX_VALUE];
    csn_digest_credentials_out credentials = {
        .username = fuzz_plain(&read->username, buf[0], CSN_MAX_VALUE),
        .realm = fuzz_plain(&read->realm, buf[1], CSN_MAX_VALUE),
        .nonce = fuzz_plain(&read->nonce, buf[2], CSN_MAX_VALUE),
        .uri = fuzz_plain(&read->uri, buf[3], CSN_MAX_VALUE),
        .response_hex = fuzz_plain(&read->response, buf[4], CSN_MAX_VALUE),
        .cnonce = fuzz_plain(&read->cnonce, buf[5], CSN_MAX_VALUE),
        .opaque = fuzz_plain(&read->opaque, buf[6], CSN_MAX_VALUE),
        .algorithm = read->algorithm,
        .qop = (csn_qop)read->qop_known,
        .count = read->count,
        .has_opaque = read->opaque.present,
        .has_algorithm = read->has_algorithm,
    };

    return csn_digest_credentials_write(out, &credentials);
}

static void
compare(csn_digest_credentials read, csn_span written)
{
    csn_digest_credentials again;
    bool has_qop = read.qop_known != CSN_QOP_NONE;

    FUZZ_HOLDS(read_line(written, &again) == CSN_OK);
    /* These are always written; cnonce and nc with a qop alone. */
    read.username.present = read.realm.present = read.nonce.present = true;
    read.uri.present = true;
    read.cnonce.present = read.nc.present = has_qop;
    FUZZ_HOLDS(fuzz_same_value(&read.username, &again.username, false));
    FUZZ_HOLDS(fuzz_same_value(&read.realm, &again.realm, false));
    FUZZ_HOLDS(fuzz_same_value(&read.nonce, &again.nonce, false));
    FUZZ_HOLDS(fuzz_same_value(&read.uri, &again.uri, false));
    FUZZ_HOLDS(fuzz_same_value(&read.response, &again.response, true));
    FUZZ_HOLDS(fuzz_same_value(&read.cnonce, &again.cnonce, false));
    FUZZ_HOLDS(fuzz_same_value(&read.opaque, &again.opaque, false));
    FUZZ_HOLDS(fuzz_same_value(&read.nc, &again.nc, true));
    FUZZ_HOLDS(read.qop_known == again.qop_known);
    FUZZ_HOLDS(read.algorithm == again.algorithm);
    FUZZ_HOLDS(read.has_algorithm == again.has_algorithm);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t buf[4 * CSN_MAX_FIELD];
    csn_writer out = csn_writer_init(buf, sizeof(buf));
    csn_digest_credentials read;

    if (read_line((csn_span){ data, size }, &read) != CSN_OK)
        return 0;
    check_types(&read);
    if (write_again(&read, &out) != CSN_OK || out.len > CSN_MAX_FIELD)
        return 0;
    compare(read, csn_writer_span(&out));
    return 0;
}
