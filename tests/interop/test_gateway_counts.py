# SPDX-License-Identifier: MIT
"""Counts, replays and nonce rollover through a running gateway, and through
nginx."""
import collections
import random
import threading
import time

import pytest

from support import digest, wire
from support.gateway import Gateway, login
from support.guards import (guard, memory_kib,  # pylint: disable=unused-import
                            module_guard)


def in_parallel(jobs):
    """Run callables at once, start to start; their results, in order."""
    results = [None] * len(jobs)
    gate = threading.Barrier(len(jobs))

    def run(number, job):
        try:
            gate.wait()
            results[number] = job()
        except Exception as error:  # told to the test, not to the thread
            results[number] = error

    threads = [threading.Thread(target=run, args=(n, job))
               for n, job in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    failed = [r for r in results if isinstance(r, Exception)]
    assert not failed, failed
    return results


def stale(got):
    line = got.all("WWW-Authenticate")[0]
    return digest.challenge(line).get("stale", "").lower() == "true"


@pytest.fixture(scope="module")
def shared(module_guard, module_origin):
    return module_guard(origin=module_origin.url), module_origin


@pytest.fixture
def served(shared):
    shared[1].forget()
    return shared


def send(address, credentials, target="/"):
    with wire.Connection(address) as connection:
        return connection.exchange(target=target, fields=[
            ("Authorization", credentials)])


@pytest.mark.parametrize("round_", range(3))
def test_d_24_sixty_in_parallel(served, round_):
    """D-24 D-25: 60 requests on one nonce over 6 connections, counts in any
    order: 60 times 200, each proved."""
    gate, origin = served
    session = login(gate.origin)
    counts = list(range(1, 61))
    random.Random(round_).shuffle(counts)

    def six(mine):
        statuses = []
        with wire.Connection(gate.origin) as connection:
            for nc in mine:
                sent = session.credentials("GET", "/", nc=nc)
                got = connection.exchange(fields=[("Authorization", sent)])
                statuses.append((got.status, session.proves(
                    got.one("Authentication-Info"), sent, "/")))
        return statuses

    results = in_parallel([lambda mine=counts[n::6]: six(mine)
                           for n in range(6)])
    assert sum(results, []) == [(200, True)] * 60
    assert len(origin.seen) == 60


@pytest.mark.parametrize("round_", range(5))
def test_d_25_same_octets_once(served, round_):
    """D-23 D-25: the same octets on 16 connections at once: one 200."""
    gate, origin = served
    session = login(gate.origin)
    sent = session.credentials("GET", "/", nc=1 + round_ * 50)
    octets = wire.request(fields=[("Authorization", sent)])

    def once():
        with wire.Connection(gate.origin) as connection:
            connection.send(octets)
            return connection.response()

    got = in_parallel([once] * 16)
    statuses = collections.Counter(one.status for one in got)
    assert statuses == {200: 1, 401: 15}
    assert all(stale(one) for one in got if one.status == 401)
    assert len(origin.seen) == 1


def test_d_22_replay_is_named(served):
    """D-22: a replay gets a new nonce with stale=true, and is logged as
    what it is."""
    gate, _ = served
    session = login(gate.origin)
    sent = session.credentials("GET", "/")
    before = gate.refused("origin", "replay")
    assert send(gate.origin, sent).status == 200
    got = send(gate.origin, sent)
    assert got.status == 401 and stale(got)
    assert gate.refused("origin", "replay") == before + 1
    entry = gate.wait_log("replay")
    assert entry["user"] == "alice"


def test_d_24_window(served):
    """D-24: within the window each once, in any order; below it none."""
    gate, _ = served
    session = login(gate.origin)
    for nc, status in ((300, 200), (45, 200), (45, 401), (299, 200),
                       (44, 401), (1, 401), (556, 200), (300, 401),
                       (301, 200), (301, 401)):
        got = send(gate.origin, session.credentials("GET", "/", nc=nc))
        assert got.status == status, nc


def test_d_26_strangers_burn_nothing(served):
    """D-26: a stranger's wrong answers with huge and with near counts
    change nothing for the user."""
    gate, _ = served
    session = login(gate.origin)
    stranger = digest.Session.__new__(digest.Session)
    stranger.__dict__.update(session.__dict__)
    stranger.ha1 = "0" * 64
    for nc in (0xffffffff, 0x7fffffff, 2, 3, 257):
        got = send(gate.origin, stranger.credentials("GET", "/", nc=nc))
        assert got.status == 401 and not stale(got)
    for nc in (1, 2, 3, 257):
        got = send(gate.origin, session.credentials("GET", "/", nc=nc))
        assert got.status == 200, nc


def test_nonce_of_another_user(served):
    """A nonce belongs to the user who first proved himself with it."""
    gate, _ = served
    alice = login(gate.origin)
    bob = login(gate.origin, user="bob")
    bob.take_nonce(alice.nonce)
    assert send(gate.origin, alice.credentials("GET", "/")).status == 200
    got = send(gate.origin, bob.credentials("GET", "/", nc=2))
    assert got.status == 401 and stale(got)
    assert gate.refused("origin", "nonce-of-other-user") == 1
    assert send(gate.origin, alice.credentials("GET", "/", nc=2)).status == 200


class Follower:
    """A client that follows nextnonce, as RFC 7616, 3.5 would have it."""

    def __init__(self, gate):
        self.gate = gate
        self.session = login(gate.origin)
        self.connection = wire.Connection(gate.origin)
        self.lock = threading.Lock()
        self.nonces = {self.session.nonce}
        self.refused = []
        self.served = 0

    def once(self, connection):
        with self.lock:
            sent = self.session.credentials("GET", "/")
        got = connection.exchange(fields=[("Authorization", sent)])
        if got.status != 200:
            self.refused.append(got)
            return
        info = got.one("Authentication-Info")
        assert self.session.proves(info, sent, "/")
        self.served += 1
        following = digest.parameters(info).get("nextnonce")
        with self.lock:
            if following and following not in self.nonces:
                self.nonces.add(following)
                self.session.take_nonce(following)


def test_e_31_rollover_under_load(guard, origin):
    """E-30 E-31 E-34: 32 clients that follow nextnonce, a nonce life of two
    seconds: not one refusal while nonces roll over."""
    gate = guard("--nonce-life", "2s", origin=origin.url)
    clients = [Follower(gate) for _ in range(32)]
    end = time.monotonic() + 7

    def run(client):
        while time.monotonic() < end:
            client.once(client.connection)
            time.sleep(0.005)
        client.connection.close()

    in_parallel([lambda c=c: run(c) for c in clients])
    refused = sum((c.refused for c in clients), [])
    assert not refused, refused[:3]
    assert all(len(c.nonces) >= 4 for c in clients)
    assert sum(c.served for c in clients) > 2000


def test_e_34_one_successor(guard, origin):
    """E-34: parallel requests of one client on one nonce are all told the
    same nextnonce, and it works."""
    gate = guard("--nonce-life", "2s", origin=origin.url)
    client = Follower(gate)
    time.sleep(1.6)  # less than a quarter of its life is left
    wires = [wire.Connection(gate.origin) for _ in range(8)]
    in_parallel([lambda w=w: client.once(w) for w in wires])
    assert client.served == 8
    assert len(client.nonces) == 2
    client.once(wires[0])
    assert client.served == 9 and not client.refused
    for one in wires:
        one.close()


def test_d_14_expired_nonce(guard, origin):
    """D-14 D-19 D-20: past its life a nonce is stale for the user, and no
    more than a wrong answer for a stranger."""
    gate = guard("--nonce-life", "1s", origin=origin.url)
    session = login(gate.origin)
    right = session.credentials("GET", "/", nc=1)
    session.ha1 = "0" * 64
    wrong = session.credentials("GET", "/", nc=2)
    time.sleep(1.3)
    got = send(gate.origin, right)
    assert got.status == 401 and stale(got)
    got = send(gate.origin, wrong)
    assert got.status == 401 and not stale(got)
    assert gate.refused("origin", "stale") == 1


def test_d_28_one_time(guard, origin):
    """D-28 E-29: one-time nonces in parallel: one 200 each, the others
    stale; every response names the next one, which works."""
    gate = guard("--one-time", origin=origin.url)
    session = login(gate.origin)
    got = in_parallel([
        lambda nc=nc: send(gate.origin,
                           session.credentials("GET", "/", nc=nc))
        for nc in range(1, 13)])
    statuses = collections.Counter(one.status for one in got)
    assert statuses == {200: 1, 401: 11}
    assert all(stale(one) for one in got if one.status == 401)
    info = [one for one in got if one.status == 200][0].one(
        "Authentication-Info")
    for _ in range(10):
        session.take_nonce(digest.parameters(info)["nextnonce"])
        one = send(gate.origin, session.credentials("GET", "/"))
        assert one.status == 200
        info = one.one("Authentication-Info")


def flood(gate, total, workers=4):
    """`total` challenges to strangers, pipelined."""
    batch = 50
    octets = wire.request(target="/flood") * batch
    started = b"HTTP/1.1 "
    refused = started + b"401 "

    def run():
        with wire.Connection(gate.origin) as connection:
            for _ in range(total // workers // batch):
                connection.send(octets)
                while connection.buffer.count(refused) < batch:
                    assert connection.more()
                # The last one's body may still be under way.
                *_, connection.buffer = connection.buffer.rpartition(refused)
                assert started not in connection.buffer

    in_parallel([run] * workers)


def test_h_05_flood_of_strangers(guard, origin):
    """H-05 H-06: 200,000 challenges leave memory flat and the user's nonce
    alive."""
    gate = guard("--log", "/dev/null", origin=origin.url)
    session = login(gate.origin)
    assert send(gate.origin, session.credentials("GET", "/")).status == 200
    flood(gate, 20000, 40)  # the pools of every thread and process fill
    before = memory_kib(gate)
    flood(gate, 180000)
    grown = memory_kib(gate) - before
    assert grown < 2048, f"{grown} KiB more"
    if isinstance(gate, Gateway):
        samples = gate.metrics()
        assert samples["countersign_live_nonces"] == 1
        assert samples["countersign_counts_evictions_total"] == 0
    assert send(gate.origin, session.credentials("GET", "/")).status == 200


def test_connections_leave_nothing(guard, origin):
    """Many connections of one user, one request each: memory stays flat."""
    gate = guard("--log", "/dev/null", origin=origin.url)
    session = login(gate.origin)

    def many(count):
        for _ in range(count):
            got = send(gate.origin, session.credentials("GET", "//x"),
                       "//x")
            assert got.status == 200

    many(500)
    before = memory_kib(gate)
    many(3000)
    grown = memory_kib(gate) - before
    assert grown < 1024, f"{grown} KiB more"
