// SPDX-License-Identifier: MIT
#include "digest/params.h"

#include "core/ascii.h"
#include "core/compiler.h"
#include "core/hex.h"
#include "core/span.h"
#include "core/writer.h"
#include "http/cursor.h"

#include <stddef.h>

#define SLOT(fields, type, main, aux)                                         \
    {                                                                         \
        CSN_PARAM_##type, offsetof(csn_digest_##fields, main),                \
            offsetof(csn_digest_##fields, aux)                                \
    }
#define CHALLENGE(type, main, aux)                                            \
    [CSN_FIELD_CHALLENGES] = SLOT(challenge, type, main, aux)
#define CREDENTIALS(type, main, aux)                                          \
    [CSN_FIELD_CREDENTIALS] = SLOT(credentials, type, main, aux)
#define INFO(type, main, aux) [CSN_FIELD_INFO] = SLOT(info, type, main, aux)

/*
 * RFC 7616, 3.3 to 3.5. `realm*` is not among them on purpose.
 *
 * A name's first and last letter and its length say where its row is; no two
 * names here have the same place, or the compiler would say so.
 */
enum { PLACES = 32 };
#define PLACE(first, last, len)                                               \
    ((2u * (first) + 2u * (last) + 3u * (len)) % PLACES)

static const csn_param rows[PLACES] = {
    [PLACE('n', 'c', 2)] = { CSN_LIT("nc"), CSN_MAX_VALUE,
        { CREDENTIALS(NC, nc, count), INFO(NC, nc, count) } },

    [PLACE('q', 'p', 3)] = { CSN_LIT("qop"), CSN_MAX_VALUE,
        { CHALLENGE(QOP_LIST, qops, has_qop), CREDENTIALS(QOP, qop, qop_known),
            INFO(QOP, qop, qop_known) } },
    [PLACE('u', 'i', 3)] = { CSN_LIT("uri"), CSN_MAX_VALUE,
        { CREDENTIALS(TEXT, uri, uri) } },

    [PLACE('n', 'e', 5)] = { CSN_LIT("nonce"), CSN_MAX_NONCE,
        { CHALLENGE(TEXT, nonce, nonce), CREDENTIALS(TEXT, nonce, nonce) } },
    [PLACE('r', 'm', 5)] = { CSN_LIT("realm"), CSN_MAX_VALUE,
        { CHALLENGE(TEXT, realm, realm), CREDENTIALS(TEXT, realm, realm) } },
    [PLACE('s', 'e', 5)] = { CSN_LIT("stale"), CSN_MAX_VALUE,
        { CHALLENGE(TRUE, stale, stale) } },

    [PLACE('c', 'e', 6)] = { CSN_LIT("cnonce"), CSN_MAX_CNONCE,
        { CREDENTIALS(TEXT, cnonce, cnonce), INFO(TEXT, cnonce, cnonce) } },
    [PLACE('d', 'n', 6)] = { CSN_LIT("domain"), CSN_MAX_VALUE,
        { CHALLENGE(TEXT, domain, domain) } },
    [PLACE('o', 'e', 6)] = { CSN_LIT("opaque"), CSN_MAX_VALUE,
        { CHALLENGE(TEXT, opaque, opaque),
            CREDENTIALS(TEXT, opaque, opaque) } },

    [PLACE('c', 't', 7)] = { CSN_LIT("charset"), CSN_MAX_VALUE,
        { CHALLENGE(UTF8, utf8, utf8) } },
    [PLACE('r', 'h', 7)] = { CSN_LIT("rspauth"), CSN_MAX_VALUE,
        { INFO(HEX, rspauth, rspauth) } },

    /* Its length depends on the algorithm: credentials.c. */
    [PLACE('r', 'e', 8)] = { CSN_LIT("response"), CSN_MAX_VALUE,
        { CREDENTIALS(TEXT, response, response) } },
    [PLACE('u', 'h', 8)] = { CSN_LIT("userhash"), CSN_MAX_VALUE,
        { CHALLENGE(TRUE, userhash, userhash),
            CREDENTIALS(TRUE, userhash, userhash) } },
    [PLACE('u', 'e', 8)] = { CSN_LIT("username"), CSN_MAX_USER,
        { CREDENTIALS(TEXT, username, username) } },

    [PLACE('a', 'm', 9)] = { CSN_LIT("algorithm"), CSN_MAX_VALUE,
        { CHALLENGE(ALGORITHM, algorithm, has_algorithm),
            CREDENTIALS(ALGORITHM, algorithm, has_algorithm) } },
    [PLACE('n', 'e', 9)] = { CSN_LIT("nextnonce"), CSN_MAX_NONCE,
        { INFO(TEXT, nextnonce, nextnonce) } },
    [PLACE('u', '*', 9)] = { CSN_LIT("username*"), CSN_MAX_VALUE,
        { CREDENTIALS(TEXT, username_ext, username_ext) } },
};

static CSN_INLINE const csn_param *
find(csn_span name)
{
    const csn_param *row;

    if (name.len == 0)
        return NULL;
    row = &rows[PLACE(csn_ascii_lower(name.ptr[0]),
        csn_ascii_lower(name.ptr[name.len - 1]), name.len)];
    return csn_span_equal_nocase(name, row->name) ? row : NULL;
}

const csn_param *
csn_param_find(csn_span name)
{
    return find(name);
}

size_t
csn_value_len(const csn_value *value)
{
    size_t len = value->text.len;

    if (!value->escaped)
        return len;
    for (size_t i = 0; i < value->text.len; i++) {
        if (value->text.ptr[i] == '\\') {
            i++;
            len--;
        }
    }
    return len;
}

/*
 * The unescaped form of a value that is one of a few words or hex digits:
 * in `buf` if there are escapes. One that does not fit comes back as it is,
 * and its backslashes keep it from being taken for any of those.
 */
enum { WORD_SIZE = CSN_MAX_DIGEST_HEX };

static csn_span
word(const csn_value *value, uint8_t buf[WORD_SIZE])
{
    csn_writer out = csn_writer_init(buf, WORD_SIZE);

    if (!value->escaped)
        return value->text;
    csn_value_unescape(value, &out);
    return out.overflow ? value->text : csn_writer_span(&out);
}

static bool
is_word(const csn_value *value, csn_span want)
{
    uint8_t buf[WORD_SIZE];

    return csn_span_equal_nocase(word(value, buf), want);
}

bool
csn_value_is_hex(const csn_value *value, size_t digits)
{
    uint8_t buf[WORD_SIZE];
    csn_span text = word(value, buf);

    return text.len == digits && csn_is_hex(text);
}

static const struct {
    unsigned qop;
    csn_span name;
} qops[] = {
    { CSN_QOP_AUTH, CSN_LIT("auth") },
    { CSN_QOP_AUTH_INT, CSN_LIT("auth-int") },
};

enum { QOPS = sizeof(qops) / sizeof(qops[0]) };

static unsigned
find_qop(csn_span name)
{
    for (size_t i = 0; i < QOPS; i++) {
        if (csn_span_equal_nocase(name, qops[i].name))
            return qops[i].qop;
    }
    return CSN_QOP_NONE;
}

csn_span
csn_qop_name(unsigned qop)
{
    for (size_t i = 0; i < QOPS; i++) {
        if (qops[i].qop == qop)
            return qops[i].name;
    }
    return (csn_span){ NULL, 0 };
}

/* One member of a qop list as it is gathered. */
typedef struct member {
    uint8_t text[8]; /* as long as the longest known name */
    size_t len;
    bool closed;  /* a blank was behind it */
    bool unknown; /* too long, or two words */
} member;

static void
member_add(member *m, uint8_t octet)
{
    if (csn_ascii_is(octet, CSN_CLASS_BLANK))
        m->closed = m->len > 0;
    else if (m->closed || m->len == sizeof(m->text))
        m->unknown = true;
    else
        m->text[m->len++] = octet;
}

/* empty elements and unknown members are dropped. */
static unsigned
read_qop_list(const csn_value *value)
{
    const uint8_t *text = value->text.ptr;
    unsigned found = CSN_QOP_NONE;
    member m = { .len = 0 };

    for (size_t i = 0; i <= value->text.len; i++) {
        if (i < value->text.len && text[i] == '\\')
            i++;
        if (i < value->text.len && text[i] != ',') {
            member_add(&m, text[i]);
        } else {
            if (!m.unknown)
                found |= find_qop((csn_span){ m.text, m.len });
            m = (member){ .len = 0 };
        }
    }
    return found;
}

/* What `type` makes of a value; `main` and `aux` as csn_param_type says. */
typedef csn_status (*setter)(const csn_value *value, void *main, void *aux);

static csn_status
set_text(const csn_value *value, void *main, void *aux)
{
    (void)aux;
    *(csn_value *)main = *value;
    return CSN_OK;
}

static csn_status
set_hex(const csn_value *value, void *main, void *aux)
{
    size_t len = csn_value_len(value);

    if (len != 32 && len != 64)
        return CSN_E_LENGTH;
    if (!csn_value_is_hex(value, len))
        return CSN_E_SYNTAX;
    return set_text(value, main, aux);
}

static csn_status
set_nc(const csn_value *value, void *main, void *aux)
{
    uint8_t buf[WORD_SIZE];
    csn_status status = csn_nc_parse(word(value, buf), aux);

    if (status != CSN_OK)
        return status == CSN_E_RANGE ? CSN_E_RANGE : CSN_E_SYNTAX;
    return set_text(value, main, aux);
}

static csn_status
set_qop(const csn_value *value, void *main, void *aux)
{
    uint8_t buf[WORD_SIZE];
    csn_span qop = word(value, buf);

    if (value->quoted && !csn_is_token(qop))
        return CSN_E_SYNTAX;
    *(unsigned *)aux = find_qop(qop);
    return set_text(value, main, aux);
}

static csn_status
set_qop_list(const csn_value *value, void *main, void *aux)
{
    *(unsigned *)main = read_qop_list(value);
    *(bool *)aux = true;
    return CSN_OK;
}

static csn_status
set_algorithm(const csn_value *value, void *main, void *aux)
{
    uint8_t buf[WORD_SIZE];

    *(csn_algorithm *)main = csn_algorithm_find(word(value, buf));
    *(bool *)aux = true;
    return CSN_OK;
}

static csn_status
set_true(const csn_value *value, void *main, void *aux)
{
    (void)aux;
    *(bool *)main = is_word(value, CSN_SPAN("true"));
    return CSN_OK;
}

static csn_status
set_utf8(const csn_value *value, void *main, void *aux)
{
    (void)aux;
    *(bool *)main = is_word(value, CSN_SPAN("UTF-8"));
    return CSN_OK;
}

static const setter setters[CSN_PARAM_TYPES] = {
    [CSN_PARAM_TEXT] = set_text,
    [CSN_PARAM_HEX] = set_hex,
    [CSN_PARAM_NC] = set_nc,
    [CSN_PARAM_QOP] = set_qop,
    [CSN_PARAM_QOP_LIST] = set_qop_list,
    [CSN_PARAM_ALGORITHM] = set_algorithm,
    [CSN_PARAM_TRUE] = set_true,
    [CSN_PARAM_UTF8] = set_utf8,
};

/* Unescaping makes a value no longer: most need not be measured. */
static bool
is_too_long(const csn_value *value, size_t limit)
{
    return value->text.len > limit && csn_value_len(value) > limit;
}

static csn_status
set(const csn_field_event *event, csn_field_kind kind, void *fields)
{
    const csn_param *row = find(event->name);
    unsigned char *base = fields;
    const csn_param_slot *slot;

    if (row == NULL || row->in[kind].type == CSN_PARAM_IGNORED)
        return CSN_OK;
    slot = &row->in[kind];
    if (is_too_long(&event->value, row->limit))
        return CSN_E_LIMIT;
    return setters[slot->type](&event->value, base + slot->main,
        base + slot->aux);
}

csn_status
csn_params_read(csn_field_cursor *cursor, csn_field_kind kind, void *fields)
{
    csn_field_event event;
    csn_status status;

    while ((status = csn_field_next_param(cursor, &event)) == CSN_OK) {
        status = set(&event, kind, fields);
        if (status != CSN_OK)
            return csn_field_fail(cursor, status, event.value.text.ptr);
    }
    return status == CSN_END ? CSN_OK : status;
}
