// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <unistd.h>

#include "check.h"
#include "content.h"
#include "decode.h"
#include "spool.h"

/* Contents on their way: hashed twice, held, unpacked. */

/* A program's content, which can change under the adapter's feet. */
struct source {
    const char *text;
    size_t len;
    size_t at;
    size_t piece; /* most octets of one read */
    unsigned rewinds;
    bool stuck;     /* rewind fails */
    size_t strange; /* what read returns instead, once it is not 0 */
};

static size_t
read_source(char *out, size_t size, size_t count, void *userp)
{
    struct source *source = userp;
    size_t len = source->len - source->at;

    if (source->strange != 0)
        return source->strange;
    if (len > size * count)
        len = size * count;
    if (len > source->piece)
        len = source->piece;
    memcpy(out, source->text + source->at, len);
    source->at += len;
    return len;
}

static int
rewind_source(void *userp)
{
    struct source *source = userp;

    source->at = 0;
    source->rewinds++;
    return source->stuck;
}

static curl_content
content_of(struct source *source, csn_curl_body body)
{
    csn_curl_request request = { .body = body,
        .read = read_source,
        .read_data = source,
        .rewind = rewind_source };
    curl_content content;

    csn_curl_content_init(&content, &request);
    return content;
}

static void
check_hash(const char *name, curl_content *content, csn_hash hash,
    csn_span text)
{
    const csn_crypto *crypto = csn_crypto_openssl();
    uint8_t want[CSN_MAX_DIGEST];
    size_t size = csn_hash_size(hash);

    assert_null(csn_curl_content_digest(content, hash));
    CHECK_EQ(name, csn_curl_content_hash(content, crypto, hash), CSN_OK);
    CHECK_EQ(name, crypto->digest(hash, &text, 1, want), CSN_OK);
    assert_non_null(csn_curl_content_digest(content, hash));
    CHECK_SPAN(name,
        ((csn_span){ csn_curl_content_digest(content, hash), size }),
        ((csn_span){ want, size }));
}

static void
contents_are_hashed(void **state)
{
    struct source source = { "to=Mufasa", 9, 0, 4, 0, false, 0 };
    curl_content content = content_of(&source, CSN_CURL_BODY_REPEAT);
    curl_content none = content_of(&source, CSN_CURL_BODY_NONE);

    (void)state;
    check_hash("C-15 first", &content, CSN_HASH_SHA_256,
        check_text("to=Mufasa"));
    CHECK_EQ("C-15 from its start again", source.at, 0);
    check_hash("C-15 another hash", &content, CSN_HASH_SHA_512_256,
        check_text("to=Mufasa"));
    CHECK_EQ("C-15 once for each", source.rewinds, 2);
    CHECK_EQ("C-15 known",
        csn_curl_content_hash(&content, csn_crypto_openssl(),
            CSN_HASH_SHA_256),
        CSN_OK);
    CHECK_EQ("C-15 and not read again", source.rewinds, 2);
    csn_curl_content_drop(&content);
    check_hash("C-55 dropped", &content, CSN_HASH_SHA_256, check_text(""));
    check_hash("C-55 none", &none, CSN_HASH_MD5, check_text(""));
    csn_curl_content_free(&content);
}

static const struct unhashed_row {
    const char *name;
    csn_curl_body body;
    bool stuck;
    size_t strange;
    csn_status want;
} unhashed_rows[] = {
    { "C-21 of a pipe", CSN_CURL_BODY_ONCE, false, 0, CSN_E_MISSING },
    { "C-21 held by libcurl", CSN_CURL_BODY_LIBCURL, false, 0, CSN_E_MISSING },
    { "C-21 given up", CSN_CURL_BODY_REPEAT, false, CURL_READFUNC_ABORT,
        CSN_E_STORE },
    { "C-21 paused", CSN_CURL_BODY_REPEAT, false, CURL_READFUNC_PAUSE,
        CSN_E_STORE },
    { "C-21 rewind fails", CSN_CURL_BODY_REPEAT, true, 0, CSN_E_STORE },
};

static void
unhashed_row_test(void **state)
{
    const struct unhashed_row *row = *state;
    struct source source = { "abc", 3, 0, 2, 0, row->stuck, row->strange };
    curl_content content = content_of(&source, row->body);

    CHECK_EQ(row->name,
        csn_curl_content_hash(&content, csn_crypto_openssl(),
            CSN_HASH_SHA_256),
        row->want);
    assert_null(csn_curl_content_digest(&content, CSN_HASH_SHA_256));
    CHECK_EQ(row->name, content.failed, row->want == CSN_E_STORE);
    csn_curl_content_free(&content);
}

static const struct change_row {
    const char *name;
    const char *hashed;
    const char *sent;
    size_t passed; /* octets that go out, in pieces of 4 */
    bool changed;
} change_rows[] = {
    { "F-40 the same", "0123456789", "0123456789", 10, false },
    { "F-40 the same, to a piece", "01234567", "01234567", 8, false },
    { "F-40 empty", "", "", 0, false },
    { "F-40 last octet", "0123456789", "012345678?", 8, true },
    { "F-40 first octet", "0123456789", "?123456789", 8, true },
    { "F-40 longer", "0123456789", "0123456789a", 8, true },
    { "F-40 longer by a piece", "01234567", "0123456789", 8, true },
    { "F-40 longer than nothing", "", "0", 0, true },
    { "F-40 shorter", "0123456789", "012345678", 9, true },
    { "F-40 nothing left", "0123456789", "", 0, true },
};

static void
change_row_test(void **state)
{
    const struct change_row *row = *state;
    struct source source = { row->hashed, strlen(row->hashed), 0, 100, 0,
        false, 0 };
    curl_content content = content_of(&source, CSN_CURL_BODY_REPEAT);
    size_t passed;
    size_t got;

    CHECK_EQ(row->name,
        csn_curl_content_hash(&content, csn_crypto_openssl(),
            CSN_HASH_SHA_256),
        CSN_OK);
    /* Whatever came before, each sending is checked from its start. */
    for (unsigned round = 0; round < 2; round++) {
        char piece[4];

        source.text = row->sent;
        source.len = strlen(row->sent);
        passed = 0;
        assert_true(csn_curl_content_rewind(&content));
        while ((got = csn_curl_content_read(&content, piece, 1,
                    sizeof(piece))) != 0 &&
            got <= sizeof(piece))
            passed += got;
        CHECK_EQ(row->name, passed, row->passed);
        CHECK_EQ(row->name, got, row->changed ? CURL_READFUNC_ABORT : 0);
        CHECK_EQ(row->name, content.changed, row->changed);
    }
    csn_curl_content_free(&content);
}

/* One octet stands for its place, so that a mixed-up order shows. */
static uint8_t
octet_at(uint64_t at)
{
    return (uint8_t)(at ^ (at >> 8) ^ (at >> 16));
}

static const struct spool_row {
    const char *name;
    size_t size;
    size_t piece;
    bool in_file;
} spool_rows[] = {
    { "empty", 0, 1, false },
    { "one octet", 1, 1, false },
    { "F-24 memory to its bound", SPOOL_MEMORY, 4096, false },
    { "F-24 one octet more", SPOOL_MEMORY + 1, 4096, true },
    { "F-24 in one piece", SPOOL_MEMORY + 1, SPOOL_MEMORY + 1, true },
    { "F-24 odd pieces", 3 * SPOOL_MEMORY + 17, 10007, true },
};

static void
spool_row_test(void **state)
{
    const struct spool_row *row = *state;
    uint8_t *piece = calloc(1, row->piece);
    curl_spool spool = { 0 };
    uint64_t at = 0;
    size_t got;

    assert_non_null(piece);
    while (at < row->size) {
        size_t len = row->size - at < row->piece ? (size_t)(row->size - at)
                                                 : row->piece;

        for (size_t i = 0; i < len; i++)
            piece[i] = octet_at(at + i);
        CHECK_EQ(row->name, csn_curl_spool_add(&spool, piece, len), CSN_OK);
        at += len;
    }
    CHECK_EQ(row->name, spool.size, row->size);
    CHECK_EQ(row->name, spool.in_file, row->in_file);
    CHECK_EQ(row->name, spool.octets == NULL, row->in_file || row->size == 0);
    for (at = 0; at < row->size; at += got) {
        CHECK_EQ(row->name,
            csn_curl_spool_read(&spool, at, piece, row->piece, &got), CSN_OK);
        assert_in_range(got, 1, row->piece);
        for (size_t i = 0; i < got; i++)
            if (piece[i] != octet_at(at + i))
                fail_msg("%s: octet %zu", row->name, (size_t)at + i);
    }
    CHECK_EQ(row->name,
        csn_curl_spool_read(&spool, row->size, piece, row->piece, &got),
        CSN_OK);
    CHECK_EQ(row->name, got, 0);
    csn_curl_spool_free(&spool);
    CHECK_EQ(row->name, spool.size, 0);
    free(piece);
}

static void
spools_that_fail(void **state)
{
    static uint8_t octets[SPOOL_MEMORY + 1];
    curl_spool spool = { 0 };
    char octet;
    size_t got;

    (void)state;
    assert_int_equal(setenv("TMPDIR", "/no/such/folder", 1), 0);
    CHECK_EQ("F-24 no folder",
        csn_curl_spool_add(&spool, octets, sizeof(octets)), CSN_E_STORE);
    CHECK_EQ("F-24 nothing taken", spool.size, 0);
    unsetenv("TMPDIR");
    CHECK_EQ("F-24 then there is one",
        csn_curl_spool_add(&spool, octets, sizeof(octets)), CSN_OK);
    assert_int_equal(ftruncate(spool.fd, 10), 0);
    CHECK_EQ("F-24 what was kept is gone",
        csn_curl_spool_read(&spool, 10, &octet, 1, &got), CSN_E_STORE);
    csn_curl_spool_free(&spool);
}

/* "hello" as gzip packs it, without a time or a name. */
#define HELLO                                                                 \
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xcb\x48\xcd\xc9\xc9\x07\x00"    \
    "\x86\xa6\x10\x36\x05\x00\x00\x00"

static const struct decode_row {
    const char *name;
    const char *coding;
    csn_span text;
    csn_status want; /* of the octets */
    bool whole;
    const char *out; /* NULL: not looked at */
} decode_rows[] = {
    { "C-53 none", "", CSN_LIT("hello"), CSN_OK, true, "hello" },
    { "C-53 identity", "Identity", CSN_LIT("hello"), CSN_OK, true, "hello" },
    { "C-53 gzip", "gzip", CSN_LIT(HELLO), CSN_OK, true, "hello" },
    { "C-53 any case", "X-GZip", CSN_LIT(HELLO), CSN_OK, true, "hello" },
    { "C-53 two members", "gzip", CSN_LIT(HELLO HELLO), CSN_OK, true,
        "hellohello" },
    { "C-53 nothing came", "gzip", CSN_LIT(""), CSN_OK, true, "" },
    { "C-53 cut", "gzip", CSN_LIT("\x1f\x8b\x08\x00\x00"), CSN_OK, false, "" },
    { "C-53 cut in the second member", "gzip", CSN_LIT(HELLO "\x1f\x8b"),
        CSN_OK, false, "hello" },
    { "C-53 no gzip", "gzip", CSN_LIT("hello"), CSN_E_SYNTAX, false, "" },
    { "C-53 more behind it", "gzip", CSN_LIT(HELLO "more"), CSN_E_SYNTAX,
        false, NULL },
    { "C-53 wrong sum", "gzip",
        CSN_LIT("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xcb\x48\xcd\xc9"
                "\xc9\x07\x00\x86\xa6\x10\x37\x05\x00\x00\x00"),
        CSN_E_SYNTAX, false, NULL },
    { "C-53 zlib is no gzip", "gzip", CSN_LIT("\x78\x9c\x03\x00"),
        CSN_E_SYNTAX, false, "" },
};

struct sink {
    char text[64];
    size_t len;
    bool closed;
};

static bool
take(void *userp, char *octets, size_t len)
{
    struct sink *sink = userp;

    if (sink->closed)
        return false;
    assert_in_range(len, 0, sizeof(sink->text) - sink->len);
    memcpy(sink->text + sink->len, octets, len);
    sink->len += len;
    return true;
}

static csn_status
feed(curl_decoder *decoder, csn_span text, size_t piece, struct sink *sink)
{
    csn_status status = CSN_OK;

    for (size_t at = 0; status == CSN_OK && at < text.len; at += piece) {
        size_t len = text.len - at < piece ? text.len - at : piece;
        csn_span exact = check_exact((csn_span){ text.ptr + at, len });

        status = csn_curl_decoder_feed(decoder, (char *)(uintptr_t)exact.ptr,
            len, take, sink);
        check_drop(exact);
    }
    return status;
}

static void
decode_row_test(void **state)
{
    const struct decode_row *row = *state;

    for (size_t piece = 1; piece <= row->text.len + 1; piece++) {
        curl_decoder decoder = { 0 };
        struct sink sink = { .len = 0 };

        CHECK_EQ(row->name,
            csn_curl_decoder_begin(&decoder, check_text(row->coding)), CSN_OK);
        CHECK_EQ(row->name, feed(&decoder, row->text, piece, &sink),
            row->want);
        if (row->want == CSN_OK)
            CHECK_EQ(row->name, csn_curl_decoder_is_whole(&decoder),
                row->whole);
        if (row->out != NULL)
            CHECK_SPAN(row->name,
                ((csn_span){ (uint8_t *)sink.text, sink.len }),
                check_text(row->out));
        csn_curl_decoder_free(&decoder);
    }
}

static void
decoders_refuse(void **state)
{
    static const char *const codings[] = { "br", "deflate", "gzip, gzip",
        "gzip;q=1", "gzi", "gzipp", " " };
    curl_decoder decoder = { 0 };
    struct sink sink = { .closed = true };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(codings); i++)
        CHECK_EQ(codings[i],
            csn_curl_decoder_begin(&decoder, check_text(codings[i])),
            CSN_E_UNSUPPORTED);
    CHECK_EQ("closed sink", feed(&decoder, check_text("x"), 1, &sink),
        CSN_E_STATE);
    CHECK_EQ("gzip", csn_curl_decoder_begin(&decoder, check_text("gzip")),
        CSN_OK);
    CHECK_EQ("closed sink of gzip",
        feed(&decoder, (csn_span)CSN_LIT(HELLO), 100, &sink), CSN_E_STATE);
    csn_curl_decoder_free(&decoder);
    csn_curl_decoder_free(&decoder);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        { "C-15 contents are hashed", contents_are_hashed, NULL, NULL, NULL },
        { "F-24 spools that fail", spools_that_fail, NULL, NULL, NULL },
        { "C-53 decoders refuse", decoders_refuse, NULL, NULL, NULL },
    };
    int failed = 0;

    failed += CHECK_ROWS("unhashed", unhashed_rows, unhashed_row_test);
    failed += CHECK_ROWS("changes", change_rows, change_row_test);
    failed += CHECK_ROWS("spools", spool_rows, spool_row_test);
    failed += CHECK_ROWS("decoding", decode_rows, decode_row_test);
    failed += cmocka_run_group_tests_name("contents", tests, NULL, NULL);
    return failed;
}
