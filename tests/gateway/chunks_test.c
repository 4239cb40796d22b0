// SPDX-License-Identifier: MIT

/* Chunked message bodies, taken apart in pieces of every length. */

#include "check.h"

#include "content/content.h"

typedef struct row {
    const char *name;
    csn_span body;
    csn_span content; /* as far as it comes */
    csn_gw_chunk_state state;
    size_t rest; /* octets behind the end */
} row;

#define END CSN_GW_CHUNK_END
#define BAD CSN_GW_CHUNK_BAD

static const row rows[] = {
    { "nothing", CSN_LIT("0\r\n\r\n"), CSN_LIT(""), END, 0 },
    { "zeros", CSN_LIT("000\r\n\r\n"), CSN_LIT(""), END, 0 },
    { "C-53 one chunk", CSN_LIT("5\r\nhello\r\n0\r\n\r\n"), CSN_LIT("hello"),
        END, 0 },
    { "C-53 two chunks", CSN_LIT("1\r\nh\r\n4\r\nello\r\n0\r\n\r\n"),
        CSN_LIT("hello"), END, 0 },
    { "C-53 hex of either case",
        CSN_LIT("a\r\n0123456789\r\nB\r\n0123456789a\r\n0\r\n\r\n"),
        CSN_LIT("01234567890123456789a"), END, 0 },
    { "C-53 line ends in content", CSN_LIT("7\r\n\r\n0\r\n\r\n\r\n0\r\n\r\n"),
        CSN_LIT("\r\n0\r\n\r\n"), END, 0 },
    { "C-53 leading zeros", CSN_LIT("0005\r\nhello\r\n0\r\n\r\n"),
        CSN_LIT("hello"), END, 0 },
    { "C-54 extensions", CSN_LIT("5;a=b;c=\"d;e\"\r\nhello\r\n0;x\r\n\r\n"),
        CSN_LIT("hello"), END, 0 },
    { "C-54 blanks before extensions", CSN_LIT("5 \t;a\r\nhello\r\n0\r\n\r\n"),
        CSN_LIT("hello"), END, 0 },
    { "C-54 trailers", CSN_LIT("1\r\nh\r\n0\r\nA: b\r\nC: d\r\n\r\n"),
        CSN_LIT("h"), END, 0 },
    { "more behind", CSN_LIT("0\r\n\r\nGET /"), CSN_LIT(""), END, 5 },
    { "empty line first", CSN_LIT("\r\n"), CSN_LIT(""), BAD, 1 },
    { "no hex", CSN_LIT("g\r\n"), CSN_LIT(""), BAD, 2 },
    { "sign", CSN_LIT("+5\r\nhello"), CSN_LIT(""), BAD, 8 },
    { "blank first", CSN_LIT(" 5\r\nhello"), CSN_LIT(""), BAD, 8 },
    { "0x", CSN_LIT("0x5\r\nhello"), CSN_LIT(""), BAD, 8 },
    { "line feed alone", CSN_LIT("5\nhello"), CSN_LIT(""), BAD, 5 },
    { "line feed in an extension", CSN_LIT("5;a\nhello"), CSN_LIT(""), BAD,
        5 },
    { "line feed alone in a trailer", CSN_LIT("0\r\nA: b\n\r\n"), CSN_LIT(""),
        BAD, 2 },
    { "carriage return alone", CSN_LIT("5\rhello"), CSN_LIT(""), BAD, 4 },
    { "carriage return alone behind content", CSN_LIT("1\r\nh\r0\r\n\r\n"),
        CSN_LIT("h"), BAD, 4 },
    { "content too long", CSN_LIT("5\r\nhelloX\r\n0\r\n\r\n"),
        CSN_LIT("hello"), BAD, 7 },
    { "last chunk badly ended", CSN_LIT("0\r\n\rx"), CSN_LIT(""), BAD, 0 },
    { "fifteen digits", CSN_LIT("fffffffffffffff\r\nhello"), CSN_LIT("hello"),
        CSN_GW_CHUNK_DATA, 0 },
    { "sixteen digits", CSN_LIT("0000000000000005\r\nhello"), CSN_LIT(""), BAD,
        7 },
    { "C-57 cut in a size", CSN_LIT("5"), CSN_LIT(""), CSN_GW_CHUNK_SIZE, 0 },
    { "C-57 cut in content", CSN_LIT("5\r\nhel"), CSN_LIT("hel"),
        CSN_GW_CHUNK_DATA, 0 },
    { "C-57 cut behind content", CSN_LIT("5\r\nhello"), CSN_LIT("hello"),
        CSN_GW_CHUNK_DATA_CR, 0 },
    { "C-57 cut before the last line", CSN_LIT("0\r\n"), CSN_LIT(""),
        CSN_GW_CHUNK_TRAILER, 0 },
    { "C-57 cut in a trailer", CSN_LIT("0\r\nA: b\r\n"), CSN_LIT(""),
        CSN_GW_CHUNK_TRAILER, 0 },
};

/* Feed `body` in pieces of `step` octets; what is left over is returned. */
static size_t
feed(csn_gw_chunks *chunks, csn_span body, size_t step, csn_writer *out)
{
    size_t at = 0;

    while (at < body.len) {
        size_t len = body.len - at < step ? body.len - at : step;
        csn_span piece = check_exact((csn_span){ body.ptr + at, len });
        csn_span rest = piece;
        csn_span data;

        while ((data = csn_gw_chunks_next(chunks, &rest)).len > 0) {
            memcpy(out->buf + out->len, data.ptr, data.len);
            out->len += data.len;
        }
        at += len - rest.len;
        check_drop(piece);
        if (rest.len > 0)
            break;
        if (chunks->state == END || chunks->state == BAD)
            break;
    }
    return body.len - at;
}

static void
test_row(void **state)
{
    const row *r = *state;

    for (size_t step = 1; step <= r->body.len; step++) {
        csn_gw_chunks chunks = { .state = CSN_GW_CHUNK_SIZE };
        uint8_t room[128];
        csn_writer out = csn_writer_init(room, sizeof(room));

        CHECK_EQ(r->name, feed(&chunks, r->body, step, &out), r->rest);
        CHECK_EQ(r->name, chunks.state, r->state);
        CHECK_SPAN(r->name, csn_writer_span(&out), r->content);
    }
}

/* H-25: no line, and no trailer, is endless. */
static void
test_endless(void **state)
{
    static const char *const starts[] = { "1;", "0\r\n", "0\r\nA: b\r\n",
        "1\r\nh\r\n0;" };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(starts); i++) {
        csn_gw_chunks chunks = { .state = CSN_GW_CHUNK_SIZE };
        csn_span start = check_text(starts[i]);
        csn_span more = CSN_LIT("x");
        size_t count = 0;

        while (csn_gw_chunks_next(&chunks, &start).len > 0) {
        }
        while (chunks.state != BAD && count < 100000) {
            csn_span octet = more;

            (void)csn_gw_chunks_next(&chunks, &octet);
            count++;
        }
        CHECK_EQ(starts[i], chunks.state, BAD);
        CHECK_EQ(starts[i], count > 8000 && count < 20000, true);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(test_endless, NULL),
    };
    int failed = CHECK_ROWS("chunks", rows, test_row);

    return failed +
        cmocka_run_group_tests_name("chunks: bounds", tests, NULL, NULL);
}
