# SPDX-License-Identifier: MIT
"""A chain whose first proxy takes contents in before anything goes further
(auth-int), and what an attacker makes of that."""
import threading

import pytest

from support import wire
from support.chain import look_at_hop, via
from support.early import EarlyHop
from support.gateway import USERS, until
from support.impostor import PA, PZ, hurt
from support.via import FAULTS
from support.whole import KIB, ask, chunked, content, login

LIMIT = 64 * KIB
OFFICE = ("office", "office-secret")


class Guarded:
    """A gateway under auth-int in A's place, and the rest of the chain."""

    def __init__(self, gate):
        self.gate = gate
        self.chain = None

    def __call__(self, chain):
        self.chain = chain
        self.url = chain.behind.url + "/take"
        self.out = chain.wires[1]
        assert self.ask("GET").status == 200  # sessions stand
        chain.forget()
        return self

    def connection(self):
        return wire.Connection(self.gate.proxy)

    def ask(self, method="POST", body=b"", **more):
        with self.connection() as connection:
            return ask(connection, self.own(), method, self.url, body,
                       layer="proxy", **more)

    def own(self):
        return login(self.gate.proxy, "proxy")

    def is_empty(self):
        """Nothing is held, nobody waits."""
        return self.gate.metrics()["countersign_content_held_bytes"] == 0


@pytest.fixture(scope="module")
def gate_of_all(whole_chain, module_gateway, tmp_path_factory):
    return Guarded(via(
        module_gateway, tmp_path_factory.mktemp("logins"),
        whole_chain.wires[1].port, "office", "--qop", "auth,auth-int",
        "--content-limit", "64k", users=USERS))


@pytest.fixture
def guarded(gate_of_all, chain):
    yield gate_of_all(chain)
    until(gate_of_all.is_empty, 5)


FRAMINGS = ["length", "chunks", "Expect"]


def framed(body, framing):
    if framing == "chunks":
        return {"fields": [("Transfer-Encoding", "chunked")],
                "framed": chunked([body[:-1], body[-1:]])}
    return {"fields": [("Expect", "100-continue")]} if framing == "Expect" \
        else {}


@pytest.mark.parametrize("framing", FRAMINGS)
@pytest.mark.parametrize("size", [1, LIMIT - 1, LIMIT])
def test_d_41_up_to_the_limit(guarded, size, framing):
    """D-41 C-57: a content of the limit itself goes through all; every hop is
    proved, and the first by the content that comes back."""
    body = content(size)
    got = guarded.ask(body=body, **framed(body, framing))
    assert (got.status, got.proved) == (200, True)
    assert [seen.body for seen in guarded.chain.behind.seen] == [body]
    for exchange in guarded.out.exchanges:
        look_at_hop(exchange, *OFFICE)


@pytest.mark.parametrize("framing", FRAMINGS)
def test_d_41_beyond_the_limit(guarded, framing):
    """D-41: an octet more is 413, and the next proxy hears nothing of it."""
    body = content(LIMIT + 1)
    if framing == "chunks":
        got = guarded.ask(body=body, **framed(body, framing))
        assert got.status == 413
    else:
        own = guarded.own()
        sent = own.credentials("POST", guarded.url, content=body)
        with guarded.connection() as connection:
            connection.send(wire.request("POST", guarded.url, [
                (PZ, sent), ("Content-Length", str(len(body))),
                *framed(body, framing).get("fields", [])]))
            assert connection.response("POST").status == 413
    assert not guarded.out.exchanges


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
@pytest.mark.parametrize("size", [1, LIMIT])
def test_f_35_repeat(guarded, method, size):
    """F-35: a content that was held is sent again after a stale nonce, the
    same octets, and takes effect once."""
    body = b"" if method == "GET" else content(size)
    lost = []

    def lose(message):
        if not lost:
            lost.append(message)
            message.put(PZ)
    guarded.out.request = lose
    guarded.out.response = lambda _, message: message.put(
        PA, *[line + ", stale=true" for line in message.all(PA)])
    got = guarded.ask(method, body)
    assert (got.status, got.proved) == (200, True)
    assert [seen.body for seen in guarded.chain.behind.seen] == [body]
    lengths = [e.request.all("Content-Length")
               for e in guarded.out.exchanges]
    assert len(lengths) == 2 and lengths[0] == lengths[1]


@pytest.mark.parametrize("cut", [0, 1, LIMIT - 1])
def test_c_57_client_breaks_off(guarded, cut):
    """C-57: who does not send all has done nothing, and holds nothing."""
    body = content(LIMIT)
    own = guarded.own()
    sent = own.credentials("POST", guarded.url, content=body)
    with guarded.connection() as connection:
        connection.send(wire.request("POST", guarded.url, [
            (PZ, sent), ("Content-Length", str(LIMIT))]) + body[:cut])
    until(guarded.is_empty, 5)
    assert not guarded.out.exchanges
    assert guarded.ask(body=body).proved


@pytest.mark.parametrize("size", [1, LIMIT])
def test_client_leaves_after_the_content(guarded, size):
    """What was sent whole goes its way, whether or not anybody waits for the
    answer; it takes effect once, and nothing is held afterwards."""
    body = content(size)
    own = guarded.own()
    sent = own.credentials("POST", guarded.url, content=body)
    here, go = threading.Event(), threading.Event()

    def wait(_message):
        here.set()
        go.wait(10)
    guarded.out.request = wait
    with guarded.connection() as connection:
        connection.send(wire.request("POST", guarded.url, [
            (PZ, sent), ("Content-Length", str(size))]) + body)
        assert here.wait(10)
    go.set()
    until(guarded.is_empty, 5)
    guarded.out.request = None
    assert guarded.ask(body=body).proved
    bodies = [seen.body for seen in guarded.chain.behind.seen]
    assert 1 <= len(bodies) <= 2 and set(bodies) == {body}


@pytest.mark.parametrize("signed", [b"another", b""])
def test_c_57_changed_content(guarded, signed):
    """C-57 D-41: a content that is not the one signed goes nowhere."""
    got = guarded.ask(body=b"what was put in its place", signed=signed)
    assert got.status == 407
    assert not guarded.out.exchanges


@pytest.mark.parametrize("fault", FAULTS)
def test_f_56_changed_proof(guarded, fault):
    """F-56: what the next proxy did not prove is 502, and that page has a
    proof of its content; the client's own content does not come back."""
    guarded.out.response = hurt(fault)
    before = guarded.gate.refused("proxy", fault)
    got = guarded.ask(body=b"a secret")
    assert (got.status, got.proved) == (502, True)
    assert got.body == b"502 Bad Gateway\n"
    assert guarded.gate.refused("proxy", fault) == before + 1


@pytest.mark.parametrize("status", [200, 403])
@pytest.mark.parametrize("size", [1, LIMIT])
def test_next_proxy_answers_early(guarded, size, status):
    """A next proxy that answers before it has read the content, and reads on:
    the answer arrives, with the first's proof, and the next request is taken
    for what it is."""
    hop = EarlyHop()
    guarded.out.to, honest = hop.address, guarded.out.to
    guarded.out.drop()
    try:
        kept, guarded.url = guarded.url, (
            f"http://example.test/early/status/{status}")
        body = content(size)
        got = guarded.ask(body=body)
        assert (got.status, got.proved) == (status, True)
        guarded.url = "http://example.test/next"
        assert guarded.ask(body=b"next").proved
        assert hop.seen[-1].body == b"next"
    finally:
        guarded.url = kept
        guarded.out.to = honest
        guarded.out.drop()
        hop.close()
    guarded.ask("GET")  # its session was with who stood there
