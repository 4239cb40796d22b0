// SPDX-License-Identifier: MIT
/*
 * The smallest complete libcurl program that insists on a proof: it fetches
 * one URL and writes the body only when the server proved itself.
 *
 *     curl URL USER PASSWORD
 *
 * Exit: 0 delivered, 1 something else, 2 usage, 67 refused, 90 not proved.
 *
 *     cc curl.c $(pkg-config --cflags --libs countersign-curl \
 *         countersign-openssl)
 */
#include <countersign/crypto_openssl.h>
#include <countersign/curl.h>

#include <stdio.h>

static size_t
take_body(char *data, size_t size, size_t count, void *file)
{
    return fwrite(data, 1, size * count, file);
}

/* One exchange; what became of it goes to `*result`. */
static csn_status
fetch(csn_curl_session *session, CURL *easy, const char *url,
    csn_curl_result *result)
{
    csn_curl_request request = {
        .version = CSN_CURL_REQUEST_VERSION,
        .url = url,
        .proof = CSN_PROOF_REQUIRE,
        .body = CSN_CURL_BODY_NONE, /* a GET: can be sent with auth-int */
        .write = take_body,
        .write_data = stdout,
    };
    csn_curl_transfer *transfer = NULL;
    csn_status status = csn_curl_attach(session, easy, &request, &transfer);

    if (status != CSN_OK)
        return status;
    csn_curl_perform(transfer);
    csn_curl_outcome(transfer, result);
    fprintf(stderr, "%s: status %u, %s (%s)\n", result->url, result->status,
        csn_proof_name(result->origin.proof),
        csn_reason_name(result->origin.reason));
    csn_curl_detach(transfer);
    return CSN_OK;
}

static int
exit_code(const csn_curl_result *result)
{
    switch (result->end) {
    case CSN_CURL_DELIVERED:
        return 0;
    case CSN_CURL_UNPROVED:
        return 90;
    case CSN_CURL_LOGIN:
        return 67;
    case CSN_CURL_TRANSFER:
        fprintf(stderr, "%s\n", curl_easy_strerror(result->code));
        return 1;
    }
    return 1;
}

int
main(int argc, char **argv)
{
    csn_curl_settings settings = {
        .version = CSN_CURL_SETTINGS_VERSION,
        .crypto = csn_crypto_openssl(),
    };
    csn_curl_session *session = NULL;
    csn_curl_result result = { .end = CSN_CURL_TRANSFER };
    CURL *easy;
    csn_status status;

    if (argc != 4) {
        fprintf(stderr, "usage: curl URL USER PASSWORD\n");
        return 2;
    }
    curl_global_init(CURL_GLOBAL_DEFAULT);
    easy = curl_easy_init();
    status = csn_curl_session_open(&settings, &session);
    if (status == CSN_OK)
        status = csn_curl_login(session, CSN_LAYER_ORIGIN, argv[1], argv[2],
            argv[3]);
    if (status == CSN_OK)
        status = fetch(session, easy, argv[1], &result);
    if (status != CSN_OK)
        fprintf(stderr, "%s\n", csn_status_text(status));
    csn_curl_session_close(session);
    curl_easy_cleanup(easy);
    curl_global_cleanup();
    return status == CSN_OK ? exit_code(&result) : 1;
}
