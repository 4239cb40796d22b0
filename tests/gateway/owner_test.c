// SPDX-License-Identifier: MIT
#include "check.h"

#include "owner.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

/* A connection of this very process over loopback, and what is seen of the
 * end that connected. */
typedef struct pair {
    int listener;
    int client;
    int server;
    struct sockaddr_storage peer; /* as the listener's side knows them */
    struct sockaddr_storage local;
} pair;

static struct sockaddr *
plain(struct sockaddr_storage *address)
{
    return (struct sockaddr *)address;
}

static void
fill_loopback(struct sockaddr_storage *address, int family)
{
    memset(address, 0, sizeof(*address));
    address->ss_family = (sa_family_t)family;
    if (family == AF_INET)
        ((struct sockaddr_in *)address)->sin_addr.s_addr = htonl(
            INADDR_LOOPBACK);
    else
        ((struct sockaddr_in6 *)address)->sin6_addr = in6addr_loopback;
}

/* The IPv4 address of `address` as a socket of the other family names it. */
static void
map(struct sockaddr_storage *address)
{
    struct sockaddr_in v4;
    struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };

    memcpy(&v4, address, sizeof(v4));
    v6.sin6_port = v4.sin_port;
    v6.sin6_addr.s6_addr[10] = v6.sin6_addr.s6_addr[11] = 0xff;
    memcpy(&v6.sin6_addr.s6_addr[12], &v4.sin_addr, 4);
    memcpy(address, &v6, sizeof(v6));
}

static void
open_pair(pair *self, int family, bool mapped)
{
    socklen_t len = sizeof(self->local);
    struct sockaddr_storage to;

    fill_loopback(&self->local, family);
    self->listener = socket(family, SOCK_STREAM, 0);
    self->client = socket(mapped ? AF_INET6 : family, SOCK_STREAM, 0);
    assert_true(self->listener >= 0 && self->client >= 0);
    assert_int_equal(bind(self->listener, plain(&self->local),
                         family == AF_INET ? sizeof(struct sockaddr_in)
                                           : sizeof(struct sockaddr_in6)),
        0);
    assert_int_equal(listen(self->listener, 1), 0);
    assert_int_equal(getsockname(self->listener, plain(&self->local), &len),
        0);
    to = self->local;
    if (mapped)
        map(&to);
    assert_int_equal(connect(self->client, plain(&to),
                         to.ss_family == AF_INET
                             ? sizeof(struct sockaddr_in)
                             : sizeof(struct sockaddr_in6)),
        0);
    len = sizeof(self->peer);
    self->server = accept(self->listener, plain(&self->peer), &len);
    assert_true(self->server >= 0);
}

static void
close_pair(pair *self)
{
    close(self->listener);
    close(self->server);
    if (self->client >= 0)
        close(self->client);
}

static const struct ask_row {
    const char *name;
    int family;
    bool mapped;
} ask_rows[] = {
    { "asked: IPv4", AF_INET, false },
    { "asked: IPv6", AF_INET6, false },
    { "asked: IPv4, from a socket of IPv6", AF_INET, true },
};

/* This user's while it is open, also half closed; nobody's afterwards. */
static void
ask(void **state)
{
    const struct ask_row *row = *state;
    uid_t other = geteuid() == 0 ? 1 : 0;
    csn_gw_owner owner;
    pair self;

    open_pair(&self, row->family, row->mapped);
    assert_true(
        csn_gw_owner_ask(plain(&self.peer), plain(&self.local), &owner));
    CHECK_EQ(row->name, owner.uid, geteuid());
    assert_true(csn_gw_owner_admits(&owner, geteuid()));
    assert_false(csn_gw_owner_admits(&owner, other));

    shutdown(self.client, SHUT_WR);
    assert_true(
        csn_gw_owner_ask(plain(&self.peer), plain(&self.local), &owner));
    assert_true(csn_gw_owner_admits(&owner, geteuid()));

    close(self.client);
    self.client = -1;
    if (csn_gw_owner_ask(plain(&self.peer), plain(&self.local), &owner)) {
        assert_false(csn_gw_owner_admits(&owner, geteuid()));
        assert_false(csn_gw_owner_admits(&owner, 0));
    }
    close_pair(&self);
}

static void
ask_nothing(void **state)
{
    struct sockaddr_storage none;
    csn_gw_owner owner = { .uid = 77, .inode = 88, .state = 99 };
    pair self;

    (void)state;
    open_pair(&self, AF_INET, false);
    none = self.peer;
    ((struct sockaddr_in *)&none)->sin_addr.s_addr = htonl(
        INADDR_LOOPBACK + 1);
    assert_false(csn_gw_owner_ask(plain(&none), plain(&self.local), &owner));
    none.ss_family = AF_INET6;
    assert_false(csn_gw_owner_ask(plain(&none), plain(&self.local), &owner));
    none.ss_family = AF_UNIX;
    assert_false(csn_gw_owner_ask(plain(&none), plain(&none), &owner));
    CHECK_EQ("untouched", owner.uid, 77);
    CHECK_EQ("untouched", owner.inode, 88);
    CHECK_EQ("untouched", owner.state, 99);
    close_pair(&self);
}

static void
works_here(void **state)
{
    csn_gw_error error;

    (void)state;
    assert_true(csn_gw_owner_works(&error));
}

static const struct judge_row {
    const char *name;
    csn_gw_owner owner;
    bool admits;
} judge_rows[] = {
    { "judged: connected", { 1000, 5, TCP_ESTABLISHED }, true },
    { "judged: half closed, acknowledged", { 1000, 5, TCP_FIN_WAIT2 }, true },
    { "judged: half closed", { 1000, 5, TCP_FIN_WAIT1 }, true },
    { "judged: closed from this side", { 1000, 5, TCP_CLOSE_WAIT }, true },
    { "judged: another's", { 1001, 5, TCP_ESTABLISHED }, false },
    { "judged: the superuser's", { 0, 5, TCP_ESTABLISHED }, false },
    { "judged: closed", { 1000, 0, TCP_ESTABLISHED }, false },
    { "judged: not connected yet", { 1000, 5, TCP_SYN_SENT }, false },
    { "judged: asked to connect", { 1000, 5, TCP_SYN_RECV }, false },
    { "judged: a listener", { 1000, 5, TCP_LISTEN }, false },
    { "judged: over", { 1000, 5, TCP_TIME_WAIT }, false },
    { "judged: closing", { 1000, 5, TCP_CLOSING }, false },
    { "judged: closed at last", { 1000, 5, TCP_CLOSE }, false },
    { "judged: last word", { 1000, 5, TCP_LAST_ACK }, false },
    { "judged: no state at all", { 1000, 5, 0 }, false },
};

static void
judge(void **state)
{
    const struct judge_row *row = *state;

    CHECK_EQ(row->name, csn_gw_owner_admits(&row->owner, 1000), row->admits);
}

int
main(void)
{
    const struct CMUnitTest others[] = { cmocka_unit_test(ask_nothing),
        cmocka_unit_test(works_here) };

    return CHECK_ROWS("owner", ask_rows, ask) +
        CHECK_ROWS("owner, judged", judge_rows, judge) +
        cmocka_run_group_tests(others, NULL, NULL);
}
