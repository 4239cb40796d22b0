// SPDX-License-Identifier: MIT
#include "message.h"

#include <countersign/field.h>

inspect_message *
inspect_message_add(csn_pool *pool, inspect_messages *messages)
{
    if (messages->count == INSPECT_MAX_MESSAGES)
        return NULL;
    messages->items = csn_pool_grow(pool, messages->items, messages->count,
        sizeof(*messages->items));
    messages->items[messages->count] = (inspect_message){ .line = 0 };
    return &messages->items[messages->count++];
}

bool
inspect_field_add(csn_pool *pool, inspect_message *message,
    const inspect_field *field)
{
    if (message->field_count == INSPECT_MAX_FIELDS)
        return false;
    message->fields = csn_pool_grow(pool, message->fields,
        message->field_count, sizeof(*message->fields));
    message->fields[message->field_count++] = *field;
    return true;
}

const inspect_field *
inspect_field_find(const inspect_message *message, csn_span name)
{
    for (size_t i = 0; i < message->field_count; i++) {
        const inspect_field *field = &message->fields[i];

        if (!field->trailer && csn_name_equal(field->name, name))
            return field;
    }
    return NULL;
}

csn_span
inspect_last_method(const inspect_messages *messages)
{
    for (size_t i = messages->count; i-- > 0;) {
        if (messages->items[i].kind == INSPECT_REQUEST)
            return messages->items[i].method;
    }
    return (csn_span){ NULL, 0 };
}

bool
inspect_has_no_content(unsigned status, csn_span method)
{
    if (status / 100 == 1 || status == 204 || status == 304)
        return true;
    if (csn_text_same(method, CSN_SPAN("HEAD")))
        return true;
    return status / 100 == 2 && csn_text_same(method, CSN_SPAN("CONNECT"));
}
