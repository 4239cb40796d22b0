// SPDX-License-Identifier: MIT
#include "fuzz.h"

#include "inspect/content.h"
#include "inspect/lines.h"
#include "inspect/message.h"

/*
 * The splitter of `countersign inspect`: what it hands out stays within its
 * limits, and a raw message, written out again with a length for its content,
 * is split into the same message.
 */

enum { MAX_TEXT = 1 << 20 };

static void
put(csn_writer *out, csn_span text)
{
    if (out->overflow || text.len > out->cap - out->len) {
        out->overflow = true;
        return;
    }
    if (text.len != 0)
        memcpy(out->buf + out->len, text.ptr, text.len);
    out->len += text.len;
}

static bool
is_framing(csn_span name)
{
    return csn_name_equal(name, CSN_SPAN("Content-Length")) ||
        csn_name_equal(name, CSN_SPAN("Transfer-Encoding"));
}

static bool
is_kept(const inspect_field *field)
{
    return !field->trailer && !is_framing(field->name);
}

/* A folded value cannot be written in one line. */
static bool
is_plain(const inspect_message *message)
{
    if (message->bare || message->prefixed || message->field_count > 900 ||
        message->content_state == INSPECT_CONTENT_UNKNOWN)
        return false;
    for (size_t i = 0; i < message->field_count; i++) {
        csn_span value = message->fields[i].value;

        if (value.len != 0 && memchr(value.ptr, '\n', value.len) != NULL)
            return false;
    }
    return true;
}

static void
write_message(csn_writer *out, const inspect_message *message)
{
    char line[64];

    if (message->kind == INSPECT_REQUEST) {
        put(out, message->method);
        put(out, CSN_SPAN(" "));
        put(out, message->target);
        put(out, CSN_SPAN(" HTTP/1.1\r\n"));
    } else {
        (void)snprintf(line, sizeof(line), "HTTP/1.1 %u x\r\n",
            message->status);
        put(out, (csn_span){ (const uint8_t *)line, strlen(line) });
    }
    for (size_t i = 0; i < message->field_count; i++) {
        if (!is_kept(&message->fields[i]))
            continue;
        put(out, message->fields[i].name);
        put(out, CSN_SPAN(": "));
        put(out, message->fields[i].value);
        put(out, CSN_SPAN("\r\n"));
    }
    (void)snprintf(line, sizeof(line), "Content-Length: %zu\r\n\r\n",
        message->content.len);
    put(out, (csn_span){ (const uint8_t *)line, strlen(line) });
    put(out, message->content);
}

static bool
is_same(csn_span a, csn_span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static void
check_same(const inspect_message *a, const inspect_message *b)
{
    size_t at = 0;

    FUZZ_HOLDS(a->kind == b->kind && a->status == b->status);
    FUZZ_HOLDS(is_same(a->method, b->method) && is_same(a->target, b->target));
    FUZZ_HOLDS(b->content_state == INSPECT_CONTENT_WHOLE);
    FUZZ_HOLDS(is_same(a->content, b->content));
    for (size_t i = 0; i < a->field_count; i++) {
        if (!is_kept(&a->fields[i]))
            continue;
        FUZZ_HOLDS(at < b->field_count);
        FUZZ_HOLDS(is_same(a->fields[i].name, b->fields[at].name));
        FUZZ_HOLDS(is_same(a->fields[i].value, b->fields[at].value));
        at++;
    }
    FUZZ_HOLDS(at + 1 == b->field_count);
}

static void
check_again(const inspect_message *message)
{
    static uint8_t buffer[MAX_TEXT];
    csn_writer out = csn_writer_init(buffer, sizeof(buffer));
    csn_pool pool = { NULL };
    inspect_messages again;

    write_message(&out, message);
    if (!out.overflow) {
        FUZZ_HOLDS(
            inspect_split(&pool, csn_writer_span(&out), &again) == NULL);
        FUZZ_HOLDS(again.count == 1);
        check_same(message, &again.items[0]);
    }
    csn_pool_free(&pool);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    csn_pool pool = { NULL };
    inspect_messages messages;
    const char *fault;

    if (size > MAX_TEXT / 2)
        return 0;
    fault = inspect_split(&pool, (csn_span){ data, size }, &messages);
    FUZZ_HOLDS(messages.count <= INSPECT_MAX_MESSAGES);
    FUZZ_HOLDS(fault == NULL || size > INSPECT_MAX_FIELDS);
    for (size_t i = 0; i < messages.count; i++) {
        const inspect_message *message = &messages.items[i];

        FUZZ_HOLDS(message->field_count <= INSPECT_MAX_FIELDS);
        FUZZ_HOLDS(message->content.len <= size);
        FUZZ_HOLDS(message->bare || message->kind == INSPECT_RESPONSE ||
            message->method.len != 0);
        if (is_plain(message))
            check_again(message);
    }
    csn_pool_free(&pool);
    return 0;
}
