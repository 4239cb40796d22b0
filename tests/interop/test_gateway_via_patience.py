# SPDX-License-Identifier: MIT
"""The forward proxy before a next proxy that goes away, and comes back."""
import resource
import socket
import threading

import pytest

from support import wire
from support.fickle import Fickle
from support.fixtures import authority  # pylint: disable=unused-import
from support.gateway import until
from support.via import BODY, PAGE, WAYS, ask, make, session

WAITS = "countersign_hop_waits_total"
ONCE_MORE = {"GET": b"", "HEAD": b"", "OPTIONS": b"", "PUT": BODY,
             "DELETE": b"", "DELETE with content": BODY}
NEVER_AGAIN = {"POST": BODY, "PATCH": BODY, "CONNECT": b""}


@pytest.fixture(scope="module")
def pair(module_gateway, tmp_path_factory):
    hop = Fickle()
    gate = make(module_gateway, hop, tmp_path_factory.mktemp("login"),
                "--content-limit", "64k")
    yield hop, gate, session(gate)
    hop.close()


@pytest.fixture
def known(pair):
    """The hop, with a session and no connection; the gateway; a login."""
    hop, gate, own = pair
    hop.forget()
    assert ask(gate, own)[0].status == 200
    hop.shut()
    hop.done.clear()
    return pair


def send(gate, own, method, body):
    """`method` may have words behind it."""
    method = method.split()[0]
    target = WAYS["CONNECT"][0] if method == "CONNECT" else PAGE
    sent = own.credentials(method, target)
    with wire.Connection(gate.proxy) as connection:
        got = connection.exchange(method, target,
                                  [("Proxy-Authorization", sent)], body)
    assert own.proves(got.one("Proxy-Authentication-Info"), sent, target)
    return got


@pytest.mark.parametrize("method", ONCE_MORE)
@pytest.mark.parametrize("resets", [False, True], ids=["closed", "reset"])
@pytest.mark.parametrize("cuts", [1, 3])
def test_sent_again(known, method, resets, cuts):
    """C-27: what is idempotent (RFC 9110, 9.2.2) is sent again, whole, under
    its own method and with a count of its own."""
    hop, gate, own = known
    hop.resets, hop.cuts = resets, cuts
    before = gate.metrics()[WAITS]
    assert send(gate, own, method, ONCE_MORE[method]).status == 200
    assert gate.metrics()[WAITS] == before + cuts - 1  # the first is at once
    assert [(seen.method, seen.body) for seen in hop.done] == [
        (method.split()[0], ONCE_MORE[method])] * (cuts + 1)
    assert len(set(hop.accepted)) == len(hop.accepted) == cuts + 2


@pytest.mark.parametrize("method", NEVER_AGAIN)
@pytest.mark.parametrize("resets", [False, True], ids=["closed", "reset"])
def test_never_again(known, method, resets):
    """RFC 9110, 9.2.2: what may have taken effect is not repeated: 502, and
    the log says why."""
    hop, gate, own = known
    hop.resets, hop.cuts = resets, 1
    before = gate.refused("proxy", "answer-lost")
    assert send(gate, own, method, NEVER_AGAIN[method]).status == 502
    assert len(hop.done) == 1
    assert gate.refused("proxy", "answer-lost") == before + 1
    entry = gate.wait_log("answer-lost")
    assert (entry["status"], entry["user"]) == (502, "alice")


@pytest.mark.parametrize("method", ["PUT", "GET"])
@pytest.mark.parametrize("resets", [False, True], ids=["closed", "reset"])
def test_content_that_is_gone(known, method, resets):
    """Content too long to be kept cannot be sent again."""
    hop, gate, own = known
    hop.resets, hop.cuts = resets, 1
    assert send(gate, own, method, b"x" * 65537).status == 502
    assert len(hop.done) == 1


@pytest.mark.parametrize("method, status, times", [("POST", 502, 1),
                                                   ("PUT", 200, 2)])
def test_broken_while_sending(gateway, tmp_path, method, status, times):
    """To the engine that is a connection that was never made, whatever went
    out before."""
    hop = Fickle()
    hop.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    gate = make(gateway, hop, tmp_path, "--content-limit", "8m")
    own = session(gate)
    assert ask(gate, own)[0].status == 200
    hop.done.clear()
    hop.resets, hop.early, hop.cuts = True, True, 1
    assert send(gate, own, method, b"x" * (8 << 20)).status == status
    assert len(hop.done) == times
    hop.close()


@pytest.mark.parametrize("octets", [b"HTTP/1.1 garbage\r\n\r\n", b"\0" * 99])
def test_unreadable_is_an_answer(known, octets):
    """Who answers what cannot be read is not asked again."""
    hop, gate, own = known
    hop.answer = lambda seen: octets
    assert send(gate, own, "GET", b"").status == 502
    assert len(hop.done) == 1


@pytest.mark.parametrize("method, status, times", [("POST", 502, 1),
                                                   ("PUT", 200, 2)])
def test_over_tls(gateway, authority, tmp_path, method, status, times):
    """Behind TLS it is the same."""
    hop = Fickle(tls=authority.server(), host="localhost")
    gate = make(gateway, hop, tmp_path, "--tls-ca", authority.ca)
    own = session(gate)
    assert ask(gate, own)[0].status == 200
    hop.done.clear()
    hop.cuts = 1
    assert send(gate, own, method, BODY).status == status
    assert [(seen.method, seen.body) for seen in hop.done] == [
        (method, BODY)] * times
    hop.close()


def at_once(gate, own, methods, found):
    def one(method):
        found.append((method, ask(gate, own, method)[0].status))

    threads = [threading.Thread(target=one, args=(m,)) for m in methods]
    for thread in threads:
        thread.start()
    return threads


@pytest.mark.parametrize("tls", [False, True])
def test_hop_that_comes_back(gateway, authority, tmp_path, tls):
    """C-28: nothing is lost while nobody listens there, and who comes back
    is asked once, though it knows no nonce of before."""
    secure = {"tls": authority.server(), "host": "localhost"} if tls else {}
    hop = Fickle(**secure)
    gate = make(gateway, hop, tmp_path, *(
        ["--tls-ca", authority.ca] if tls else []))
    own = session(gate)
    assert ask(gate, own)[0].status == 200
    hop.close()
    found = []
    threads = at_once(gate, own, list(WAYS) * 4, found)
    until(lambda: gate.metrics()[WAITS] >= 4, 10)
    back = Fickle(port=hop.port, **secure)
    for thread in threads:
        thread.join(20)
    assert sorted(found) == sorted([(method, 200) for method in WAYS] * 4)
    assert back.challenged == 1
    assert len(back.done) == len(found)
    back.close()


def test_slow_is_not_away(gateway, tmp_path):
    """Nobody waits for long behind a request that the hop takes its time
    for, also when it was away once."""
    hop = Fickle()
    gate = make(gateway, hop, tmp_path)
    own = session(gate)
    hop.close()
    found = []
    threads = at_once(gate, own, ["GET"], found)
    until(lambda: gate.metrics()[WAITS] > 0, 10)
    back = Fickle(port=hop.port)
    threads[0].join(20)
    asked, second, in_time = threading.Event(), threading.Event(), []

    def answer(seen):
        if seen.method == "POST":
            second.set()
        elif back.cuts == 0:  # it broke, and was sent again
            asked.set()
            in_time.append(second.wait(4))

    back.cuts, back.answer = 1, answer
    threads = at_once(gate, own, ["GET"], found)
    assert asked.wait(10)
    threads += at_once(gate, own, ["POST"], found)
    for thread in threads:
        thread.join(20)
    assert [status for _, status in found] == [200] * 3
    assert in_time and all(in_time)
    back.close()


@pytest.mark.parametrize("patience", [0, 1])
def test_patience_ends(gateway, tmp_path, patience):
    """Who stays away is 502, with a reason of its own; the next request finds
    the hop when it is back, however many failed before."""
    hop = Fickle()
    gate = make(gateway, hop, tmp_path, "--via-patience", patience)
    own = session(gate)
    hop.close()
    found = []
    for thread in at_once(gate, own, list(WAYS) * 4, found):
        thread.join(20)
    assert {status for _, status in found} == {502}
    assert gate.wait_log("hop-away")["status"] == 502
    assert gate.refused("proxy", "hop-away") == len(found)
    back = Fickle(port=hop.port)
    for method in WAYS:
        assert ask(gate, own, method)[0].status == 200
    back.close()


@pytest.fixture
def many_files():
    """Room for thousands of connections."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_bounded_waiting(gateway, tmp_path, many_files):
    """Thousands that wait are too many: who comes then is told at once."""
    hop = Fickle()
    gate = make(gateway, hop, tmp_path, "--max-failures", "0",
                "--via-patience", "20")
    assert ask(gate, session(gate))[0].status == 200
    hop.close()
    waiting = []
    for number in range(2200):
        if number % 200 == 0:
            own = session(gate)
        waiting.append(wire.Connection(gate.proxy))
        waiting[-1].send(wire.request("GET", PAGE, [
            ("Proxy-Authorization", own.credentials("GET", PAGE))]))
    until(lambda: gate.refused("proxy", "hop-away") > 0, 10)
    assert 1000 < gate.metrics()["countersign_requests_active"] <= 2200
    for connection in waiting:
        connection.close()


def test_client_that_leaves(gateway, tmp_path):
    """Nothing stays of a client that does not wait for the hop, once its
    patience would have ended."""
    hop = Fickle()
    gate = make(gateway, hop, tmp_path, "--via-patience", "1")
    own = session(gate)
    hop.close()
    for method in WAYS:
        target, body = WAYS[method]
        connection = wire.Connection(gate.proxy)
        connection.send(wire.request(method, target, [
            ("Proxy-Authorization", own.credentials(method, target))], body))
        before = gate.metrics()[WAITS]
        until(lambda: gate.metrics()[WAITS] > before, 10)
        connection.close()
    until(lambda: gate.metrics()["countersign_requests_active"] == 1, 10)
    back = Fickle(port=hop.port)
    assert ask(gate, own)[0].status == 200
    assert [seen.line.split()[0] for seen in back.done] == ["GET"]
    back.close()


@pytest.mark.parametrize("more", [[], ["--via-bypass", "other.test"]],
                         ids=["engine", "plugin"])
def test_unknown_name(gateway, tmp_path, more):
    """A hop whose name nobody knows is away too, whoever looks it up."""
    hop = Fickle()
    hop.url = "http://nobody.invalid:3128"
    gate = make(gateway, hop, tmp_path, "--via-patience", "1", *more)
    got, proved = ask(gate, session(gate))
    assert (got.status, proved) == (502, True)
    assert gate.wait_log("hop-away")["status"] == 502
    hop.close()


def test_idle_connections_end(known):
    """A connection is not kept for the hop to close it under a request."""
    hop, gate, own = known
    assert ask(gate, own)[0].status == 200
    assert hop.open
    until(lambda: not hop.open, 20)
