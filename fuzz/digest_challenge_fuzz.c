// SPDX-License-Identifier: MIT
#include "fuzz.h"

/*
 * A Digest challenge: what is read and can be written reads as the same; all
 * challenges of a field can be gone through.
 */

static csn_status
read_first(csn_span line, csn_digest_challenge *read)
{
    csn_field_cursor cursor;
    csn_field_event event;
    csn_status status = csn_field_begin(&cursor, CSN_FIELD_CHALLENGES, &line,
        1);

    if (status == CSN_OK)
        status = csn_field_next(&cursor, &event);
    if (status == CSN_OK && event.kind != CSN_EVENT_SCHEME)
        return CSN_E_MISSING;
    return status == CSN_OK ? csn_digest_challenge_read(&cursor, read)
                            : status;
}

/* As a client does it. */
static void
walk(csn_span line)
{
    csn_field_cursor cursor;
    csn_field_event event;
    csn_digest_challenge read;
    size_t steps = 0;

    if (csn_field_begin(&cursor, CSN_FIELD_CHALLENGES, &line, 1) != CSN_OK)
        return;
    do {
        csn_status status = csn_field_next(&cursor, &event);

        FUZZ_HOLDS(steps++ <= CSN_MAX_FIELD);
        if (status == CSN_OK && event.kind == CSN_EVENT_END)
            return;
        if (status == CSN_OK && steps % 2 != 0)
            status = csn_digest_challenge_read(&cursor, &read);
    } while (csn_field_skip(&cursor) == CSN_OK);
}

static csn_status
write_again(const csn_digest_challenge *read, csn_writer *out)
{
    static uint8_t realm[CSN_MAX_VALUE], nonce[CSN_MAX_VALUE];
    static uint8_t opaque[CSN_MAX_VALUE], domain[CSN_MAX_VALUE];
    csn_digest_challenge_out challenge = {
        .realm = fuzz_plain(&read->realm, realm, sizeof(realm)),
        .nonce = fuzz_plain(&read->nonce, nonce, sizeof(nonce)),
        .opaque = fuzz_plain(&read->opaque, opaque, sizeof(opaque)),
        .domain = fuzz_plain(&read->domain, domain, sizeof(domain)),
        .algorithm = read->algorithm,
        .qops = read->qops,
        .stale = read->stale,
        .userhash = read->userhash,
        .utf8 = read->utf8,
    };

    return csn_digest_challenge_write(out, &challenge);
}

static void
compare(csn_digest_challenge read, csn_span written)
{
    csn_digest_challenge again;

    FUZZ_HOLDS(read_first(written, &again) == CSN_OK);
    /* What is absent is written as empty, or the other way round. */
    read.realm.present = true;
    read.opaque.present = read.opaque.text.len > 0;
    read.domain.present = read.domain.text.len > 0;
    FUZZ_HOLDS(fuzz_same_value(&read.realm, &again.realm, false));
    FUZZ_HOLDS(fuzz_same_value(&read.nonce, &again.nonce, false));
    FUZZ_HOLDS(fuzz_same_value(&read.opaque, &again.opaque, false));
    FUZZ_HOLDS(fuzz_same_value(&read.domain, &again.domain, false));
    FUZZ_HOLDS(read.algorithm == again.algorithm);
    FUZZ_HOLDS(read.qops == again.qops && again.has_qop);
    FUZZ_HOLDS(read.stale == again.stale);
    FUZZ_HOLDS(read.userhash == again.userhash && read.utf8 == again.utf8);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t buf[4 * CSN_MAX_FIELD];
    csn_writer out = csn_writer_init(buf, sizeof(buf));
    csn_span line = { data, size };
    csn_digest_challenge read;

    walk(line);
    if (read_first(line, &read) != CSN_OK ||
        write_again(&read, &out) != CSN_OK || out.len > CSN_MAX_FIELD)
        return 0;
    compare(read, csn_writer_span(&out));
    return 0;
}
