// SPDX-License-Identifier: MIT
#include "fields.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

typedef struct text {
    char *at;
    size_t left;
    const char *space;
} text;

static void
put(text *out, const char *format, ...)
{
    va_list list;
    int len;

    va_start(list, format);
    len = vsnprintf(out->at, out->left, format, list);
    va_end(list);
    if (len < 0 || (size_t)len >= out->left)
        len = out->left ? (int)out->left - 1 : 0;
    out->at += len;
    out->left -= (size_t)len;
}

static text
start(char *out, size_t size)
{
    text all = { out, size, "" };

    out[0] = '\0';
    return all;
}

static void
put_name(text *out, const char *name)
{
    put(out, "%s%s", out->space, name);
    out->space = " ";
}

static void
put_value(text *out, const char *name, const csn_value *value)
{
    uint8_t buf[CSN_MAX_VALUE];
    csn_writer plain = csn_writer_init(buf, sizeof(buf));

    if (!value->present)
        return;
    csn_value_unescape(value, &plain);
    put_name(out, name);
    put(out, plain.overflow ? "=!" : "=");
    for (size_t i = 0; i < plain.len; i++) {
        if (buf[i] < 0x20 || buf[i] > 0x7e)
            put(out, "\\x%02x", buf[i]);
        else
            put(out, "%c", buf[i]);
    }
}

static void
put_flag(text *out, const char *name, bool flag)
{
    if (flag)
        put_name(out, name);
}

static void
put_qops(text *out, unsigned qops)
{
    put(out, "[%s%s%s]", qops & CSN_QOP_AUTH ? "auth" : "",
        qops == (CSN_QOP_AUTH | CSN_QOP_AUTH_INT) ? "," : "",
        qops & CSN_QOP_AUTH_INT ? "auth-int" : "");
}

static void
put_algorithm(text *out, csn_algorithm algorithm, bool has_algorithm)
{
    csn_span name = csn_algorithm_name(algorithm);

    put_name(out, "alg=");
    if (algorithm == CSN_ALG_UNKNOWN)
        put(out, "unknown");
    else
        put(out, "%.*s", (int)name.len, (const char *)name.ptr);
    put(out, "%s", has_algorithm ? "" : "?");
}

void
fields_render_challenge(const csn_digest_challenge *challenge, char *out,
    size_t size)
{
    text all = start(out, size);

    put_value(&all, "realm", &challenge->realm);
    put_value(&all, "nonce", &challenge->nonce);
    put_value(&all, "opaque", &challenge->opaque);
    put_value(&all, "domain", &challenge->domain);
    if (challenge->has_qop) {
        put_name(&all, "qop=");
        put_qops(&all, challenge->qops);
    }
    put_algorithm(&all, challenge->algorithm, challenge->has_algorithm);
    put_flag(&all, "[stale]", challenge->stale);
    put_flag(&all, "[userhash]", challenge->userhash);
    put_flag(&all, "[utf8]", challenge->utf8);
}

void
fields_render_credentials(const csn_digest_credentials *credentials, char *out,
    size_t size)
{
    text all = start(out, size);

    put_value(&all, "username", &credentials->username);
    put_value(&all, "username*", &credentials->username_ext);
    put_value(&all, "realm", &credentials->realm);
    put_value(&all, "nonce", &credentials->nonce);
    put_value(&all, "uri", &credentials->uri);
    put_value(&all, "response", &credentials->response);
    put_value(&all, "cnonce", &credentials->cnonce);
    put_value(&all, "opaque", &credentials->opaque);
    put_value(&all, "nc", &credentials->nc);
    if (credentials->nc.present)
        put(&all, "[%lu]", (unsigned long)credentials->count);
    put_value(&all, "qop", &credentials->qop);
    if (credentials->qop.present)
        put_qops(&all, credentials->qop_known);
    put_algorithm(&all, credentials->algorithm, credentials->has_algorithm);
    put_flag(&all, "[userhash]", credentials->userhash);
}

void
fields_render_info(const csn_digest_info *info, char *out, size_t size)
{
    text all = start(out, size);

    put_value(&all, "nextnonce", &info->nextnonce);
    put_value(&all, "rspauth", &info->rspauth);
    put_value(&all, "cnonce", &info->cnonce);
    put_value(&all, "nc", &info->nc);
    if (info->nc.present)
        put(&all, "[%lu]", (unsigned long)info->count);
    put_value(&all, "qop", &info->qop);
    if (info->qop.present)
        put_qops(&all, info->qop_known);
}

typedef union fields {
    csn_digest_challenge challenge;
    csn_digest_credentials credentials;
    csn_digest_info info;
} fields;

/* Begin, and go behind the scheme where there is one. */
static csn_status
begin(csn_field_cursor *cursor, csn_field_kind kind, const csn_span *lines,
    size_t count)
{
    csn_field_event event;
    csn_status status = csn_field_begin(cursor, kind, lines, count);

    if (status != CSN_OK || kind == CSN_FIELD_INFO)
        return status;
    status = csn_field_next(cursor, &event);
    if (status != CSN_OK)
        return status;
    if (event.kind != CSN_EVENT_SCHEME)
        return CSN_E_MISSING;
    return csn_name_equal(event.name, CSN_SPAN("Digest")) ? CSN_OK
                                                          : CSN_E_UNSUPPORTED;
}

csn_status
fields_read(csn_field_kind kind, const csn_span *lines, size_t count,
    char *out, size_t size, bool *touched)
{
    csn_field_cursor cursor;
    fields read, before;
    csn_status status = begin(&cursor, kind, lines, count);

    memset(&read, 0xa5, sizeof(read));
    before = read;
    (void)start(out, size);
    *touched = false;
    if (status != CSN_OK)
        return status;

    switch (kind) {
    case CSN_FIELD_CHALLENGES:
        status = csn_digest_challenge_read(&cursor, &read.challenge);
        if (status == CSN_OK)
            fields_render_challenge(&read.challenge, out, size);
        break;
    case CSN_FIELD_CREDENTIALS:
        status = csn_digest_credentials_read(&cursor, &read.credentials);
        if (status == CSN_OK)
            fields_render_credentials(&read.credentials, out, size);
        break;
    case CSN_FIELD_INFO:
        status = csn_digest_info_read(&cursor, &read.info);
        if (status == CSN_OK)
            fields_render_info(&read.info, out, size);
        break;
    }
    *touched = memcmp(&read, &before, sizeof(read)) != 0;
    return status;
}
