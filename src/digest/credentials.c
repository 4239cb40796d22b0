// SPDX-License-Identifier: MIT
#include "digest/params.h"

#include "core/writer.h"
#include "http/cursor.h"

/*
 * An algorithm that is not ours may have any form of response: such
 * credentials are answered with a challenge (D-07), not with 400.
 */
static csn_status
check_response(const csn_digest_credentials *credentials)
{
    const csn_value *response = &credentials->response;
    size_t digits = 2 *
        csn_hash_size(csn_algorithm_hash(credentials->algorithm));

    if (!response->present || credentials->algorithm == CSN_ALG_UNKNOWN ||
        csn_value_is_hex(response, digits))
        return CSN_OK;
    return csn_value_len(response) == digits ? CSN_E_SYNTAX : CSN_E_LENGTH;
}

csn_status
csn_credentials_take(csn_field_cursor *cursor, csn_digest_credentials *fields)
{
    csn_status status;

    fields->algorithm = CSN_ALG_MD5; /* when absent: RFC 7616, 3.4 */
    status = csn_params_read(cursor, CSN_FIELD_CREDENTIALS, fields);
    if (status != CSN_OK)
        return status;
    status = check_response(fields);
    if (status != CSN_OK)
        return csn_field_fail(cursor, status, fields->response.text.ptr);
    return CSN_OK;
}

csn_status
csn_digest_credentials_read(csn_field_cursor *cursor,
    csn_digest_credentials *credentials)
{
    csn_digest_credentials read = { .count = 0 };
    csn_status status = csn_credentials_take(cursor, &read);

    if (status == CSN_OK)
        *credentials = read;
    return status;
}

static void
write_nc(csn_params_writer *writer, uint32_t count)
{
    uint8_t digits[8];
    csn_writer nc = csn_writer_init(digits, sizeof(digits));

    csn_nc_write(&nc, count);
    csn_params_token(writer, CSN_LEAD("nc"), csn_writer_span(&nc));
}

static csn_status
check(const csn_digest_credentials_out *credentials)
{
    if (credentials->has_algorithm &&
        (unsigned)credentials->algorithm >= CSN_ALG_COUNT)
        return CSN_E_UNSUPPORTED;
    if (credentials->qop != CSN_QOP_NONE && credentials->count == 0)
        return CSN_E_RANGE; /* the first request is 1 */
    if (credentials->extended && credentials->userhash)
        return CSN_E_SYNTAX; /* RFC 7616, 3.4: one or the other */
    return CSN_OK;
}

/* username or, never quoted, username*. */
static void
write_user(csn_params_writer *writer,
    const csn_digest_credentials_out *credentials)
{
    if (credentials->extended)
        csn_params_ext(writer, CSN_LEAD("username*"), credentials->username);
    else
        csn_params_quoted(writer, CSN_LEAD("username"), credentials->username);
}

csn_status
csn_digest_credentials_write(csn_writer *out,
    const csn_digest_credentials_out *credentials)
{
    csn_status status = check(credentials);

    if (status != CSN_OK)
        return status;

    csn_params_writer w = csn_params_begin(out, CSN_SPAN("Digest"));

    write_user(&w, credentials);
    csn_params_quoted(&w, CSN_LEAD("realm"), credentials->realm);
    csn_params_quoted(&w, CSN_LEAD("nonce"), credentials->nonce);
    csn_params_quoted(&w, CSN_LEAD("uri"), credentials->uri);
    csn_params_hex(&w, CSN_LEAD("response"), credentials->response_hex);
    if (credentials->has_algorithm)
        csn_params_token(&w, CSN_LEAD("algorithm"),
            csn_algorithm_name(credentials->algorithm));
    if (credentials->has_opaque)
        csn_params_quoted(&w, CSN_LEAD("opaque"), credentials->opaque);
    if (credentials->qop != CSN_QOP_NONE) {
        csn_params_token(&w, CSN_LEAD("qop"), csn_qop_name(credentials->qop));
        write_nc(&w, credentials->count);
        csn_params_quoted(&w, CSN_LEAD("cnonce"), credentials->cnonce);
    }
    if (credentials->userhash)
        csn_params_token(&w, CSN_LEAD("userhash"), CSN_SPAN("true"));
    return csn_params_end(&w);
}
