// SPDX-License-Identifier: MIT
#include "form.h"

#include "common/exit.h"
#include "common/note.h"
#include "core/ct.h"

#include <stdlib.h>
#include <string.h>

static const csn_span none = { NULL, 0 };

static _Noreturn void
no_crypto(void)
{
    csn_note("hashes or random octets are not to be had");
    exit(CSN_EXIT_MEMORY);
}

static csn_span
to_hex(verify_run *run, const uint8_t *octets, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    uint8_t *hex = csn_pool_alloc(&run->scratch, 2 * len);

    for (size_t i = 0; i < len; i++) {
        hex[2 * i] = (uint8_t)digits[octets[i] >> 4];
        hex[2 * i + 1] = (uint8_t)digits[octets[i] & 15];
    }
    return (csn_span){ hex, 2 * len };
}

csn_span
verify_cnonce(verify_run *run)
{
    uint8_t octets[16];

    if (run->crypto->random(octets, sizeof(octets)) != CSN_OK)
        no_crypto();
    return to_hex(run, octets, sizeof(octets));
}

csn_span
verify_hash_hex(verify_run *run, csn_hash hash, csn_span text)
{
    uint8_t digest[CSN_MAX_DIGEST];

    if (run->crypto->digest(hash, &text, 1, digest) != CSN_OK)
        no_crypto();
    return to_hex(run, digest, csn_hash_size(hash));
}

csn_span
verify_ha1(verify_run *run, csn_hash hash, csn_span user, csn_span realm,
    csn_span password)
{
    csn_span text = csn_pool_join(&run->scratch, user, CSN_SPAN(":"), realm,
        CSN_SPAN(":"));

    return verify_hash_hex(run, hash,
        csn_pool_join(&run->scratch, text, password, none, none));
}

static verify_entry
entry(csn_span text, verify_shape shape)
{
    return (verify_entry){ .text = text, .shape = shape };
}

verify_form
verify_form_new(verify_run *run, const verify_challenge *challenge,
    const verify_request *request, uint32_t count)
{
    const csn_digest_challenge *digest = &challenge->digest;
    verify_form form = { .scheme = CSN_SPAN("Digest"),
        .equals = CSN_SPAN("="),
        .algorithm = digest->algorithm,
        .method = request->method,
        .content = request->content };
    verify_entry *entries = form.entries;
    const char *nc = csn_pool_format(&run->scratch, "%08x", count);

    entries[VERIFY_USERNAME] = entry(run->user, VERIFY_QUOTED);
    entries[VERIFY_REALM] = entry(challenge->realm, VERIFY_QUOTED);
    entries[VERIFY_NONCE] = entry(challenge->nonce, VERIFY_QUOTED);
    entries[VERIFY_URI] = entry(request->target, VERIFY_QUOTED);
    entries[VERIFY_RESPONSE] = entry(none, VERIFY_QUOTED);
    if (digest->has_algorithm)
        entries[VERIFY_ALGORITHM] = entry(
            csn_algorithm_name(digest->algorithm), VERIFY_TOKEN);
    if (digest->qops != 0) {
        entries[VERIFY_CNONCE] = entry(verify_cnonce(run), VERIFY_QUOTED);
        entries[VERIFY_NC] = entry(csn_text_of(nc), VERIFY_TOKEN);
        entries[VERIFY_QOP] = entry((digest->qops & CSN_QOP_AUTH) != 0
                ? CSN_SPAN("auth")
                : CSN_SPAN("auth-int"),
            VERIFY_TOKEN);
    }
    if (digest->opaque.present)
        entries[VERIFY_OPAQUE] = entry(challenge->opaque, VERIFY_QUOTED);
    return form;
}

static csn_span
text_of(const verify_form *form, verify_name name)
{
    return form->entries[name].shape == VERIFY_ABSENT
        ? none
        : form->entries[name].text;
}

/* H(A1) or the session key, in hex. */
static csn_span
secret_of(verify_run *run, const verify_form *form)
{
    const csn_hash hash = csn_algorithm_hash(form->algorithm);
    csn_span ha1 = form->ha1_hex;
    uint8_t key[CSN_MAX_DIGEST];

    if (ha1.len == 0)
        ha1 = verify_ha1(run, hash, run->user, run->base.realm, run->password);
    if (!csn_algorithm_is_session(form->algorithm))
        return ha1;
    if (form->session_hex.len != 0)
        return form->session_hex;
    if (csn_digest_session_key(run->crypto, hash, ha1,
            text_of(form, VERIFY_NONCE), text_of(form, VERIFY_CNONCE),
            key) != CSN_OK)
        no_crypto();
    ha1 = to_hex(run, key, csn_hash_size(hash));
    csn_wipe(key, sizeof(key));
    return ha1;
}

/* Both values; contents count under auth-int alone. */
static void
compute(verify_run *run, const verify_form *form, csn_span content,
    csn_span *response, csn_span *rspauth)
{
    const csn_hash hash = csn_algorithm_hash(form->algorithm);
    const csn_span qop = text_of(form, VERIFY_QOP);
    const bool is_int = csn_text_same(qop, CSN_SPAN("auth-int"));
    uint8_t values[2][CSN_MAX_DIGEST];
    csn_digest_input input = {
        .hash = hash,
        .ha1_hex = secret_of(run, form),
        .nonce = text_of(form, VERIFY_NONCE),
        .nc = qop.len == 0 ? none : text_of(form, VERIFY_NC),
        .cnonce = qop.len == 0 ? none : text_of(form, VERIFY_CNONCE),
        .qop = qop,
        .method = form->method,
        .uri = text_of(form, VERIFY_URI),
    };

    if (is_int) {
        input.content_hex = verify_hash_hex(run, hash, form->content);
        input.response_content_hex = verify_hash_hex(run, hash, content);
    }
    if (csn_digest_compute(run->crypto, &input, values[0], values[1]) !=
        CSN_OK)
        no_crypto();
    *response = to_hex(run, values[0], csn_hash_size(hash));
    *rspauth = to_hex(run, values[1], csn_hash_size(hash));
    csn_wipe(values, sizeof(values));
}

void
verify_form_sign(verify_run *run, verify_form *form)
{
    csn_span rspauth;

    compute(run, form, none, &form->entries[VERIFY_RESPONSE].text, &rspauth);
}

csn_span
verify_form_rspauth(verify_run *run, const verify_form *form, csn_span content)
{
    csn_span response, rspauth;

    compute(run, form, content, &response, &rspauth);
    return rspauth;
}

csn_span
verify_quote(verify_run *run, csn_span text)
{
    uint8_t *out = csn_pool_alloc(&run->scratch, 2 * text.len + 2);
    size_t len = 0;

    out[len++] = '"';
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '"' || text.ptr[i] == '\\')
            out[len++] = '\\';
        out[len++] = text.ptr[i];
    }
    out[len++] = '"';
    return (csn_span){ out, len };
}

static void
write_param(verify_run *run, const verify_form *form, const char *name,
    csn_span value, csn_span *line)
{
    csn_span text = csn_text_of(name);

    if (form->upper_names)
        text = csn_pool_map(&run->scratch, text, csn_octet_upper);
    if (!csn_text_same(*line, form->scheme))
        *line = csn_pool_join(&run->scratch, *line, CSN_SPAN(","), none, none);
    if (line->len != 0)
        *line = csn_pool_join(&run->scratch, *line, CSN_SPAN(" "), none, none);
    *line = csn_pool_join(&run->scratch, *line, text, form->equals, value);
}

csn_span
verify_form_write(verify_run *run, const verify_form *form)
{
    static const char *const names[VERIFY_NAMES] = {
        [VERIFY_USERNAME] = "username",
        [VERIFY_USERNAME_EXT] = "username*",
        [VERIFY_REALM] = "realm",
        [VERIFY_NONCE] = "nonce",
        [VERIFY_URI] = "uri",
        [VERIFY_RESPONSE] = "response",
        [VERIFY_ALGORITHM] = "algorithm",
        [VERIFY_CNONCE] = "cnonce",
        [VERIFY_NC] = "nc",
        [VERIFY_QOP] = "qop",
        [VERIFY_OPAQUE] = "opaque",
        [VERIFY_USERHASH] = "userhash",
        [VERIFY_FURTHER] = "csn-verify",
    };
    csn_span line = form->scheme;

    for (size_t i = 0; i < VERIFY_NAMES; i++) {
        const verify_entry *one = &form->entries[i];

        if (one->shape == VERIFY_ABSENT)
            continue;
        write_param(run, form, names[i],
            one->shape == VERIFY_QUOTED ? verify_quote(run, one->text)
                                        : one->text,
            &line);
        if (one->twice)
            write_param(run, form, names[i], verify_quote(run, one->again),
                &line);
    }
    return line;
}

verify_response
verify_send_form(verify_run *run, size_t which, verify_request *request,
    verify_form *form)
{
    verify_form_sign(run, form);
    request->lines[0] = verify_form_write(run, form);
    request->line_count = 1;
    return verify_exchange(run, which, request);
}
