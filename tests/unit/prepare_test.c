// SPDX-License-Identifier: MIT
/* Passwords, what a person types, NFC alone, and limits. */
#include "prepare_rig.h"

#include <countersign/limits.h>

static const prepare_row rows[] = {
    /* Passwords: C-42, C-43. */
    { "C-42 ASCII, colon and spaces", csn_prepare_password, CSN_LIT(" a:b  "),
        FINE, SAME },
    { "C-43 a no-break space", csn_prepare_password,
        CSN_LIT("a\xc2\xa0"
                "b"),
        FINE, CSN_LIT("a b") },
    { "C-43 an ideographic space", csn_prepare_password,
        CSN_LIT("\xe3\x80\x80"
                "a\xe3\x80\x80"),
        FINE, CSN_LIT(" a ") },
    { "C-43 all other spaces", csn_prepare_password,
        CSN_LIT("\xe1\x9a\x80\xe2\x80\x80\xe2\x80\x81\xe2\x80\x89\xe2\x80\x8a"
                "\xe2\x80\xaf\xe2\x81\x9f"),
        FINE, CSN_LIT("       ") },
    { "C-43 full width stays", csn_prepare_password,
        CSN_LIT("\xef\xbc\xa1\xef\xbd\xb6"), FINE, SAME },
    { "C-43 a letter and its mark", csn_prepare_password,
        CSN_LIT("pa\xcc\x88ss\xe2\x84\xab"), FINE,
        CSN_LIT("p\xc3\xa4ss\xc3\x85") },
    { "C-45 no case is changed", csn_prepare_password,
        CSN_LIT("\xce\xa3\xc4\xb0"), FINE, SAME },
    { "C-42 an emoji", csn_prepare_password,
        CSN_LIT("\xf0\x9f\x98\x80\xf0\x9f\x91\x8d\xf0\x9f\x8f\xbd"), FINE,
        SAME },
    { "C-42 symbols and punctuation", csn_prepare_password,
        CSN_LIT("\xe2\x82\xac\xe2\x98\x83\xc2\xab\xe2\x80\xa6\xc2\xbb"), FINE,
        SAME },
    { "C-42 a ligature and a superscript", csn_prepare_password,
        CSN_LIT("\xef\xac\x81\xc2\xb2\xe2\x85\xa3"), FINE, SAME },
    { "C-42 title case, other numbers, an enclosing mark",
        csn_prepare_password,
        CSN_LIT("\xe1\xbe\x88\xe1\x9b\xae\xe0\xaf\xb0"
                "a\xe2\x83\x9d"),
        FINE, SAME },
    { "C-42 both directions", csn_prepare_password,
        CSN_LIT("a\xd7\x90\xd9\xa1"), FINE, SAME },
    { "C-42 Han and Arabic", csn_prepare_password,
        CSN_LIT("\xe5\xaf\x86\xe7\xa0\x81\xd9\x83\xd9\x84\xd9\x85\xd8\xa9"),
        FINE, SAME },
    { "C-43 empty", csn_prepare_password, CSN_LIT(""), CSN_PREPARE_EMPTY,
        NONE },
    { "C-39 TAB", csn_prepare_password,
        CSN_LIT("a\x09"
                "b"),
        CSN_PREPARE_CONTROL, NONE },
    { "C-39 DEL", csn_prepare_password, CSN_LIT("\x7f"), CSN_PREPARE_CONTROL,
        NONE },
    { "C-43 not assigned", csn_prepare_password, CSN_LIT("\xcd\xb8"),
        CSN_PREPARE_UNASSIGNED, NONE },
    { "C-43 zero width", csn_prepare_password,
        CSN_LIT("a\xe2\x80\x8b"
                "b"),
        CSN_PREPARE_INVISIBLE, NONE },
    { "C-43 a variation selector", csn_prepare_password,
        CSN_LIT("\xe2\x9d\xa4\xef\xb8\x8f"), CSN_PREPARE_INVISIBLE, NONE },
    { "C-43 emoji joined", csn_prepare_password,
        CSN_LIT("\xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa9"),
        CSN_PREPARE_CONTEXT, NONE },
    { "C-43 a middle dot", csn_prepare_password,
        CSN_LIT("a\xc2\xb7"
                "b"),
        CSN_PREPARE_CONTEXT, NONE },
    { "C-43 old jamo", csn_prepare_password, CSN_LIT("\xe1\x84\x80"),
        CSN_PREPARE_OTHER, NONE },
    { "C-43 private use", csn_prepare_password, CSN_LIT("\xee\x80\x80"),
        CSN_PREPARE_OTHER, NONE },
    { "not UTF-8", csn_prepare_password, CSN_LIT("\x80"), CSN_PREPARE_NOT_UTF8,
        NONE },

    /* What a person types: what was enrolled, and NFC where no profile can. */
    { "C-40 typed apart", csn_prepare_typed_user, CSN_LIT("Ju\xcc\x88rgen"),
        FINE, CSN_LIT("J\xc3\xbcrgen") },
    { "C-40 full width", csn_prepare_typed_user,
        CSN_LIT("\xef\xbc\xa1\xef\xbc\xa2"), FINE, CSN_LIT("AB") },
    { "C-40 an emoji stays", csn_prepare_typed_user,
        CSN_LIT("\xf0\x9f\x98\x80"), FINE, SAME },
    { "C-40 with an emoji NFC and no more", csn_prepare_typed_user,
        CSN_LIT("\xef\xbc\xa1"
                "e\xcc\x81\xf0\x9f\x98\x80"),
        FINE, CSN_LIT("\xef\xbc\xa1\xc3\xa9\xf0\x9f\x98\x80") },
    { "C-40 a ligature stays", csn_prepare_typed_user, CSN_LIT("\xef\xac\x81"),
        FINE, SAME },
    { "C-40 not assigned", csn_prepare_typed_user, CSN_LIT("\xcd\xb8"), FINE,
        SAME },
    { "C-40 a space in front", csn_prepare_typed_user, CSN_LIT(" a"), FINE,
        SAME },
    { "C-45 another case is another name", csn_prepare_typed_user,
        CSN_LIT("MUFASA"), FINE, SAME },
    { "C-38 a colon", csn_prepare_typed_user, CSN_LIT("a:b"),
        CSN_PREPARE_COLON, NONE },
    { "C-38 a full-width colon is none at other servers",
        csn_prepare_typed_user,
        CSN_LIT("a\xef\xbc\x9a"
                "b"),
        FINE, SAME },
    { "C-39 a line end", csn_prepare_typed_user,
        CSN_LIT("a\x0a"
                "b"),
        CSN_PREPARE_CONTROL, NONE },
    { "empty as a name", csn_prepare_typed_user, CSN_LIT(""),
        CSN_PREPARE_EMPTY, NONE },
    { "not UTF-8 typed", csn_prepare_typed_user, CSN_LIT("\xe4"),
        CSN_PREPARE_NOT_UTF8, NONE },
    { "C-40 other spaces", csn_prepare_typed_password,
        CSN_LIT("a\xc2\xa0\xe3\x80\x80"
                "b"),
        FINE, CSN_LIT("a  b") },
    { "C-40 typed apart", csn_prepare_typed_password, CSN_LIT("A\xcc\x8a"),
        FINE, CSN_LIT("\xc3\x85") },
    { "C-40 emoji joined stay", csn_prepare_typed_password,
        CSN_LIT("\xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa9"), FINE, SAME },
    { "C-40 with what no profile has NFC and no more",
        csn_prepare_typed_password,
        CSN_LIT("e\xcc\x81\xc2\xa0\xe2\x9d\xa4\xef\xb8\x8f"), FINE,
        CSN_LIT("\xc3\xa9\xc2\xa0\xe2\x9d\xa4\xef\xb8\x8f") },
    { "C-40 full width stays", csn_prepare_typed_password,
        CSN_LIT("\xef\xbc\xa1"), FINE, SAME },
    { "empty as a password", csn_prepare_typed_password, CSN_LIT(""), FINE,
        SAME },
    { "a colon in a password", csn_prepare_typed_password, CSN_LIT("a:b"),
        FINE, SAME },
    { "C-39 a control character", csn_prepare_typed_password,
        CSN_LIT("a\xc2\x9f"), CSN_PREPARE_CONTROL, NONE },
    { "not UTF-8 typed", csn_prepare_typed_password, CSN_LIT("\xff"),
        CSN_PREPARE_NOT_UTF8, NONE },

    /* NFC alone. */
    { "C-40 a name to NFC and no more", csn_prepare_nfc_user,
        CSN_LIT("\xef\xbc\xa1\x65\xcc\x81\xe3\x80\x80\xf0\x9f\x98\x80"), FINE,
        CSN_LIT("\xef\xbc\xa1\xc3\xa9\xe3\x80\x80\xf0\x9f\x98\x80") },
    { "C-38 a colon, NFC alone", csn_prepare_nfc_user, CSN_LIT("a:b"),
        CSN_PREPARE_COLON, NONE },
    { "an empty name, NFC alone", csn_prepare_nfc_user, CSN_LIT(""),
        CSN_PREPARE_EMPTY, NONE },
    { "C-39 a control, NFC alone", csn_prepare_nfc_user, CSN_LIT("a\x7f"),
        CSN_PREPARE_CONTROL, NONE },
    { "C-40 to NFC", csn_prepare_nfc,
        CSN_LIT("A\xcc\x8a\xc2\xa0\xef\xbc\xa1:"), FINE,
        CSN_LIT("\xc3\x85\xc2\xa0\xef\xbc\xa1:") },
    { "nothing", csn_prepare_nfc, CSN_LIT(""), FINE, SAME },
    { "C-39 a control", csn_prepare_nfc, CSN_LIT("\x01"), CSN_PREPARE_CONTROL,
        NONE },
    { "not UTF-8 for NFC", csn_prepare_nfc, CSN_LIT("\xff"),
        CSN_PREPARE_NOT_UTF8, NONE },
};

enum { ROOM = 3 * CSN_MAX_VALUE };

static prepare_fn *const functions[] = { csn_prepare_user,
    csn_prepare_password, csn_prepare_typed_user, csn_prepare_typed_password,
    csn_prepare_nfc, csn_prepare_nfc_user };

/* As long as may be, one more, far more, and what grows beyond it. */
static void
test_limits(void **state)
{
    static const size_t max[] = { CSN_MAX_USER, CSN_MAX_VALUE, CSN_MAX_USER,
        CSN_MAX_VALUE, CSN_MAX_VALUE, CSN_MAX_USER };
    static uint8_t octets[1 << 20];
    static uint8_t buf[ROOM];

    (void)state;
    memset(octets, 'a', sizeof(octets));
    for (size_t i = 0; i < COUNT_OF(functions); i++) {
        const size_t lens[] = { max[i], max[i] + 1, CSN_MAX_VALUE + 1,
            sizeof(octets) };

        for (size_t j = 0; j < COUNT_OF(lens); j++) {
            csn_writer out = { buf, sizeof(buf), 6, false };
            csn_prepare_fault fault = CSN_PREPARE_UNSTABLE;
            csn_span text = check_exact((csn_span){ octets, lens[j] });

            assert_int_equal(functions[i](text, &out, &fault),
                j == 0 ? CSN_OK : CSN_E_LIMIT);
            assert_int_equal(fault,
                j == 0 ? CSN_PREPARE_FINE : CSN_PREPARE_LONG);
            assert_int_equal(out.len - 6, j == 0 ? lens[j] : 0);
            assert_false(out.overflow);
            check_drop(text);
        }
    }
}

/* What would fit once it is prepared, but is too much to begin with. */
static void
test_shrinking(void **state)
{
    static uint8_t octets[CSN_MAX_VALUE + 1];
    static uint8_t buf[ROOM];
    csn_writer out = csn_writer_init(buf, sizeof(buf));
    csn_prepare_fault fault;

    (void)state;
    memset(octets, 'a', sizeof(octets));
    for (size_t i = 0; i + 3 <= sizeof(octets); i += 3)
        memcpy(octets + i, "a\xcc\x80", 3);
    assert_int_equal(csn_prepare_nfc((csn_span){ octets, sizeof(octets) },
                         &out, &fault),
        CSN_E_LIMIT);
    assert_int_equal(fault, CSN_PREPARE_LONG);
    assert_int_equal(csn_prepare_nfc((csn_span){ octets, sizeof(octets) - 1 },
                         &out, &fault),
        CSN_OK);
    assert_int_equal(out.len, CSN_MAX_VALUE / 3 * 2 + 1);
}

/* One character that NFC makes three of, as often as the input may have it. */
static void
test_growth(void **state)
{
    enum { FIT = CSN_MAX_VALUE / 12 };
    static uint8_t octets[CSN_MAX_VALUE];
    static uint8_t buf[ROOM];
    const csn_span one = CSN_SPAN(
        "\xf0\x9d\x85\x98\xf0\x9d\x85\xa5\xf0\x9d\x85\xae");
    csn_writer out = csn_writer_init(buf, sizeof(buf));
    csn_prepare_fault fault;

    (void)state;
    for (size_t i = 0; i < sizeof(octets); i += 4)
        memcpy(octets + i, "\xf0\x9d\x85\xa0", 4);
    assert_int_equal(csn_prepare_nfc((csn_span){ octets, sizeof(octets) },
                         &out, &fault),
        CSN_E_LIMIT);
    assert_int_equal(fault, CSN_PREPARE_LONG);
    assert_int_equal(out.len, 0);
    assert_int_equal(
        csn_prepare_nfc((csn_span){ octets, FIT * 4 }, &out, &fault), CSN_OK);
    assert_int_equal(out.len, FIT * one.len);
    for (size_t i = 0; i < out.len; i += one.len)
        CHECK_SPAN("a note's parts", ((csn_span){ buf + i, one.len }), one);
}

/* A buffer too small by any number of octets stays as it was. */
static void
test_small_buffer(void **state)
{
    static const uint8_t zeros[16];
    const csn_span text = CSN_SPAN("Ju\xcc\x88rgen"); /* 7 octets in NFC */

    (void)state;
    for (size_t i = 0; i < COUNT_OF(functions); i++) {
        for (size_t cap = 0; cap <= 8; cap++) {
            uint8_t *buf = calloc(1, cap + 1);
            csn_writer out = csn_writer_init(buf, cap);
            csn_prepare_fault fault = CSN_PREPARE_UNSTABLE;
            const bool fits = cap >= 7;

            assert_non_null(buf);
            assert_int_equal(functions[i](text, &out, &fault),
                fits ? CSN_OK : CSN_E_OVERFLOW);
            assert_int_equal(fault, CSN_PREPARE_FINE);
            assert_int_equal(out.len, fits ? 7 : 0);
            assert_false(out.overflow);
            if (!fits)
                assert_memory_equal(buf, zeros, cap);
            free(buf);
        }
    }
}

/* Runs of marks longer than libunistring's own buffer. */
static void
test_many_marks(void **state)
{
    static uint8_t octets[CSN_MAX_VALUE];
    static uint8_t buf[ROOM];
    csn_writer out = csn_writer_init(buf, sizeof(buf));

    (void)state;
    octets[0] = 'a';
    octets[1] = 'q'; /* has no character with a mark */
    for (size_t i = 2; i < sizeof(octets); i += 2)
        memcpy(octets + i, i % 4 ? "\xcc\x81" : "\xcc\xa3", 2);
    assert_int_equal(csn_prepare_password((csn_span){ octets, sizeof(octets) },
                         &out, NULL),
        CSN_OK);
    assert_int_equal(out.len, sizeof(octets));
    assert_memory_equal(buf, "aq\xcc\xa3\xcc\xa3", 6);
    assert_memory_equal(buf + sizeof(octets) - 4, "\xcc\x81\xcc\x81", 4);
}

static void
test_fault_texts(void **state)
{
    (void)state;
    assert_string_equal(csn_prepare_fault_text(CSN_PREPARE_NOT_UTF8),
        "is not UTF-8");
    assert_string_equal(csn_prepare_fault_text(CSN_PREPARE_UNSTABLE),
        "has no stable form");
    for (int past = 1; past < 99; past += 97)
        assert_string_equal(
            csn_prepare_fault_text(
                (csn_prepare_fault)(CSN_PREPARE_UNSTABLE + past)),
            csn_prepare_fault_text(CSN_PREPARE_FINE));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        { "H-24 as long as may be, and longer", test_limits, NULL, NULL,
            NULL },
        { "H-24 a text that shrinks", test_shrinking, NULL, NULL, NULL },
        { "H-24 a text that grows", test_growth, NULL, NULL, NULL },
        { "a buffer too small", test_small_buffer, NULL, NULL, NULL },
        { "C-40 marks are put in order", test_many_marks, NULL, NULL, NULL },
        { "every fault has its words", test_fault_texts, NULL, NULL, NULL },
    };

    return CHECK_ROWS("prepare", rows, prepare_check) +
        cmocka_run_group_tests_name("limits", tests, NULL, NULL);
}
