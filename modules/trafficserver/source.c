// SPDX-License-Identifier: MIT
#include "source.h"

#include "settings/address.h"

#include <countersign/field.h>

#include <string.h>

const char *
csn_gw_from_name(csn_gw_from from)
{
    static const char *const names[CSN_GW_FROM_COUNT] = {
        [CSN_GW_FROM_PEER] = "peer",
        [CSN_GW_FROM_CARRIED] = "carried",
        [CSN_GW_FROM_IGNORED] = "ignored",
        [CSN_GW_FROM_UNUSABLE] = "unusable",
    };

    return names[from];
}

bool
csn_gw_source_trusts(const csn_gw_settings *settings,
    const uint8_t address[16])
{
    for (size_t i = 0; i < settings->trust_count; i++) {
        if (csn_gw_net_holds(&settings->trust[i], address, 0))
            return true;
    }
    return false;
}

/* The hops of one line, the last CSN_GW_MAX_HOPS of them: the i-th stands at
 * i % CSN_GW_MAX_HOPS. A hop that names no address is empty. */
typedef struct hops {
    csn_span nodes[CSN_GW_MAX_HOPS];
    size_t count;
} hops;

static void
hops_add(hops *line, csn_span node)
{
    line->nodes[line->count++ % CSN_GW_MAX_HOPS] = node;
}

static bool
is_blank(uint8_t octet)
{
    return octet == ' ' || octet == '\t';
}

static csn_span
trim(csn_span text)
{
    while (text.len > 0 && is_blank(text.ptr[0]))
        text = (csn_span){ text.ptr + 1, text.len - 1 };
    while (text.len > 0 && is_blank(text.ptr[text.len - 1]))
        text.len--;
    return text;
}

/* X-Forwarded-For: addresses joined by commas; empty ones do not count. */
static void
read_x_forwarded_for(csn_span line, hops *out)
{
    while (line.len > 0) {
        const uint8_t *comma = memchr(line.ptr, ',', line.len);
        size_t len = comma != NULL ? (size_t)(comma - line.ptr) : line.len;
        csn_span node = trim((csn_span){ line.ptr, len });

        if (node.len > 0)
            hops_add(out, node);
        len += comma != NULL;
        line = (csn_span){ line.ptr + len, line.len - len };
    }
}

/* A line of Forwarded while it is read. */
typedef struct reader {
    const uint8_t *at;
    const uint8_t *end;
} reader;

static void
skip_blanks(reader *in)
{
    while (in->at < in->end && is_blank(*in->at))
        in->at++;
}

static bool
skip_octet(reader *in, uint8_t octet)
{
    if (in->at == in->end || *in->at != octet)
        return false;
    in->at++;
    return true;
}

/* Up to the next octet that separates; whether it is a token is not asked
 * here: a wrong address does not parse. */
static csn_span
read_word(reader *in)
{
    static const uint8_t marks[] = { '=', ';', ',', '"', ' ', '\t' };
    const uint8_t *start = in->at;

    while (in->at < in->end && memchr(marks, *in->at, sizeof(marks)) == NULL)
        in->at++;
    return (csn_span){ start, (size_t)(in->at - start) };
}

/* A quoted-string's text with its backslashes: no address has any. */
static bool
read_quoted(reader *in, csn_span *text)
{
    const uint8_t *start = in->at;

    while (in->at < in->end && *in->at != '"')
        in->at += *in->at == '\\' && in->at + 1 < in->end ? 2 : 1;
    *text = (csn_span){ start, (size_t)(in->at - start) };
    return skip_octet(in, '"');
}

/* `name=value`; a `for` goes into `node`. */
static bool
read_pair(reader *in, csn_span *node, bool *has_node)
{
    csn_span name = read_word(in);
    csn_span value;

    if (!csn_is_token(name) || !skip_octet(in, '='))
        return false;
    if (skip_octet(in, '"')) {
        if (!read_quoted(in, &value))
            return false;
    } else {
        value = read_word(in);
        if (value.len == 0)
            return false;
    }
    if (!csn_name_equal(name, CSN_SPAN("for")))
        return true;
    if (*has_node)
        return false;
    *node = value;
    *has_node = true;
    return true;
}

/* Pairs joined by semicolons, up to a comma or the end. */
static bool
read_element(reader *in, hops *out)
{
    csn_span node = { NULL, 0 };
    bool has_node = false;
    bool is_empty = true;

    for (;;) {
        skip_blanks(in);
        if (in->at < in->end && *in->at != ';' && *in->at != ',') {
            is_empty = false;
            if (!read_pair(in, &node, &has_node))
                return false;
            skip_blanks(in);
        }
        if (skip_octet(in, ';'))
            continue;
        if (in->at < in->end && *in->at != ',')
            return false;
        if (!is_empty)
            hops_add(out, node);
        return true;
    }
}

static bool
read_forwarded(csn_span line, hops *out)
{
    reader in = { line.ptr, line.ptr + line.len };

    while (in.at < in.end) {
        if (!read_element(&in, out))
            return false;
        (void)skip_octet(&in, ',');
    }
    return true;
}

/* What following one line came to. */
typedef enum step {
    STEP_ON,    /* every hop of it is trusted */
    STEP_FOUND, /* one was not */
    STEP_LOST   /* one names no address */
} step;

static step
follow_line(const csn_gw_settings *settings, csn_span line,
    uint8_t address[16], size_t *seen)
{
    hops found = { .count = 0 };

    if (settings->source == CSN_GW_SOURCE_X_FORWARDED_FOR)
        read_x_forwarded_for(line, &found);
    else if (!read_forwarded(line, &found))
        return STEP_LOST;
    for (size_t i = found.count; i > 0; i--) {
        if (found.count - i == CSN_GW_MAX_HOPS)
            return STEP_LOST;
        if (!csn_gw_node_parse(found.nodes[(i - 1) % CSN_GW_MAX_HOPS],
                address))
            return STEP_LOST;
        (*seen)++;
        if (!csn_gw_source_trusts(settings, address))
            return STEP_FOUND;
    }
    return STEP_ON;
}

csn_gw_from
csn_gw_source_follow(const csn_gw_settings *settings, const csn_span *lines,
    size_t count, uint8_t address[16])
{
    uint8_t result[16];
    size_t seen = 0;
    step last = STEP_ON;

    if (!csn_gw_source_trusts(settings, address))
        return count > 0 ? CSN_GW_FROM_IGNORED : CSN_GW_FROM_PEER;
    if (count > CSN_GW_MAX_HOPS)
        return CSN_GW_FROM_UNUSABLE;
    for (size_t i = count; i > 0 && last == STEP_ON; i--)
        last = follow_line(settings, lines[i - 1], result, &seen);
    if (last == STEP_LOST || seen == 0)
        return CSN_GW_FROM_UNUSABLE;
    memcpy(address, result, sizeof(result));
    return CSN_GW_FROM_CARRIED;
}
