// SPDX-License-Identifier: MIT
/*
 * The smallest complete client over libcountersign: it writes HTTP requests
 * to standard output and reads the responses from standard input, so that
 * the two can be anybody's connection.
 *
 *     client USER PASSWORD [HOST [TARGET]]
 *
 * It answers a challenge, holds the response against what it sent, and says
 * on standard error what the server proved; the body follows there, but only
 * from a server that proved itself. Over two pipes to examples/server.c:
 *
 *     mkfifo back
 *     server ada secret <back | client ada secret >back
 *
 * Exit: 0 proved, 1 refused or no HTTP, 2 usage, 90 not proved.
 *
 *     cc client.c $(pkg-config --cflags --libs countersign-openssl)
 */
#define _POSIX_C_SOURCE 200809L

#include <countersign/countersign.h>
#include <countersign/crypto_openssl.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { HEAD_SIZE = 32768, MAX_LINES = 16, NOT_PROVED = 90 };

/* One response head; the spans point into `text`. */
struct head {
    char text[HEAD_SIZE];
    unsigned status;
    unsigned long body_len;
    csn_span challenges[MAX_LINES]; /* values of WWW-Authenticate */
    size_t challenge_count;
    csn_span infos[MAX_LINES]; /* values of Authentication-Info */
    size_t info_count;
};

/* One request and all that is known of its server. */
struct call {
    csn_client_policy policy;
    csn_client_space space;
    csn_client_attempt attempt; /* the record of the credentials sent last */
    bool sent;                  /* whether there were any */
    unsigned retries;
    const char *host;
    const char *target;
    csn_span password;
};

static csn_span
span_of(const char *text)
{
    return (csn_span){ (const uint8_t *)text, strlen(text) };
}

static void
take_field(struct head *head, char *line)
{
    char *value = strchr(line, ':');

    if (value == NULL)
        return;
    *value++ = '\0';
    value += strspn(value, " \t");
    if (strcasecmp(line, "Content-Length") == 0)
        head->body_len = strtoul(value, NULL, 10);
    if (strcasecmp(line, "WWW-Authenticate") == 0 &&
        head->challenge_count < MAX_LINES)
        head->challenges[head->challenge_count++] = span_of(value);
    if (strcasecmp(line, "Authentication-Info") == 0 &&
        head->info_count < MAX_LINES)
        head->infos[head->info_count++] = span_of(value);
}

/* Read one head up to its empty line; false when that never comes. */
static bool
read_head(struct head *head)
{
    size_t used = 0;

    memset(head, 0, sizeof(*head));
    while (used + 1 < sizeof(head->text)) {
        char *line = head->text + used;

        if (fgets(line, (int)(sizeof(head->text) - used), stdin) == NULL)
            return false;
        line[strcspn(line, "\r\n")] = '\0';
        used += strlen(line) + 1;
        if (line[0] == '\0' && line != head->text)
            return head->status >= 100;
        if (line != head->text)
            take_field(head, line);
        else if (strncmp(line, "HTTP/1.", 7) == 0 && strchr(line, ' '))
            head->status = (unsigned)strtoul(strchr(line, ' '), NULL, 10);
    }
    return false;
}

/* The final response's head: 1xx come before it (RFC 9110, 15.2). */
static bool
read_final_head(struct head *head)
{
    do {
        if (!read_head(head))
            return false;
    } while (head->status < 200);
    return true;
}

/* The body, shown or not; its length is all we know of framing here. */
static void
read_body(const struct head *head, bool show)
{
    for (unsigned long left = head->body_len; left > 0; left--) {
        int octet = getchar();

        if (octet == EOF)
            return;
        if (show)
            (void)fputc(octet, stderr);
    }
}

/* Write the request, with credentials as soon as there is a session. */
static csn_status
send_request(struct call *call)
{
    uint8_t text[CSN_CREDENTIALS_SIZE];
    csn_writer out = csn_writer_init(text, sizeof(text));
    csn_span name = csn_layer_credentials_field(CSN_LAYER_ORIGIN);

    if (csn_client_space_is_ready(&call->space)) {
        /* Anew for each attempt: a count is never used twice. NULL: contents
         * are not hashed here, so a server that wants auth-int is refused. */
        csn_status status = csn_client_authorize(&call->space,
            csn_crypto_openssl(), CSN_SPAN("GET"), span_of(call->target), NULL,
            &out, &call->attempt);

        if (status != CSN_OK)
            return status;
        call->sent = true;
    }
    printf("GET %s HTTP/1.1\r\nHost: %s\r\n", call->target, call->host);
    if (call->sent)
        printf("%.*s: %.*s\r\n", (int)name.len, (const char *)name.ptr,
            (int)out.len, (const char *)out.buf);
    printf("\r\n");
    return fflush(stdout) == 0 ? CSN_OK : CSN_E_STATE;
}

/* Begin a session with the best challenge, if it is one to be answered. */
static bool
answer_challenge(struct call *call, const struct head *head)
{
    csn_client_choice choice;
    csn_reason why;
    csn_status status = csn_client_choose(&call->policy,
        csn_client_space_seen(&call->space), head->challenges,
        head->challenge_count, &choice, &why);

    if (status == CSN_OK)
        status = csn_client_decide(&call->policy,
            call->sent ? &call->attempt : NULL, call->retries++, &choice,
            &why);
    if (status != CSN_OK) {
        fprintf(stderr, "client: %s (%s)\n", csn_reason_text(why),
            csn_reason_name(why));
        return false;
    }
    status = csn_client_accept(&call->space, csn_crypto_openssl(),
        &call->policy, &choice, call->password);
    if (status != CSN_OK)
        fprintf(stderr, "client: %s\n", csn_status_text(status));
    return status == CSN_OK;
}

/* What did the server prove, and does our policy let us use its response? */
static bool
judge(struct call *call, const struct head *head)
{
    csn_client_response response = { .status = head->status,
        .header = head->infos,
        .header_count = head->info_count };
    csn_client_result result;

    csn_client_verify(&call->policy, &call->space,
        call->sent ? &call->attempt : NULL, &response, &result);
    fprintf(stderr, "client: status %u, server %s (%s)\n", head->status,
        csn_proof_name(result.proof), csn_reason_name(result.reason));
    return result.deliver;
}

/* The whole exchange; the exit code. */
static int
perform(struct call *call)
{
    static struct head head;
    bool proved;

    for (;;) {
        csn_status status = send_request(call);

        if (status != CSN_OK) {
            fprintf(stderr, "client: %s\n", csn_status_text(status));
            return 1;
        }
        if (!read_final_head(&head)) {
            fprintf(stderr, "client: no HTTP response\n");
            return 1;
        }
        if (head.status != 401)
            break;
        read_body(&head, false);
        if (!answer_challenge(call, &head))
            return 1;
    }
    proved = judge(call, &head);
    read_body(&head, proved);
    return proved ? 0 : NOT_PROVED;
}

int
main(int argc, char **argv)
{
    struct call call = {
        .policy = { .version = CSN_CLIENT_POLICY_VERSION,
            .proof = CSN_PROOF_REQUIRE },
        .host = argc > 3 ? argv[3] : "localhost",
        .target = argc > 4 ? argv[4] : "/",
    };
    csn_client_key key = {
        .layer = CSN_LAYER_ORIGIN,
        .scheme = CSN_SPAN("http"),
        .host = span_of(call.host),
        .port = 80,
    };
    int code;

    if (argc < 3 || argc > 5 || csn_crypto_openssl() == NULL) {
        fprintf(stderr, "usage: client USER PASSWORD [HOST [TARGET]]\n");
        return 2;
    }
    key.user = span_of(argv[1]);
    call.password = span_of(argv[2]);
    if (csn_client_space_init(&call.space, &key) != CSN_OK) {
        fprintf(stderr, "client: no such user or host\n");
        return 2;
    }
    code = perform(&call);
    csn_client_forget(&call.space);
    csn_client_attempt_wipe(&call.attempt);
    return code;
}
