// SPDX-License-Identifier: MIT
#include "present/present.h"
#include "relay.h"
#include "content/unread.h"

#include <countersign/crypto_openssl.h>

#include <stdlib.h>
#include <string.h>

csn_gw csn_gateway;
static TSCont plugin;

static int
on_event(TSCont continuation, TSEvent event, void *data)
{
    (void)continuation;
    switch ((int)event) {
    case TS_EVENT_HTTP_TXN_START:
        return csn_gw_on_start(data);
    case TS_EVENT_HTTP_SSN_CLOSE:
        return csn_gw_on_session_close(data);
    case TS_EVENT_HTTP_READ_REQUEST_HDR:
        return csn_gw_on_request(data);
    case TS_EVENT_HTTP_OS_DNS:
        return csn_gw_on_destination(data);
    case TS_EVENT_HTTP_READ_RESPONSE_HDR:
        return csn_gw_on_upstream(data);
    case TS_EVENT_HTTP_SEND_RESPONSE_HDR:
        return csn_gw_on_response(data);
    case TS_EVENT_HTTP_TXN_CLOSE:
        return csn_gw_on_close(data);
    case TS_EVENT_SSL_CERT:
        return csn_gw_on_tls(data);
    case TS_EVENT_LIFECYCLE_TASK_THREADS_READY:
        atomic_store(&csn_gateway.threads_ready, true);
        return 0;
    default:
        return 0;
    }
}

static bool
start_throttle(csn_gw_error *error)
{
    enum { ALIGNMENT = 64, MINUTE_MS = 60000, MAX_DELAY_MS = 5000 };
    void *memory = aligned_alloc(ALIGNMENT, CSN_THROTTLE_DEFAULT_SIZE);

    if (memory == NULL ||
        csn_throttle_init(memory, CSN_THROTTLE_DEFAULT_SIZE,
            csn_gateway.crypto, csn_gw_wall_ms(),
            &csn_gateway.throttle) != CSN_OK)
        return csn_gw_fail(error, "no memory, or no random octets");
    csn_gateway.limits.failures = csn_gateway.settings.max_failures;
    csn_gateway.limits.window_ms = MINUTE_MS;
    csn_gateway.limits.max_delay_ms = MAX_DELAY_MS;
    return true;
}

static bool
start(int argc, const char *argv[], csn_gw_error *error)
{
    csn_gw_settings_init(&csn_gateway.settings);
    if (argc != 2)
        return csn_gw_fail(error, "its one argument is the settings file");
    if (!csn_gw_settings_load(&csn_gateway.settings, argv[1], error))
        return false;
    csn_gateway.crypto = csn_crypto_openssl();
    if (csn_gateway.crypto == NULL)
        return csn_gw_fail(error, "this libcrypto has no SHA-256");
    return start_throttle(error) && csn_gw_counts_start(error) &&
        csn_gw_present_start(error) && csn_gw_open_start(error) &&
        csn_gw_world_load(error) &&
        csn_gw_log_start(csn_gateway.settings.log, error) &&
        csn_gw_watch_start(error);
}

static bool
reserve(void)
{
    return TSUserArgIndexReserve(TS_USER_ARGS_TXN, "countersign",
               "what the response needs",
               &csn_gateway.txn_index) == TS_SUCCESS &&
        TSUserArgIndexReserve(TS_USER_ARGS_SSN, "countersign",
            "where headers are received",
            &csn_gateway.session_index) == TS_SUCCESS;
}

void
csn_gw_hook(TSHttpTxn txn, TSHttpHookID hook_id)
{
    TSHttpTxnHookAdd(txn, hook_id, plugin);
}

static void
hook(void)
{
    plugin = TSContCreate(on_event, NULL);
    TSHttpHookAdd(TS_HTTP_TXN_START_HOOK, plugin);
    TSHttpHookAdd(TS_HTTP_SSN_CLOSE_HOOK, plugin);
    TSHttpHookAdd(TS_HTTP_READ_REQUEST_HDR_HOOK, plugin);
    /* An application stands where the operator put it. */
    if (csn_gateway.settings.forward)
        TSHttpHookAdd(TS_HTTP_OS_DNS_HOOK, plugin);
    TSHttpHookAdd(TS_HTTP_SEND_RESPONSE_HDR_HOOK, plugin);
    TSHttpHookAdd(TS_HTTP_TXN_CLOSE_HOOK, plugin);
    csn_gw_relay_start();
    csn_gw_address_start();
    csn_gw_route_start();
    csn_gw_unread_start();
    if (csn_gateway.settings.tls_cert[0] != '\0')
        TSHttpHookAdd(TS_SSL_CERT_HOOK, plugin);
    TSLifecycleHookAdd(TS_LIFECYCLE_TASK_THREADS_READY_HOOK, plugin);
}

/* What the engine calls; everything else is hidden. */
__attribute__((visibility("default"))) void
TSPluginInit(int argc, const char *argv[])
{
    TSPluginRegistrationInfo info = { .plugin_name = "countersign",
        .vendor_name = "Countersign",
        .support_email = "see the man page" };
    csn_gw_error error = { "the engine refused the plugin" };

    if (TSPluginRegister(&info) != TS_SUCCESS || !reserve() ||
        !start(argc, argv, &error)) {
        /* Without the plugin the engine would let everybody through. */
        fprintf(stderr, "countersign: %s\n", error.text);
        _Exit(1);
    }
    hook();
}
