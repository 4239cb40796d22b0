// SPDX-License-Identifier: MIT
#include "fields.h"
#include "vectors.h"

/*
 * The lines of the digest groups, as a conforming sender may write them: every
 * value that is read is the vector's, and writing the vector's values gives a
 * line that says the same. Reading knows -sess, auth-int and userhash.
 */

static csn_span
strip_name(csn_span line)
{
    const uint8_t *colon = memchr(line.ptr, ':', line.len);

    CHECK_EQ("field name", colon != NULL, true);
    return (csn_span){ colon + 1, line.len - (size_t)(colon + 1 - line.ptr) };
}

/* The cursor behind the scheme of a line's exact copy. */
static csn_span
begin(csn_field_cursor *cursor, csn_field_kind kind, csn_span *exact)
{
    csn_field_event event = { .kind = CSN_EVENT_END };

    CHECK_EQ("begin", csn_field_begin(cursor, kind, exact, 1), CSN_OK);
    if (kind != CSN_FIELD_INFO) {
        CHECK_EQ("scheme", csn_field_next(cursor, &event), CSN_OK);
        CHECK_SPAN("scheme", event.name, CSN_SPAN("Digest"));
    }
    return *exact;
}

/* A value against the vector's; absent on both sides is equal too. */
static void
check_value(const char *name, const csn_value *value, csn_span want)
{
    uint8_t buf[CSN_MAX_VALUE];
    csn_writer plain = csn_writer_init(buf, sizeof(buf));

    CHECK_EQ(name, value->present, want.ptr != NULL);
    if (!value->present)
        return;
    csn_value_unescape(value, &plain);
    CHECK_SPAN(name, csn_writer_span(&plain), want);
}

static unsigned
qop_bits(csn_span name)
{
    if (csn_name_equal(name, CSN_SPAN("auth")))
        return CSN_QOP_AUTH;
    return csn_name_equal(name, CSN_SPAN("auth-int")) ? CSN_QOP_AUTH_INT
                                                      : CSN_QOP_NONE;
}

static bool
flag(const json_t *object, const char *key)
{
    return json_is_true(json_object_get(object, key));
}

static csn_digest_challenge
check_challenge(const json_t *item, csn_span line)
{
    const json_t *inputs = json_object_get(item, "inputs");
    csn_field_cursor cursor;
    csn_digest_challenge read;
    unsigned qop = qop_bits(vectors_text(inputs, "qop"));

    (void)begin(&cursor, CSN_FIELD_CHALLENGES, &line);
    CHECK_EQ("challenge", csn_digest_challenge_read(&cursor, &read), CSN_OK);
    check_value("realm", &read.realm, vectors_text(inputs, "realm"));
    check_value("nonce", &read.nonce, vectors_text(inputs, "nonce"));
    check_value("opaque", &read.opaque, vectors_text(inputs, "opaque"));
    CHECK_EQ("algorithm", read.algorithm,
        csn_algorithm_find(vectors_text(inputs, "algorithm")));
    CHECK_EQ("algorithm", read.algorithm == CSN_ALG_UNKNOWN, false);
    CHECK_EQ("qop", read.has_qop, qop != CSN_QOP_NONE);
    CHECK_EQ("qop", read.qops & qop, qop);
    CHECK_EQ("userhash", read.userhash, flag(inputs, "userhash"));
    CHECK_EQ("stale", read.stale,
        csn_name_equal(vectors_text(item, "id"), CSN_SPAN("stale-retry")));
    return read;
}

/* The user's name travels in one of three forms. */
static void
check_username(const json_t *item, const csn_digest_credentials *read)
{
    const json_t *inputs = json_object_get(item, "inputs");
    csn_span name = vectors_text(inputs, "username");
    uint8_t buf[CSN_MAX_USER];
    csn_writer decoded = csn_writer_init(buf, sizeof(buf));

    if (flag(inputs, "userhash"))
        name = vectors_text(json_object_get(item, "computed"), "userhash");
    if (!read->username_ext.present) {
        check_value("username", &read->username, name);
        return;
    }
    CHECK_EQ("username", read->username.present, false);
    CHECK_EQ("username*",
        csn_ext_value_decode(read->username_ext.text, &decoded), CSN_OK);
    CHECK_SPAN("username*", csn_writer_span(&decoded), name);
}

static csn_digest_credentials
check_credentials(const json_t *item, csn_span line)
{
    const json_t *inputs = json_object_get(item, "inputs");
    const json_t *computed = json_object_get(item, "computed");
    bool has_qop = vectors_text(inputs, "qop").ptr != NULL;
    csn_span none = { NULL, 0 };
    csn_field_cursor cursor;
    csn_digest_credentials read;

    (void)begin(&cursor, CSN_FIELD_CREDENTIALS, &line);
    CHECK_EQ("credentials", csn_digest_credentials_read(&cursor, &read),
        CSN_OK);
    check_username(item, &read);
    check_value("realm", &read.realm, vectors_text(inputs, "realm"));
    check_value("nonce", &read.nonce, vectors_text(inputs, "nonce"));
    check_value("uri", &read.uri, vectors_text(inputs, "uri"));
    check_value("response", &read.response,
        vectors_text(computed, "response"));
    check_value("opaque", &read.opaque, vectors_text(inputs, "opaque"));
    check_value("qop", &read.qop, vectors_text(inputs, "qop"));
    CHECK_EQ("qop", read.qop_known, qop_bits(vectors_text(inputs, "qop")));
    check_value("nc", &read.nc, has_qop ? vectors_text(inputs, "nc") : none);
    CHECK_EQ("algorithm", read.algorithm,
        csn_algorithm_find(vectors_text(inputs, "algorithm")));
    CHECK_EQ("userhash", read.userhash, flag(inputs, "userhash"));
    /* -sess without qop, which is refused, carries a cnonce too. */
    check_value("cnonce", &read.cnonce,
        read.cnonce.present ? vectors_text(inputs, "cnonce") : none);
    CHECK_EQ("cnonce", read.cnonce.present || !has_qop, true);
    return read;
}

static void
check_info(const json_t *item, csn_span line)
{
    const json_t *inputs = json_object_get(item, "inputs");
    bool has_qop = vectors_text(inputs, "qop").ptr != NULL;
    csn_span none = { NULL, 0 };
    csn_field_cursor cursor;
    csn_digest_info read;

    (void)begin(&cursor, CSN_FIELD_INFO, &line);
    CHECK_EQ("info", csn_digest_info_read(&cursor, &read), CSN_OK);
    check_value("nextnonce", &read.nextnonce,
        vectors_text(inputs, "nextnonce"));
    check_value("rspauth", &read.rspauth,
        vectors_text(json_object_get(item, "computed"), "rspauth"));
    check_value("qop", &read.qop, vectors_text(inputs, "qop"));
    check_value("cnonce", &read.cnonce,
        has_qop ? vectors_text(inputs, "cnonce") : none);
    check_value("nc", &read.nc, has_qop ? vectors_text(inputs, "nc") : none);
}

static void
test_read(void **state)
{
    const json_t *item = *state;
    const json_t *lines = json_object_get(item, "lines");
    csn_span exact[3];

    if (lines == NULL) {
        print_message("no lines: not HTTP\n");
        skip();
    }
    exact[0] = check_exact(strip_name(vectors_text(lines, "challenge")));
    exact[1] = check_exact(strip_name(vectors_text(lines, "credentials")));
    exact[2] = check_exact(strip_name(vectors_text(lines, "info")));
    (void)check_challenge(item, exact[0]);
    (void)check_credentials(item, exact[1]);
    check_info(item, exact[2]);
    for (size_t i = 0; i < COUNT_OF(exact); i++)
        check_drop(exact[i]);
}

/* Both lines, read, must say the same. */
static void
check_same(csn_field_kind kind, csn_span ours, csn_span theirs)
{
    static char a[FIELDS_SIZE], b[FIELDS_SIZE];
    bool touched;

    CHECK_EQ("ours", fields_read(kind, &ours, 1, a, sizeof(a), &touched),
        CSN_OK);
    CHECK_EQ("theirs", fields_read(kind, &theirs, 1, b, sizeof(b), &touched),
        CSN_OK);
    CHECK_SPAN("written", check_text(a), check_text(b));
}

static void
write_challenge(const json_t *item, const csn_digest_challenge *read,
    csn_writer *out)
{
    const json_t *inputs = json_object_get(item, "inputs");
    csn_digest_challenge_out challenge = {
        .realm = vectors_text(inputs, "realm"),
        .nonce = vectors_text(inputs, "nonce"),
        .opaque = vectors_text(inputs, "opaque"),
        .algorithm = csn_algorithm_find(vectors_text(inputs, "algorithm")),
        .qops = read->qops,
        .stale = read->stale,
        .utf8 = read->utf8,
        .userhash = read->userhash,
    };

    CHECK_EQ("write", csn_digest_challenge_write(out, &challenge), CSN_OK);
}

/* Not for the form without qop, which no server of ours offers (B-04). */
static void
check_written_challenge(const json_t *item, csn_span line)
{
    csn_digest_challenge read = check_challenge(item, line);
    uint8_t buf[2048];
    csn_writer out = csn_writer_init(buf, sizeof(buf));

    if (!read.has_qop)
        return;
    write_challenge(item, &read, &out);
    check_same(CSN_FIELD_CHALLENGES, csn_writer_span(&out), line);
}

static void
write_credentials(const json_t *item, const csn_digest_credentials *read,
    csn_writer *out)
{
    const json_t *inputs = json_object_get(item, "inputs");
    csn_digest_credentials_out credentials = {
        .username = vectors_text(inputs, "username"),
        .realm = vectors_text(inputs, "realm"),
        .nonce = vectors_text(inputs, "nonce"),
        .uri = vectors_text(inputs, "uri"),
        .response_hex = vectors_text(json_object_get(item, "computed"),
            "response"),
        .cnonce = vectors_text(inputs, "cnonce"),
        .opaque = vectors_text(inputs, "opaque"),
        .algorithm = csn_algorithm_find(vectors_text(inputs, "algorithm")),
        .qop = (csn_qop)qop_bits(vectors_text(inputs, "qop")),
        .count = read->count,
        .has_opaque = vectors_text(inputs, "opaque").ptr != NULL,
        .has_algorithm = true,
        .extended = read->username_ext.present,
        .userhash = read->userhash,
    };

    if (read->userhash)
        credentials.username = vectors_text(json_object_get(item, "computed"),
            "userhash");

    CHECK_EQ("write", csn_digest_credentials_write(out, &credentials), CSN_OK);
}

static void
write_info(const json_t *item, csn_writer *out)
{
    const json_t *inputs = json_object_get(item, "inputs");
    bool has_qop = vectors_text(inputs, "qop").ptr != NULL;
    csn_digest_info_out info = {
        .nextnonce = vectors_text(inputs, "nextnonce"),
        .rspauth_hex = vectors_text(json_object_get(item, "computed"),
            "rspauth"),
        .qop = vectors_text(inputs, "qop"),
    };

    if (has_qop) {
        info.cnonce = vectors_text(inputs, "cnonce");
        info.nc = vectors_text(inputs, "nc");
    }
    CHECK_EQ("write", csn_digest_info_write(out, &info), CSN_OK);
}

static void
test_written(void **state)
{
    const json_t *item = *state;
    const json_t *lines = json_object_get(item, "lines");
    csn_digest_credentials read;
    csn_span credentials;
    uint8_t buf[2048];
    csn_writer out = csn_writer_init(buf, sizeof(buf));

    vectors_skip_unless_http(item);
    check_written_challenge(item,
        strip_name(vectors_text(lines, "challenge")));
    credentials = strip_name(vectors_text(lines, "credentials"));
    read = check_credentials(item, credentials);

    write_info(item, &out);
    check_same(CSN_FIELD_INFO, csn_writer_span(&out),
        strip_name(vectors_text(lines, "info")));

    out = csn_writer_init(buf, sizeof(buf));
    write_credentials(item, &read, &out);
    /* We write a count in lower case; a vector has it in upper case. */
    if (csn_name_equal(vectors_text(item, "id"), CSN_SPAN("nc-upper")))
        return;
    check_same(CSN_FIELD_CREDENTIALS, csn_writer_span(&out), credentials);
}

static int
run(json_t *items)
{
    return vectors_run("read", "A-12, A-29 lines of", items, test_read) +
        vectors_run("written", "A-30, A-62, A-64, A-66, A-67 written lines of",
            items, test_written);
}

int
main(int argc, char **argv)
{
    json_t *all = vectors_load(argc, argv);
    json_t *chain;
    size_t i;
    int failed = run(json_object_get(all, "digest_published")) +
        run(json_object_get(all, "digest_matrix")) +
        run(json_object_get(all, "digest_special"));

    json_array_foreach(json_object_get(all, "digest_chains"), i, chain)
        failed += run(json_object_get(chain, "steps"));
    json_decref(all);
    return failed;
}
