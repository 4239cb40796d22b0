// SPDX-License-Identifier: MIT
#include "content.h"
#include "lines.h"
#include "message.h"

#include <jansson.h>
#include <openssl/evp.h>
#include <string.h>

/*
 * HAR 1.2, as browsers and proxies write it. What is missing or has another
 * type is taken as not told: exporters differ, and some leave secrets out.
 */

static const char too_many[] = "more messages or fields than can be looked at";

static csn_span
copy(csn_pool *pool, const json_t *value)
{
    const csn_span none = { NULL, 0 };
    csn_span text;

    if (!json_is_string(value))
        return none;
    text = (csn_span){ (const uint8_t *)json_string_value(value),
        json_string_length(value) };
    return csn_pool_join(pool, text, none, none, none);
}

static csn_span
member(csn_pool *pool, const json_t *object, const char *name)
{
    return copy(pool, json_object_get(object, name));
}

static bool
add_headers(csn_pool *pool, inspect_message *message, const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        inspect_field field = { .name = member(pool, item, "name"),
            .value = inspect_trim(member(pool, item, "value")) };

        if (!inspect_field_add(pool, message, &field))
            return false;
    }
    return true;
}

/* scheme "://" authority target "#" fragment */
static void
read_url(inspect_message *message, csn_span url)
{
    const uint8_t *mark = url.len == 0 ? NULL
                                       : memmem(url.ptr, url.len, "://", 3);
    csn_span rest;

    url = inspect_until(url, '#', '#');
    message->target = url;
    if (mark == NULL || mark >= url.ptr + url.len ||
        csn_text_same(message->method, CSN_SPAN("CONNECT")))
        return;
    message->scheme = (csn_span){ url.ptr, (size_t)(mark - url.ptr) };
    rest = (csn_span){ mark + 3, url.len - message->scheme.len - 3 };
    message->authority = inspect_until(rest, '/', '?');
    rest.ptr += message->authority.len;
    rest.len -= message->authority.len;
    message->target = rest.len == 0 ? CSN_SPAN("/") : rest;
}

/* A HAR has content as text, its content coding undone and its characters
 * perhaps put into another charset. */
static void
set_content(csn_pool *pool, inspect_message *message, const json_t *holder)
{
    const json_t *text = json_object_get(holder, "text");
    csn_span encoding = member(pool, holder, "encoding");
    csn_span given = copy(pool, text);

    if (!json_is_string(text))
        return;
    message->content = given;
    message->content_state = INSPECT_CONTENT_SEEN;
    if (csn_text_same(encoding, CSN_SPAN("base64")) && given.len % 4 == 0 &&
        given.len <= INSPECT_MAX_INPUT) {
        uint8_t *octets = csn_pool_alloc(pool, given.len);
        int len = EVP_DecodeBlock(octets, given.ptr, (int)given.len);

        if (len < 0) {
            message->content_state = INSPECT_CONTENT_UNKNOWN;
            return;
        }
        for (size_t i = given.len; i-- > 0 && given.ptr[i] == '=';)
            len--;
        message->content = (csn_span){ octets, (size_t)len };
    }
}

static bool
add_request(csn_pool *pool, inspect_messages *messages, const json_t *from)
{
    inspect_message *message = inspect_message_add(pool, messages);
    const json_t *posted = json_object_get(from, "postData");

    if (message == NULL)
        return false;
    message->kind = INSPECT_REQUEST;
    message->method = member(pool, from, "method");
    read_url(message, member(pool, from, "url"));
    message->content_state = INSPECT_CONTENT_WHOLE;
    if (posted != NULL) {
        message->content_state = INSPECT_CONTENT_UNKNOWN;
        set_content(pool, message, posted);
    }
    return add_headers(pool, message, json_object_get(from, "headers"));
}

static bool
add_response(csn_pool *pool, inspect_messages *messages, const json_t *from)
{
    json_int_t status = json_integer_value(json_object_get(from, "status"));
    csn_span method = inspect_last_method(messages);
    inspect_message *message;

    if (status < 100 || status > 999) /* 0: no response came */
        return true;
    message = inspect_message_add(pool, messages);
    if (message == NULL)
        return false;
    message->kind = INSPECT_RESPONSE;
    message->status = (unsigned)status;
    message->content_state = INSPECT_CONTENT_UNKNOWN;
    if (inspect_has_no_content(message->status, method))
        message->content_state = INSPECT_CONTENT_WHOLE;
    else
        set_content(pool, message, json_object_get(from, "content"));
    return add_headers(pool, message, json_object_get(from, "headers"));
}

static const char *
add_entries(csn_pool *pool, const json_t *root, inspect_messages *messages)
{
    const json_t *entries = json_object_get(json_object_get(root, "log"),
        "entries");

    if (!json_is_array(entries))
        return "JSON, but no HAR: it has no log.entries";
    for (size_t i = 0; i < json_array_size(entries); i++) {
        const json_t *entry = json_array_get(entries, i);

        if (!add_request(pool, messages, json_object_get(entry, "request")) ||
            !add_response(pool, messages, json_object_get(entry, "response")))
            return too_many;
    }
    return NULL;
}

const char *
inspect_har(csn_pool *pool, csn_span text, inspect_messages *messages)
{
    json_error_t error;
    json_t *root = json_loadb((const char *)text.ptr, text.len, JSON_ALLOW_NUL,
        &error);
    const char *fault;

    *messages = (inspect_messages){ NULL, 0 };
    if (root == NULL)
        return csn_pool_format(pool, "begins like JSON, but line %d: %s",
            error.line, error.text);
    fault = add_entries(pool, root, messages);
    json_decref(root);
    return fault;
}
