// SPDX-License-Identifier: MIT
#include "check.h"
#include "rig.h"

/*
 * A proof is for one request: method, target, host, realm and qop. Each is
 * recorded on its way and used for another; the count is still unspent, so
 * that nothing but the binding can refuse it.
 */

typedef void changer(attack_request *request);

static void
origin(csn_server_config *config)
{
    (void)config;
}
static void
proxy(csn_server_config *config)
{
    config->layer = CSN_LAYER_PROXY;
}
static void
strict_proxy(csn_server_config *config)
{
    proxy(config);
    config->strict_uri = true;
}
static void
int_only(csn_server_config *config)
{
    config->qops = CSN_QOP_AUTH_INT;
}
static void
both_qops(csn_server_config *config)
{
    config->qops = CSN_QOP_AUTH | CSN_QOP_AUTH_INT;
}

static void
target(attack_request *request, const char *method, const char *text,
    const char *uri)
{
    snprintf(request->method, sizeof(request->method), "%s", method);
    snprintf(request->target, sizeof(request->target), "%s", text);
    attack_set(request, P_URI, uri);
}

/* What the victim sends. */
static void
path_a(attack_request *request)
{
    target(request, "GET", "/a", "/a");
}
static void
path_with_query(attack_request *request)
{
    target(request, "GET", "/a?all=no", "/a?all=no");
}
static void
absolute_at_origin(attack_request *request)
{
    target(request, "GET", "/a", "http://www.example.org/a");
}
static void
absolute_at_proxy(attack_request *request)
{
    target(request, "GET", "http://bank.example/a", "http://bank.example/a");
}
static void
path_at_proxy(attack_request *request)
{
    target(request, "GET", "http://bank.example/a", "/a");
}
static void
connect(attack_request *request)
{
    target(request, "CONNECT", "bank.example:443", "bank.example:443");
}
static void
options(attack_request *request)
{
    target(request, "OPTIONS", "*", "*");
}
static void
with_content(attack_request *request)
{
    target(request, "POST", "/a", "/a");
    snprintf(request->content, sizeof(request->content), "pay=10");
    attack_set(request, P_QOP, "auth-int");
}

/* What is made of it on the way; the credentials stay as they are. */
static void
path_b(attack_request *request)
{
    snprintf(request->target, sizeof(request->target), "/b");
}
static void
other_query(attack_request *request)
{
    snprintf(request->target, sizeof(request->target), "/a?all=yes");
}
static void
no_query(attack_request *request)
{
    snprintf(request->target, sizeof(request->target), "/a");
}
static void
dots(attack_request *request)
{
    snprintf(request->target, sizeof(request->target), "/b/../a");
}
static void
coded(attack_request *request)
{
    snprintf(request->target, sizeof(request->target), "/%%61");
}
static void
post(attack_request *request)
{
    snprintf(request->method, sizeof(request->method), "POST");
}
static void
lower_case_method(attack_request *request)
{
    snprintf(request->method, sizeof(request->method), "get");
}
static void
no_method(attack_request *request)
{
    request->method[0] = '\0';
}
static void
other_host(attack_request *request)
{
    snprintf(request->authority, sizeof(request->authority),
        "intranet.example.org");
}
static void
other_host_at_proxy(attack_request *request)
{
    snprintf(request->target, sizeof(request->target),
        "http://thief.example/a");
}
static void
other_scheme_at_proxy(attack_request *request)
{
    snprintf(request->target, sizeof(request->target),
        "https://bank.example/a");
}
static void
other_port(attack_request *request)
{
    snprintf(request->target, sizeof(request->target), "bank.example:25");
}
static void
other_connect_host(attack_request *request)
{
    snprintf(request->target, sizeof(request->target), "thief.example:443");
}
static void
everything(attack_request *request)
{
    snprintf(request->target, sizeof(request->target), "/");
}
static void
other_content(attack_request *request)
{
    snprintf(request->content, sizeof(request->content), "pay=99");
}
static void
no_content(attack_request *request)
{
    request->content[0] = '\0';
}
static void
to_auth(attack_request *request)
{
    attack_set(request, P_QOP, "auth");
}
static void
to_none(attack_request *request)
{
    request->sent[P_QOP] = false;
}
static void
to_none_at_all(attack_request *request)
{
    request->sent[P_QOP] = request->sent[P_NC] = request->sent[P_CNONCE] =
        false;
}
static void
unsigned_to_auth(attack_request *request)
{
    to_auth(request);
    attack_sign(request, "secret"); /* the user's own, on a changed offer */
}
static void
unsigned_to_none(attack_request *request)
{
    to_none_at_all(request);
    attack_sign(request, "secret");
}

static const struct row {
    const char *name;
    void (*site)(csn_server_config *);
    changer *victim;
    changer *attacker;
    csn_reason reason;
} rows[] = {
    { "D-29 proof for /a used on /b", origin, path_a, path_b,
        CSN_R_URI_MISMATCH },
    { "D-35 proof for one query used on another", origin, path_with_query,
        other_query, CSN_R_URI_MISMATCH },
    { "D-35 proof for a query used without it", origin, path_with_query,
        no_query, CSN_R_URI_MISMATCH },
    { "D-35 proof for /a used on a path that resolves to it", origin, path_a,
        dots, CSN_R_URI_MISMATCH },
    { "D-35 proof for /a used on a path that decodes to it", origin, path_a,
        coded, CSN_R_URI_MISMATCH },
    { "D-37 proof for GET used on POST", origin, path_a, post,
        CSN_R_WRONG_RESPONSE },
    { "C-18 proof for GET used on get", origin, path_a, lower_case_method,
        CSN_R_WRONG_RESPONSE },
    { "H-14 proof for GET used with an empty method", origin, path_a,
        no_method, CSN_R_EMPTY_METHOD },
    { "D-31 proof for one host used on another, named in uri", origin,
        absolute_at_origin, other_host, CSN_R_URI_MISMATCH },
    { "D-32 proof for one host used on another at a proxy, named in uri",
        proxy, absolute_at_proxy, other_host_at_proxy, CSN_R_URI_MISMATCH },
    { "D-32 proof for http used on https at a proxy", proxy, absolute_at_proxy,
        other_scheme_at_proxy, CSN_R_URI_MISMATCH },
    { "D-33 proof for CONNECT used on another port", proxy, connect,
        other_port, CSN_R_URI_MISMATCH },
    { "D-33 proof for CONNECT used on another host", proxy, connect,
        other_connect_host, CSN_R_URI_MISMATCH },
    { "D-34 proof for * used on /", origin, options, everything,
        CSN_R_URI_MISMATCH },
    { "C-57 proof for one content used on another", both_qops, with_content,
        other_content, CSN_R_WRONG_RESPONSE },
    { "C-57 proof for a content used without it", int_only, with_content,
        no_content, CSN_R_WRONG_RESPONSE },
    { "C-16 qop downgraded from auth-int to auth", both_qops, with_content,
        to_auth, CSN_R_WRONG_RESPONSE },
    { "D-08 qop downgraded to one not offered", int_only, with_content,
        unsigned_to_auth, CSN_R_QOP_NOT_OFFERED },
    { "D-09 qop dropped", origin, path_a, to_none, CSN_R_QOP_MISSING },
    { "D-09 qop dropped with nc and cnonce", origin, path_a, to_none_at_all,
        CSN_R_QOP_MISSING },
    { "D-09 qop dropped from the offer, and so by the user", origin, path_a,
        unsigned_to_none, CSN_R_QOP_MISSING },
};

static void
check_binding(void **state)
{
    const struct row *row = *state;
    attack_request request, used;
    attack_site site;

    attack_open(&site, row->site);
    attack_right(&site, &request);
    row->victim(&request);
    attack_sign(&request, "secret");
    used = request;
    row->attacker(&used);
    attack_refused(row->name, &site, &used, row->reason);
    attack_allowed(row->name, &site, &request);
    attack_close(&site);
}

/*
 * At a proxy a uri without a host says nothing of hosts: the default takes it
 * for what browsers send; strict_uri refuses it, the honest request too.
 */
static void
strict_uri(void **state)
{
    attack_request request, used;
    attack_site site;

    (void)state;
    attack_open(&site, proxy);
    attack_right(&site, &request);
    path_at_proxy(&request);
    attack_sign(&request, "secret");
    used = request;
    other_host_at_proxy(&used);
    attack_allowed("lenient: the known price", &site, &used);
    attack_close(&site);

    attack_open(&site, strict_proxy);
    attack_right(&site, &request);
    path_at_proxy(&request);
    attack_sign(&request, "secret");
    attack_refused("strict", &site, &request, CSN_R_URI_MISMATCH);
    absolute_at_proxy(&request);
    attack_sign(&request, "secret");
    attack_allowed("strict, host named", &site, &request);
    connect(&request);
    attack_set(&request, P_NC, "00000002");
    attack_sign(&request, "secret");
    attack_allowed("strict, CONNECT", &site, &request);
    attack_close(&site);
}

/* Realms are compared octet by octet; a right response to another is none. */
static void
realm_never_offered(void **state)
{
    static const char *const realms[] = { "", "test@example.org ",
        "Test@example.org", "test@example.com", "test@example.or",
        "test\\@example.orgg" };
    attack_request request, used;
    attack_site site;

    (void)state;
    attack_open(&site, NULL);
    attack_right(&site, &request);
    for (size_t i = 0; i < COUNT_OF(realms); i++) {
        used = request;
        attack_set(&used, P_REALM, realms[i]);
        attack_sign(&used, "secret");
        attack_refused(realms[i], &site, &used, CSN_R_REALM_NOT_OFFERED);
    }
    attack_allowed("the offered one", &site, &request);
    attack_close(&site);
}

#define TEST(name, function)                                                  \
    {                                                                         \
        name, function, NULL, NULL, NULL                                      \
    }

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("D-32 proof without a host used on another at a strict proxy",
            strict_uri),
        TEST("D-10 realm never offered", realm_never_offered),
    };

    return CHECK_ROWS("bindings", rows, check_binding) +
        cmocka_run_group_tests_name("hosts and realms", tests, NULL, NULL);
}
