// SPDX-License-Identifier: MIT
/*
 * A client over libneon, which verifies Authentication-Info and follows
 * nextnonce by itself: what our side of the exchange is held against.
 *
 *     neon_peer HOST PORT USER PASSWORD [PROXYHOST PROXYPORT USER PASSWORD]
 *
 * Standard input has one request per line, METHOD TARGET; each is answered by
 * a line: the status and which layers proved themselves, or `error` and
 * neon's own words. All go over one session. Digest is all it will speak.
 */
#include <ne_auth.h>
#include <ne_request.h>
#include <ne_session.h>
#include <ne_socket.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct login {
    const char *user;
    const char *password;
};

/* Once: a second call means that user and password were refused. */
static int
give(void *userdata, const char *realm, int attempt, char *username,
    char *password)
{
    const struct login *login = userdata;

    (void)realm;
    (void)snprintf(username, NE_ABUFSIZ, "%s", login->user);
    (void)snprintf(password, NE_ABUFSIZ, "%s", login->password);
    return attempt;
}

/* neon checked the field; whether there was one it does not say. */
static const char *
proof(ne_request *request, const char *field, const char *layer)
{
    const char *value = ne_get_response_header(request, field);

    return value != NULL && strstr(value, "rspauth=") != NULL ? layer : "";
}

static void
serve(ne_session *session, const char *method, const char *target)
{
    ne_request *request = ne_request_create(session, method, target);

    if (ne_request_dispatch(request) == NE_OK)
        printf("%d%s%s\n", ne_get_status(request)->code,
            proof(request, "Authentication-Info", " origin"),
            proof(request, "Proxy-Authentication-Info", " proxy"));
    else
        printf("error %s\n", ne_get_error(session));
    (void)fflush(stdout);
    ne_request_destroy(request);
}

int
main(int argc, char **argv)
{
    char method[32];
    char target[1024];
    struct login origin;
    struct login proxy;
    ne_session *session;

    if ((argc != 5 && argc != 9) || ne_sock_init() != 0)
        return 2;
    session = ne_session_create("http", argv[1], (unsigned)atoi(argv[2]));
    origin = (struct login){ argv[3], argv[4] };
    ne_add_server_auth(session, NE_AUTH_DIGEST, give, &origin);
    if (argc == 9) {
        ne_session_proxy(session, argv[5], (unsigned)atoi(argv[6]));
        proxy = (struct login){ argv[7], argv[8] };
        ne_add_proxy_auth(session, NE_AUTH_DIGEST, give, &proxy);
    }
    while (scanf("%31s %1023s", method, target) == 2)
        serve(session, method, target);
    ne_session_destroy(session);
    ne_sock_exit();
    return 0;
}
