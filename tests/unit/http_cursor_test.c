// SPDX-License-Identifier: MIT
#include "check.h"
#include "events.h"

/*
 * What the cursor makes of fields, as events.h writes it. Each row is read
 * from exact heap copies; its lines are read once more joined by commas, and
 * the result must be the same, but for the rows in apart_rows:
 * there an error names its line, or a quoted-string goes over a line's end.
 */

enum { LINES = 4 };

struct row {
    const char *name;
    csn_field_kind kind;
    csn_span lines[LINES];
    const char *want;
};

#define INFO CSN_FIELD_INFO
#define AUTH CSN_FIELD_CREDENTIALS
#define OFFER CSN_FIELD_CHALLENGES
#define ONE(text)                                                             \
    {                                                                         \
        CSN_LIT(text)                                                         \
    }

static const struct row info_rows[] = {
    { "A-01 parameters without a scheme", INFO,
        ONE("nextnonce=\"4e\", qop=auth, nc=00000001"),
        "nextnonce=\"4e\" qop=auth nc=00000001 ." },
    { "A-01, A-50 a scheme name in front", INFO, ONE("Mutual vks=\"00\""),
        "!syntax@0:7 > ." },
    { "A-50 Passport is not this syntax", INFO,
        ONE("Passport1.4 tname=a,tname=b"), "!syntax@0:12 > ." },
    { "A-50 a scheme name alone", INFO, ONE("Negotiate"), "!syntax@0:9 > ." },

    { "A-04 two lines are one list", INFO,
        { CSN_LIT("nextnonce=\"a\""), CSN_LIT("qop=auth") },
        "nextnonce=\"a\" qop=auth ." },
    { "A-04 empty lines are empty elements", INFO,
        { CSN_LIT(""), CSN_LIT("a=b"), CSN_LIT(" ,"), CSN_LIT("c=d") },
        "a=b c=d ." },
    { "A-04 a parameter does not go on in the next line", INFO,
        { CSN_LIT("a="), CSN_LIT("b") }, "!syntax@0:2 > ." },

    { "A-08 names keep their case and match without it", INFO,
        ONE("NextNonce=\"N\", QOP=auth"), "NextNonce=\"N\" QOP=auth ." },
    { "A-09 an empty value", INFO, ONE(""), "." },
    { "A-09 blanks alone", INFO, ONE(" \t "), "." },
    { "A-09 commas and blanks alone", INFO, ONE(" , ,,\t"), "." },

    { "A-12 token and quoted-string", INFO, ONE("qop=auth, b=\"auth\""),
        "qop=auth b=\"auth\" ." },
    { "A-13 pairs stand for their second octet", INFO,
        ONE("c=\"a\\\"b\\\\c\\d\""), "c~\"a\\\"b\\\\c\\d\" ." },
    { "A-13 a pair of two backslashes closes", INFO, ONE("c=\"\\\\\", d=e"),
        "c~\"\\\\\" d=e ." },
    { "A-14 not closed", INFO, ONE("a=\"abc"), "!syntax@0:2 >syntax" },
    { "A-14 only opened", INFO, ONE("a=\""), "!syntax@0:2 >syntax" },
    { "A-14 a lone backslash at the end", INFO, ONE("a=\"abc\\"),
        "!syntax@0:2 >syntax" },
    { "A-14 the last mark is escaped", INFO, ONE("a=\"abc\\\""),
        "!syntax@0:2 >syntax" },
    { "A-14 and not closed after a good one", INFO, ONE("a=b, c=\""),
        "a=b !syntax@0:7 >syntax" },
    { "A-15 a control octet in quotes", INFO, ONE("a=\"a\001b\""),
        "!syntax@0:2 >syntax" },
    { "A-15 a control octet behind a backslash", INFO, ONE("a=\"\\\001\""),
        "!syntax@0:2 >syntax" },
    { "A-15 DEL in quotes", INFO, ONE("a=\"\177\""), "!syntax@0:2 >syntax" },
    { "A-15 DEL late in a long string", INFO,
        ONE("a=\"0123456789\177abcdefgh\""), "!syntax@0:2 >syntax" },
    { "A-15 HTAB in quotes is good", INFO, ONE("a=\"x\ty\""),
        "a=\"x\\x09y\" ." },
    { "A-15 HTAB behind a backslash is good", INFO, ONE("a=\"\\\t\""),
        "a~\"\\\\x09\" ." },
    { "A-16 obs-text passes", INFO, ONE("a=\"\x80\xc3\xa9\xff\""),
        "a=\"\\x80\\xc3\\xa9\\xff\" ." },
    { "A-16 obs-text passes behind a backslash", INFO, ONE("a=\"\\\xe9\""),
        "a~\"\\\\xe9\" ." },
    { "A-16 obs-text is no token", INFO, ONE("a=\xe9"), "!syntax@0:2 > ." },

    { "A-18 an empty quoted-string", INFO, ONE("a=\"\""), "a=\"\" ." },
    { "A-18 no value", INFO, ONE("a=, b=c"), "!syntax@0:2 > ." },
    { "A-18 no value at the end", INFO, ONE("a="), "!syntax@0:2 > ." },
    { "A-18 no equals sign", INFO, ONE("a, b=c"), "!syntax@0:1 > ." },
    { "A-18 no name", INFO, ONE("=c"), "!syntax@0:0 > ." },
    { "A-19 blanks around the equals sign", INFO,
        ONE("a = b, c\t=\t\"d\",e  =  f"), "a=b c=\"d\" e=f ." },
    { "A-21 blanks around commas", INFO, ONE("a=b \t ,\t  c=d"), "a=b c=d ." },
    { "A-22 empty elements everywhere", INFO, ONE(", ,a=b,, c=d, ,"),
        "a=b c=d ." },
    { "A-24 comma and equals sign in quotes", INFO, ONE("a=\"b,c=d\", e=f"),
        "a=\"b,c=d\" e=f ." },
    { "A-24 an escaped mark and a comma in quotes", INFO,
        ONE("a=\"b\\\",c=d\", e=f"), "a~\"b\\\",c=d\" e=f ." },
    { "A-25 no comma behind a quoted-string", INFO, ONE("a=\"b\" c=d"),
        "a=\"b\" !syntax@0:6 > ." },
    { "A-25 no comma and no blank", INFO, ONE("a=\"b\"c=d"),
        "a=\"b\" !syntax@0:5 > ." },
    { "A-25 no comma behind a token", INFO, ONE("a=b c=d"),
        "a=b !syntax@0:4 > ." },
    { "A-25 unquoted base64", INFO, ONE("sid=A, data=dj02cg=="),
        "sid=A data=dj02cg !syntax@0:18 > ." },
    { "A-26 blanks at both ends", INFO, ONE(" \ta=b\t "), "a=b ." },
    { "A-27 CR in the value", INFO, ONE("a=b\r"), "!syntax@0:3" },
    { "A-27, A-28 a folded line", INFO, ONE("a=b,\r\n c=d"), "!syntax@0:4" },
    { "A-27 LF inside quotes", INFO, ONE("a=\"\n\""), "!syntax@0:3" },
    { "A-27 NUL at the start", INFO, ONE("\0a=b"), "!syntax@0:0" },
    { "A-15 other controls outside quotes", INFO, ONE("a=b\001"),
        "a=b !syntax@0:3 >syntax" },

    { "A-41 a name twice", INFO, ONE("a=b, c=d, a=b"),
        "a=b c=d !duplicate@0:10 > ." },
    { "A-41 a name twice, case aside", INFO, ONE("nc=1, NC=2"),
        "nc=1 !duplicate@0:6 > ." },
    { "A-41 names alike in length and first letter", INFO,
        ONE("abc=1, abd=2, abe=3, ab=4"), "abc=1 abd=2 abe=3 ab=4 ." },
    { "A-41 names of one bit, each once", INFO, ONE("f=1, aa=2, fa=3"),
        "f=1 aa=2 fa=3 ." },
    { "A-45 unknown names are like others", INFO, ONE("x=a$b%c, a.b=c"),
        "x=a$b%c a.b=c ." },
};

static const struct row credentials_rows[] = {
    { "A-03 one scheme and its parameters", AUTH,
        ONE("Digest username=\"u\", nc=00000001"),
        "[Digest] username=\"u\" nc=00000001 ." },
    { "A-03 a second scheme behind parameters", AUTH,
        ONE("Digest a=b, Basic c=d"), "[Digest] a=b !syntax@0:18 > ." },
    { "A-03 a second scheme behind a token68", AUTH,
        ONE("Basic YWJj, Digest a=b"), "[Basic] !syntax@0:10 > ." },
    { "A-03 a second scheme alone", AUTH, ONE("Digest a=b, Basic"),
        "[Digest] a=b !syntax@0:17 > ." },
    { "A-03 a comma behind a token68", AUTH, ONE("Basic YWJj,"),
        "[Basic] !syntax@0:10 > ." },
    { "A-03 a comma before the scheme", AUTH, ONE(",Digest a=b"),
        "!syntax@0:0" },
    { "A-03 a comma right behind the scheme", AUTH, ONE("Digest,a=b"),
        "!syntax@0:0 > ." },
    { "A-03 HTAB and comma behind the scheme", AUTH, ONE("Digest\t,a=b"),
        "!syntax@0:0 > ." },
    { "A-03 no scheme", AUTH, ONE("a=b, c=d"), "!syntax@0:0 > ." },
    { "A-03 empty", AUTH, ONE(""), "!syntax@0:0" },
    { "A-03 blanks", AUTH, ONE(" \t"), "!syntax@0:2" },
    { "A-05 no line", AUTH, { { NULL, 0 } }, "!missing@0:0" },
    { "A-07 the scheme keeps its case", AUTH, ONE("dIGEST a=b"),
        "[dIGEST] a=b ." },
    { "A-22 empty elements in credentials", AUTH, ONE("Digest ,a=b,,c=d,"),
        "[Digest] a=b c=d ." },
    { "A-32 a scheme only", AUTH, ONE("Negotiate"), "[Negotiate] ." },
    { "A-32 a scheme and blanks", AUTH, ONE("Negotiate  "), "[Negotiate] ." },
    { "A-33 a token68", AUTH, ONE("Basic YWxhZGRpbg=="),
        "[Basic] <YWxhZGRpbg==> ." },
    { "A-33 parameters behind a token68", AUTH, ONE("Basic YWJj==, a=b"),
        "[Basic] !syntax@0:11 > ." },
    { "A-34 a parameter, not a token68", AUTH, ONE("Basic x=y"),
        "[Basic] x=y ." },
    { "A-41 a name twice in credentials", AUTH, ONE("Digest a=b,A=b"),
        "[Digest] a=b !duplicate@0:11 > ." },
};

static const struct row challenge_rows[] = {
    { "A-02 nothing, a token68, parameters", OFFER,
        ONE("Negotiate, NTLM TlRM, Digest realm=\"r\", nonce=n"),
        "[Negotiate] [NTLM] <TlRM> [Digest] realm=\"r\" nonce=n ." },
    { "A-02, A-09 an empty field offers nothing", OFFER, ONE(""), "." },
    { "A-02 no line at all offers nothing", OFFER, { { NULL, 0 } }, "." },
    { "A-04 challenges over lines", OFFER,
        { CSN_LIT("Digest realm=\"r\""), CSN_LIT("nonce=n, Basic realm=b"),
            CSN_LIT("Negotiate") },
        "[Digest] realm=\"r\" nonce=n [Basic] realm=b [Negotiate] ." },
    { "A-19 blanks around the first equals sign", OFFER,
        ONE("Digest realm = \"r\" , nonce= \"n\""),
        "[Digest] realm=\"r\" nonce=\"n\" ." },

    { "A-31 a comma behind the token", OFFER, ONE("A, B"), "[A] [B] ." },
    { "A-31 blank and comma behind the token", OFFER, ONE("A ,B"),
        "[A] [B] ." },
    { "A-31 SP and something else behind the token", OFFER,
        ONE("A b=c, D e=f"), "[A] b=c [D] e=f ." },
    { "A-31 an equals sign behind the token", OFFER, ONE("A b=c, d=e"),
        "[A] b=c d=e ." },
    { "A-31 blank and equals sign behind the token", OFFER, ONE("A b=c, d =e"),
        "[A] b=c d=e ." },
    { "A-31 HTAB behind the scheme", OFFER, ONE("Digest\trealm=r"),
        "!syntax@0:0 > ." },
    { "A-31 SP and HTAB behind the scheme", OFFER, ONE("Digest \trealm=r"),
        "!syntax@0:0 > ." },
    { "A-31 several SP behind the scheme", OFFER, ONE("Digest   realm=r"),
        "[Digest] realm=r ." },
    { "A-31 something that is no blank behind the token", OFFER,
        ONE("A\"b\", C"), "!syntax@0:0 > [C] ." },
    { "A-31 no token", OFFER, ONE("\"A\", C"), "!syntax@0:0 > [C] ." },

    { "A-32 a scheme only", OFFER, ONE("Negotiate"), "[Negotiate] ." },
    { "A-33 token68 of all its octets", OFFER, ONE("A abcABC019-._~+/=="),
        "[A] <abcABC019-._~+/==> ." },
    { "A-33 an equals sign inside", OFFER, ONE("A ab==c"),
        "[A] !syntax@0:5 > ." },
    { "A-33 an octet that is not one of them", OFFER, ONE("A a!b, C"),
        "[A] !syntax@0:5 > [C] ." },
    { "A-33 not alone", OFFER, ONE("A b== c"), "[A] !syntax@0:4 > ." },
    { "A-33 not right behind the scheme", OFFER, ONE("A ,b/c"),
        "[A] !syntax@0:4 > ." },
    { "A-34 equals sign and comma", OFFER, ONE("A x=, B x=y"),
        "[A] <x=> [B] x=y ." },
    { "A-34 equals sign, blank and comma", OFFER, ONE("A x= , B"),
        "[A] <x=> [B] ." },
    { "A-34 equals sign and the end of a line", OFFER,
        { CSN_LIT("A x="), CSN_LIT("A x=y") }, "[A] <x=> [A] x=y ." },
    { "A-34 blank, equals sign and the end", OFFER, ONE("A x ="),
        "[A] !syntax@0:5 > ." },

    { "A-35 several on one line", OFFER,
        ONE("Basic realm=\"simple\", New realm=\"a\", t=1, u=\"L \\\"a\\\"\""),
        "[Basic] realm=\"simple\" [New] realm=\"a\" t=1 "
        "u~\"L \\\"a\\\"\" ." },
    { "A-35 on several lines and mixed", OFFER,
        { CSN_LIT("A a=1, B"), CSN_LIT("C c=1"), CSN_LIT("D, E e=1") },
        "[A] a=1 [B] [C] c=1 [D] [E] e=1 ." },
    { "A-37 one scheme several times", OFFER,
        ONE("Digest realm=\"a\", Digest realm=\"b\", Digest realm=\"a\""),
        "[Digest] realm=\"a\" [Digest] realm=\"b\" [Digest] realm=\"a\" ." },
    { "A-38 empty elements before the first parameter", OFFER,
        ONE("Digest ,realm=r"), "[Digest] realm=r ." },
    { "A-38 many of them, blanks between", OFFER, ONE("Digest\t,, ,realm=r"),
        "[Digest] realm=r ." },

    { "A-39 a parameter in front of every challenge", OFFER,
        ONE("realm=\"a\", Digest nonce=\"n\""),
        "!syntax@0:0 > [Digest] nonce=\"n\" ." },
    { "A-39 parameters behind a token68", OFFER,
        ONE("Negotiate abc=, x=y, z=\"Q r\", Digest a=b"),
        "[Negotiate] <abc=> !syntax@0:16 > [Digest] a=b ." },

    { "A-40 a malformed challenge between two good ones", OFFER,
        ONE("A a=1, Digest realm=, nonce=n, B b=1"),
        "[A] a=1 [Digest] <realm=> !syntax@0:22 > [B] b=1 ." },
    { "A-40 no comma inside the first", OFFER,
        ONE("Digest a=\"1\" b=\"2, C d\", C c=1"),
        "[Digest] a=\"1\" !syntax@0:13 > [C] c=1 ." },
    { "A-40 a name twice in the first", OFFER, ONE("A a=1, A=2, b=3, C c=1"),
        "[A] a=1 !duplicate@0:7 > [C] c=1 ." },
    { "A-40 text between challenges", OFFER, ONE("A a=1, /x, @y z, C c=1"),
        "[A] a=1 !syntax@0:7 > [C] c=1 ." },
    { "A-40 a quoted-string where none may be", OFFER,
        ONE("A \"x, B b=1\", C c=1"), "[A] !syntax@0:2 > [C] c=1 ." },
    { "A-40 an unclosed quoted-string takes the rest", OFFER,
        ONE("A a=1, B b=\"1, C c=1"), "[A] a=1 [B] !syntax@0:11 >syntax" },
    { "A-40 a control octet takes the rest", OFFER,
        ONE("A a=1, B b=\001, C c=1"), "[A] a=1 [B] !syntax@0:11 >syntax" },
    { "A-40 obs-text outside quotes does not", OFFER, ONE("A a=\xe9, C c=1"),
        "[A] !syntax@0:4 > [C] c=1 ." },
    { "A-40 nor HTAB where no blank may be", OFFER, ONE("A\tb\tc, C c=1"),
        "!syntax@0:0 > [C] c=1 ." },

    { "A-41 one name in two challenges", OFFER, ONE("A a=1, B a=1"),
        "[A] a=1 [B] a=1 ." },
};

static const struct row apart_rows[] = {
    { "A-04 nor does a quoted-string", INFO,
        { CSN_LIT("a=\"x"), CSN_LIT("y\"") }, "!syntax@0:2 >syntax" },
    { "A-04 the line of an error is told", INFO,
        { CSN_LIT("a=b"), CSN_LIT(" c d=e") }, "a=b !syntax@1:3 > ." },
    { "A-27 NUL far into the second line", INFO,
        { CSN_LIT("a=b"), CSN_LIT("c=\"0123456789abcdefghi\0\"") },
        "!syntax@1:22" },
    { "A-41 a name twice over two lines", INFO,
        { CSN_LIT("nonce=b"), CSN_LIT("nonce=b") },
        "nonce=b !duplicate@1:0 > ." },
    { "A-05 two lines", AUTH, { CSN_LIT("Digest a=b"), CSN_LIT("c=d") },
        "!duplicate@0:0" },
};

static size_t
line_count(const struct row *row)
{
    size_t count = 0;

    while (count < LINES && row->lines[count].ptr != NULL)
        count++;
    return count;
}

static csn_span
join(const csn_span *lines, size_t count)
{
    static uint8_t joined[2 * CSN_MAX_FIELD];
    size_t len = 0;

    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            joined[len++] = ',';
        memcpy(joined + len, lines[i].ptr, lines[i].len);
        len += lines[i].len;
    }
    return (csn_span){ joined, len };
}

static void
check_events(const struct row *row, const csn_span *lines, size_t count)
{
    static char got[EVENTS_SIZE];
    csn_span exact[LINES] = { { NULL, 0 } };

    for (size_t i = 0; i < count; i++)
        exact[i] = check_exact(lines[i]);
    events_render(row->kind, exact, count, got, sizeof(got));
    for (size_t i = 0; i < count; i++)
        check_drop(exact[i]);
    CHECK_SPAN(row->name, check_text(got), check_text(row->want));
}

static void
test_lines(void **state)
{
    const struct row *row = *state;

    check_events(row, row->lines, line_count(row));
}

static void
test_row(void **state)
{
    const struct row *row = *state;
    size_t count = line_count(row);

    test_lines(state);
    if (count > 1) {
        csn_span joined = join(row->lines, count);

        check_events(row, &joined, 1);
    }
}

int
main(void)
{
    return CHECK_ROWS("info", info_rows, test_row) +
        CHECK_ROWS("credentials", credentials_rows, test_row) +
        CHECK_ROWS("challenges", challenge_rows, test_row) +
        CHECK_ROWS("apart", apart_rows, test_lines);
}
