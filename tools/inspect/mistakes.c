// SPDX-License-Identifier: MIT
#include "mistakes.h"
#include "vary.h"

#include <string.h>

/* In the order they are tried: the better known ones first. */
#define ROW(name, of, function, sentence)                                     \
    {                                                                         \
        name, sentence, INSPECT_OF_##of, inspect_vary_##function, false       \
    }

static const inspect_mistake table[] = {
    { "session-key-rebuilt",
        "the session key was made anew from this request's nonce and cnonce; "
        "RFC 7616, 3.4.2 keeps that of the first request",
        INSPECT_OF_BOTH, inspect_vary_session_rebuilt, true },
    ROW("sha-512-cut", BOTH, sha_512_cut,
        "SHA-512 cut to 256 bits; SHA-512/256 has initial values of its own "
        "(FIPS 180-4), and the print of RFC 7616, 3.9.2 is wrong here"),
    ROW("sha-256-used", BOTH, sha_256,
        "SHA-256 under another algorithm's name"),
    ROW("md5-used", BOTH, md5, "MD5 under another algorithm's name"),
    ROW("sha-512-256-used", BOTH, sha_512_256,
        "SHA-512/256 under another algorithm's name"),
    ROW("method-in-rspauth", RSPAUTH, method_left,
        "the method was left in A2: this is the client's own response, sent "
        "back (reflection)"),
    ROW("a2-without-colon", RSPAUTH, a2_no_colon,
        "A2 without its leading colon"),
    ROW("a2-two-colons", RSPAUTH, a2_two_colons,
        "A2 with two colons before the uri"),
    ROW("counts-left-out", BOTH, no_counts,
        "nc, cnonce and qop were left out, as RFC 2069 had it"),
    ROW("counts-partly-left-out", BOTH, some_counts,
        "some of nc, cnonce and qop were left out"),
    ROW("cut-after-nonce", BOTH, cut_after_nonce,
        "nothing behind the nonce was hashed"),
    ROW("counts-hashed", BOTH, counts_added,
        "nc, cnonce and qop were hashed, but no qop was sent"),
    ROW("session-key-missing", BOTH, no_session,
        "H(A1) was used in place of the session key of a -sess algorithm"),
    ROW("session-key-unasked", BOTH, session_added,
        "a session key was made, but the algorithm has no -sess"),
    ROW("session-key-old", BOTH, session_kept,
        "the session key is that of another challenge or cnonce"),
    ROW("raw-hash", BOTH, raw_hash,
        "an inner hash went in as raw octets, not as hex (RFC 2617, erratum "
        "1649)"),
    ROW("upper-case-hex", BOTH, upper_hex,
        "an inner hash went in as upper-case hex"),
    ROW("quotes-hashed", BOTH, quotes,
        "values were hashed with their quotation marks"),
    ROW("escapes-hashed", BOTH, escapes_left,
        "values were hashed with their backslashes"),
    ROW("escapes-twice", BOTH, escapes_twice,
        "values were escaped twice when sent, or unescaped twice when "
        "hashed"),
    ROW("uri-without-query", BOTH, no_query,
        "query or fragment of the uri were left out"),
    ROW("target-hashed", BOTH, target_hashed,
        "the request-target was hashed, not the uri that was sent"),
    ROW("uri-in-other-form", BOTH, uri_form,
        "another form of the uri was hashed (absolute, path alone, decoded, "
        "or lower case)"),
    ROW("method-missing", RESPONSE, method_missing,
        "no method in A2: this is a server's rspauth"),
    ROW("other-method", RESPONSE, other_method, "another method was hashed"),
    ROW("nc-in-other-case", BOTH, nc_case,
        "the digits of nc were hashed in another case"),
    ROW("nc-as-number", BOTH, nc_form,
        "nc was hashed as a number in another form, not as the eight digits "
        "sent"),
    ROW("nc-of-other-request", BOTH, nc_count,
        "the count of another request was hashed"),
    ROW("content-missing", BOTH, no_content,
        "qop is auth-int, but no hash of the content is in A2"),
    ROW("content-empty", BOTH, empty_content,
        "qop is auth-int, but empty content was hashed"),
    ROW("content-unasked", BOTH, content_added,
        "content was hashed, but qop is not auth-int"),
    ROW("content-of-other-side", BOTH, content_of_other,
        "the content of the other message of the exchange was hashed"),
    ROW("content-line-ends", BOTH, content_ends,
        "the content was hashed with other line ends than shown here"),
    ROW("other-qop", BOTH, other_qop, "another qop was hashed than was sent"),
    ROW("nonce-of-other-challenge", BOTH, other_nonce,
        "another nonce of this conversation was hashed"),
    ROW("cnonce-of-other-request", BOTH, other_cnonce,
        "another cnonce was hashed than was sent"),
    ROW("realm-in-other-case", BOTH, realm_case,
        "the realm was hashed in another case"),
    ROW("other-realm", BOTH, other_realm,
        "another realm was hashed than was sent"),
    ROW("user-in-other-case", BOTH, user_case,
        "the user's name was hashed in another case"),
    ROW("hashed-user-in-a1", BOTH, hashed_user,
        "the user's name was hashed in the form it travels in, not as it is"),
    ROW("user-without-domain", BOTH, user_domain,
        "the user's name was hashed without its domain"),
    { "spaces-mapped",
        "the password's spaces were hashed as U+0020, as RFC 8265's "
        "OpaqueString has it; RFC 7616, 4 asks for NFC alone",
        INSPECT_OF_BOTH, inspect_vary_spaces, true },
    ROW("not-normalized", BOTH, nfd,
        "user or password were hashed in another normalization form than "
        "NFC"),
    ROW("latin-1", BOTH, latin_1,
        "user or password were hashed in ISO-8859-1, not in UTF-8"),
    ROW("utf-8-twice", BOTH, utf_8_twice,
        "user or password were put into UTF-8 twice"),
    ROW("password-end", BOTH, password_end,
        "a line end, blank or NUL was taken for the password's last "
        "character"),
    ROW("password-missing", BOTH, no_password, "an empty password was hashed"),
    ROW("login-of-other-layer", BOTH, other_layer,
        "the login of the other layer was used (proxy and origin swapped)"),
};

enum {
    ROWS = sizeof(table) / sizeof(table[0]),
    MAX_VARIANTS = 256,
    PAIRED = 8, /* of a row's variants, the first are tried in pairs */
    /* Hashes of one inspection, before pairs and before all are left out. */
    MAX_HASHES_OF_PAIRS = 500000,
    MAX_HASHES = 5000000
};

/* A row and one of its variants. */
typedef struct variant {
    const inspect_mistake *row;
    unsigned n;
} variant;

typedef struct search {
    inspect_case in; /* its pool is emptied before each try */
    csn_pool *pool;
    const inspect_values *right;
    csn_span sent;
    variant variants[MAX_VARIANTS];
    size_t count;
} search;

static bool
hits(const inspect_case *in, const inspect_values *values, csn_span sent)
{
    inspect_hex hex;

    return inspect_compute(in->hasher, values, &hex) &&
        csn_name_equal(inspect_hex_span(&hex), sent);
}

static inspect_cause
cause_of(const search *s, const inspect_values *values,
    const inspect_mistake *first, const inspect_mistake *second)
{
    const csn_span none = { NULL, 0 };
    inspect_cause cause = { first, second, none };

    if (!s->in.is_rspauth && !csn_text_same(values->method, s->in.method))
        cause.method = csn_pool_join(s->pool, values->method, none, none,
            none);
    return cause;
}

/* Try each variant alone; those that change something are gathered. */
static bool
try_singles(search *s, inspect_cause *cause)
{
    const unsigned of = s->in.is_rspauth ? INSPECT_OF_RSPAUTH
                                         : INSPECT_OF_RESPONSE;

    for (size_t i = 0; i < ROWS; i++) {
        inspect_try result = INSPECT_TRY_IT;

        if ((table[i].of & of) == 0)
            continue;
        for (unsigned n = 0; result != INSPECT_TRY_END; n++) {
            inspect_values values = *s->right;

            csn_pool_reset(s->in.pool);
            result = table[i].vary(&s->in, n, &values);
            if (result != INSPECT_TRY_IT)
                continue;
            if (n < PAIRED && s->count < MAX_VARIANTS)
                s->variants[s->count++] = (variant){ &table[i], n };
            if (hits(&s->in, &values, s->sent)) {
                *cause = cause_of(s, &values, &table[i], NULL);
                return true;
            }
        }
    }
    return false;
}

static bool
try_pair(search *s, const variant *a, const variant *b, inspect_cause *cause)
{
    inspect_values values = *s->right;

    csn_pool_reset(s->in.pool);
    if (a->row == b->row || s->in.hasher->count > MAX_HASHES_OF_PAIRS ||
        a->row->vary(&s->in, a->n, &values) != INSPECT_TRY_IT ||
        b->row->vary(&s->in, b->n, &values) != INSPECT_TRY_IT ||
        !hits(&s->in, &values, s->sent))
        return false;
    *cause = cause_of(s, &values, a->row, b->row);
    return true;
}

static bool
try_pairs(search *s, inspect_cause *cause)
{
    for (size_t i = 0; i < s->count; i++) {
        for (size_t j = i + 1; j < s->count; j++) {
            if (try_pair(s, &s->variants[i], &s->variants[j], cause))
                return true;
        }
    }
    return false;
}

inspect_cause
inspect_find_cause(const inspect_case *in, const inspect_values *right,
    csn_span sent)
{
    csn_pool scratch = { NULL };
    search s = { .in = *in, .pool = in->pool, .right = right, .sent = sent };
    inspect_cause cause = { NULL, NULL, { NULL, 0 } };

    s.in.pool = &scratch;
    if (in->hasher->count <= MAX_HASHES && !try_singles(&s, &cause))
        (void)try_pairs(&s, &cause);
    csn_pool_free(&scratch);
    return cause;
}
