// SPDX-License-Identifier: MIT
#include "check.h"

#include <countersign/crypto_openssl.h>
#include <countersign/server.h>

/* What csn_server_init refuses, beside what it takes. */

static uint8_t long_text[1024];

static void
nothing(csn_server_config *c)
{
    (void)c;
}
static void
version(csn_server_config *c)
{
    c->version = 2;
}
static void
empty_realm(csn_server_config *c)
{
    c->realm.len = 0;
}
static void
longest_realm(csn_server_config *c)
{
    c->realm = (csn_span){ long_text, CSN_MAX_REALM };
}
static void
long_realm(csn_server_config *c)
{
    c->realm = (csn_span){ long_text, CSN_MAX_REALM + 1 };
}
static void
control_realm(csn_server_config *c)
{
    c->realm = CSN_SPAN("a\r\nX: y");
}
static void
tab_realm(csn_server_config *c)
{
    c->realm = CSN_SPAN("a\tb");
}
static void
utf8_realm(csn_server_config *c)
{
    c->realm = CSN_SPAN("caf\xc3\xa9");
}
static void
control_opaque(csn_server_config *c)
{
    c->opaque = CSN_SPAN("\x7f");
}
static void
long_opaque(csn_server_config *c)
{
    c->opaque = (csn_span){ long_text, 65 };
}
static void
long_site(csn_server_config *c)
{
    c->site = (csn_span){ long_text, CSN_MAX_SITE + 1 };
}
static void
proxy_domain(csn_server_config *c)
{
    c->layer = CSN_LAYER_PROXY;
    c->domain = CSN_SPAN("/");
}
static void
strict_at_a_proxy(csn_server_config *c)
{
    c->layer = CSN_LAYER_PROXY;
    c->strict_uri = true;
}
static void
strict_at_an_origin(csn_server_config *c)
{
    c->strict_uri = true;
}
static void
md5(csn_server_config *c)
{
    c->algorithms[0] = CSN_ALG_MD5;
    c->algorithm_count = 1;
}
static void
md5_switched_on(csn_server_config *c)
{
    md5(c);
    c->allow_md5 = true;
}
static void
session(csn_server_config *c)
{
    c->algorithms[0] = CSN_ALG_SHA_256_SESS;
    c->algorithm_count = 1;
}
static void
session_one_time(csn_server_config *c)
{
    session(c);
    c->one_time = true;
}
static void
session_md5(csn_server_config *c)
{
    c->algorithms[0] = CSN_ALG_MD5_SESS;
    c->algorithm_count = 1;
}
static void
session_md5_switched_on(csn_server_config *c)
{
    session_md5(c);
    c->allow_md5 = true;
}
static void
all_algorithms(csn_server_config *c)
{
    for (size_t i = 0; i < CSN_ALG_COUNT; i++)
        c->algorithms[i] = (csn_algorithm)i;
    c->algorithm_count = CSN_ALG_COUNT;
    c->allow_md5 = true;
}
static void
auth_int(csn_server_config *c)
{
    c->qops = CSN_QOP_AUTH_INT;
}
static void
both_qops(csn_server_config *c)
{
    c->qops = CSN_QOP_AUTH | CSN_QOP_AUTH_INT;
    c->legacy_no_qop = true;
}
static void
unknown_qop(csn_server_config *c)
{
    c->qops = CSN_QOP_AUTH | 4;
}
static void
auth_int_and_no_qop(csn_server_config *c)
{
    c->qops = CSN_QOP_AUTH_INT;
    c->legacy_no_qop = true;
}
static void
twice(csn_server_config *c)
{
    c->algorithms[0] = c->algorithms[1] = CSN_ALG_SHA_256;
    c->algorithm_count = 2;
}
static void
no_algorithm(csn_server_config *c)
{
    c->algorithms[0] = CSN_ALG_UNKNOWN;
    c->algorithm_count = 1;
}
static void
life_too_long(csn_server_config *c)
{
    c->nonce_life_ms = 25 * 86400000u;
}
static void
quarter(csn_server_config *c)
{
    c->nonce_life_ms = 4000;
    c->next_before_ms = c->old_grace_ms = 1000;
}
static void
more_than_quarter_before(csn_server_config *c)
{
    quarter(c);
    c->next_before_ms = 1001;
}
static void
more_than_quarter_grace(csn_server_config *c)
{
    quarter(c);
    c->old_grace_ms = 1001;
}

static const struct row {
    const char *name;
    void (*change)(csn_server_config *config);
    csn_status want;
} rows[] = {
    { "the defaults", nothing, CSN_OK },
    { "another version", version, CSN_E_CONFIG },
    { "B-04 no realm", empty_realm, CSN_E_CONFIG },
    { "the longest realm", longest_realm, CSN_OK },
    { "a realm too long", long_realm, CSN_E_LIMIT },
    { "B-30 control octets in the realm", control_realm, CSN_E_SYNTAX },
    { "B-30 a tab in the realm", tab_realm, CSN_E_SYNTAX },
    { "B-30 a realm in UTF-8", utf8_realm, CSN_OK },
    { "a control octet in opaque", control_opaque, CSN_E_SYNTAX },
    { "opaque too long", long_opaque, CSN_E_LIMIT },
    { "site too long", long_site, CSN_E_LIMIT },
    { "B-23 domain at a proxy", proxy_domain, CSN_E_CONFIG },
    { "D-32 strict_uri at a proxy", strict_at_a_proxy, CSN_OK },
    { "D-32 strict_uri at an origin", strict_at_an_origin, CSN_E_CONFIG },
    { "H-11 MD5 alone", md5, CSN_E_CONFIG },
    { "H-11 MD5 switched on", md5_switched_on, CSN_OK },
    { "a -sess algorithm", session, CSN_OK },
    { "E-35 -sess in one-time mode", session_one_time, CSN_E_CONFIG },
    { "H-11 MD5-sess alone", session_md5, CSN_E_CONFIG },
    { "H-11 MD5-sess switched on", session_md5_switched_on, CSN_OK },
    { "every algorithm there is", all_algorithms, CSN_OK },
    { "B-18 auth-int alone", auth_int, CSN_OK },
    { "B-18 both, and the form without qop", both_qops, CSN_OK },
    { "B-18 a qop nobody knows", unknown_qop, CSN_E_CONFIG },
    { "D-09 the form without qop beside auth-int alone", auth_int_and_no_qop,
        CSN_E_CONFIG },
    { "B-14 an algorithm twice", twice, CSN_E_CONFIG },
    { "no algorithm at all", no_algorithm, CSN_E_CONFIG },
    { "a life too long", life_too_long, CSN_E_CONFIG },
    { "a quarter of the life", quarter, CSN_OK },
    { "more than a quarter before", more_than_quarter_before, CSN_E_CONFIG },
    { "more than a quarter of grace", more_than_quarter_grace, CSN_E_CONFIG },
};

static csn_status
init(csn_server *server, const csn_server_config *config, const csn_key *keys,
    size_t count)
{
    return csn_server_init(server, config, csn_crypto_openssl(), keys, count);
}

static csn_server_config
standard(void)
{
    return (csn_server_config){ .version = CSN_SERVER_CONFIG_VERSION,
        .realm = CSN_SPAN("r") };
}

static void
run_row(void **state)
{
    const struct row *row = *state;
    csn_server_config config = standard();
    csn_key key = { .id = 1, .state = CSN_KEY_MINT };
    csn_server server, before;

    memset(&server, 0x5a, sizeof(server));
    before = server;
    row->change(&config);
    CHECK_EQ(row->name, init(&server, &config, &key, 1), row->want);
    CHECK_EQ(row->name, memcmp(&server, &before, sizeof(server)) == 0,
        row->want != CSN_OK);
}

static void
keys(void **state)
{
    csn_server_config config = standard();
    csn_key set[CSN_MAX_KEYS + 1];
    csn_server server;

    (void)state;
    memset(set, 0, sizeof(set));
    for (size_t i = 0; i < COUNT_OF(set); i++) {
        set[i].id = (uint8_t)i;
        set[i].state = i == 3 ? CSN_KEY_MINT : CSN_KEY_ACCEPT;
    }
    assert_int_equal(init(&server, &config, set, CSN_MAX_KEYS), CSN_OK);
    assert_int_equal(init(&server, &config, set, CSN_MAX_KEYS + 1),
        CSN_E_CONFIG);
    assert_int_equal(init(&server, &config, set, 0), CSN_E_CONFIG);
    assert_int_equal(init(&server, &config, set, 3), CSN_E_CONFIG);
    set[1].state = CSN_KEY_MINT;
    assert_int_equal(init(&server, &config, set, 4), CSN_E_CONFIG);
    set[1].state = CSN_KEY_RECOGNISE;
    assert_int_equal(init(&server, &config, set, 4), CSN_OK);
    set[1].id = 0;
    assert_int_equal(init(&server, &config, set, 4), CSN_E_CONFIG);
}

static csn_status
no_hash(csn_hash hash, const csn_span *parts, size_t count, uint8_t *out)
{
    (void)hash, (void)parts, (void)count, (void)out;
    return CSN_E_CRYPTO;
}

static void
backend(void **state)
{
    csn_server_config config = standard();
    csn_crypto crypto = *csn_crypto_openssl();
    csn_key key = { .id = 1, .state = CSN_KEY_MINT };
    csn_server server;

    (void)state;
    crypto.digest = no_hash;
    assert_int_equal(csn_server_init(&server, &config, &crypto, &key, 1),
        CSN_E_CRYPTO);
    assert_int_equal(csn_server_init(&server, &config, NULL, &key, 1),
        CSN_E_CONFIG);
    crypto = *csn_crypto_openssl();
    crypto.version++;
    assert_int_equal(csn_server_init(&server, &config, &crypto, &key, 1),
        CSN_E_CONFIG);
}

/* H-23: no octet of a key is left. */
static void
wipe(void **state)
{
    static const csn_server zero;
    csn_server_config config = standard();
    csn_key key = { .id = 1, .state = CSN_KEY_MINT };
    csn_server server;

    (void)state;
    assert_int_equal(init(&server, &config, &key, 1), CSN_OK);
    assert_memory_not_equal(&server, &zero, sizeof(zero));
    csn_server_wipe(&server);
    assert_memory_equal(&server, &zero, sizeof(zero));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        { "H-04 which sets of keys", keys, NULL, NULL, NULL },
        { "B-18 a backend that lacks the hash", backend, NULL, NULL, NULL },
        { "H-23 wiping", wipe, NULL, NULL, NULL },
    };

    memset(long_text, 'r', sizeof(long_text));
    return CHECK_ROWS("config", rows, run_row) +
        cmocka_run_group_tests_name("keys", tests, NULL, NULL);
}
