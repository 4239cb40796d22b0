# SPDX-License-Identifier: MIT
"""A content that was announced, waits for 100 (Continue), and is answered
without it: nobody may take it for a request, on either side."""
import pytest

from support import wire
from support.early import EarlyHop, EarlyOrigin
from support.gateway import login
from support.next_hop import PASSWORD
from support.via import make

WAITS = ("Expect", "100-continue")
SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.fixture(scope="module", params=["origin", "forward", "via"])
def place(request, module_gateway, tmp_path_factory):
    """(gateway, its address, where to ask, the layer, who is behind it)"""
    behind = EarlyHop() if request.param == "via" else EarlyOrigin()
    if request.param == "origin":
        gate = module_gateway(origin=behind.url)
        found = gate.origin, "", "origin"
    elif request.param == "forward":
        gate = module_gateway("--allow-dest", "127.0.0.0/8", forward=True)
        found = gate.proxy, behind.url, "proxy"
    else:
        gate = make(module_gateway, behind, tmp_path_factory.mktemp("login"))
        found = gate.proxy, "http://example.test", "proxy"
    yield (gate, *found, behind)
    behind.close()


def credentials(own, layer, target):
    return ({"origin": "Authorization", "proxy": "Proxy-Authorization"}[layer],
            own.credentials("POST", target))


def logged_in(place):
    """A session, with one request behind it."""
    _, address, base, layer, _ = place
    own = login(address, base + "/", layer=layer)
    with wire.Connection(address) as connection:
        sent = credentials(own, layer, base + "/first")
        assert connection.exchange("POST", base + "/first", [sent],
                                   b"x").status == 200
    return own


@pytest.mark.parametrize("at_once", [False, True],
                         ids=["content waits", "content at once"])
def test_answered_without_100(place, at_once):
    """The answer arrives, and the connection ends with it: what comes behind
    it is no request. The next request finds a connection of its own."""
    _, address, base, layer, behind = place
    own = logged_in(place)
    behind.seen.clear()
    target = base + "/early/status/403"
    with wire.Connection(address) as connection:
        connection.send(wire.request("POST", target, [
            credentials(own, layer, target), WAITS,
            ("Content-Length", str(3 << 20))]))
        if at_once:
            connection.send(SMUGGLED)
        got = connection.response("POST")
        assert got.status == 403
        assert got.all("Connection") == ["close"]
        assert connection.is_closed()
    with wire.Connection(address) as connection:
        sent = credentials(own, layer, base + "/next")
        assert connection.exchange("POST", base + "/next", [sent],
                                   b"x").status == 200
    assert not any("smuggled" in seen.target for seen in behind.seen)
    assert [s.body for s in behind.seen if "/next" in s.target] == [b"x"]


def test_answered_with_100(place):
    """Who is told to continue sends it all, and gets his answer."""
    _, address, base, layer, behind = place
    own = logged_in(place)
    for target in (base + "/a", base + "/b"):
        with wire.Connection(address) as connection:
            connection.send(wire.request("POST", target, [
                credentials(own, layer, target), WAITS,
                ("Content-Length", "3000000")]))
            assert connection.until(b"\r\n\r\n").startswith(
                b"HTTP/1.1 100 ")
            connection.send(b"c" * 3000000)
            assert connection.response("POST").status == 200
    assert [len(seen.body) for seen in behind.seen[-2:]] == [3000000] * 2


def test_refused_without_100(place):
    """Strangers are not told to continue; their content is no request."""
    _, address, base, layer, behind = place
    behind.seen.clear()
    with wire.Connection(address) as connection:
        connection.send(wire.request("POST", base + "/", [
            WAITS, ("Content-Length", "3000000")]) + SMUGGLED)
        got = connection.response("POST")
        assert got.status == {"origin": 401, "proxy": 407}[layer]
        assert connection.is_closed()
    assert not behind.seen


@pytest.fixture(scope="module")
def before_a_hop(module_gateway, tmp_path_factory):
    hop = EarlyHop()
    gate = make(module_gateway, hop, tmp_path_factory.mktemp("login"))
    yield gate, hop
    hop.close()


@pytest.mark.parametrize("what, status", [("stale", 200), ("wrong", 502)])
def test_asked_by_the_next_proxy(before_a_hop, what, status):
    """F-35: a next proxy that asks anew without 100, and reads on: what is
    sent again, and whatever comes next, goes on another connection."""
    gate, hop = before_a_hop
    own = login(gate.proxy, "http://example.test/", layer="proxy")

    def post(target, fields=(), body=b""):
        sent = own.credentials("POST", target)
        with wire.Connection(gate.proxy) as connection:
            return connection.exchange("POST", target, [
                ("Proxy-Authorization", sent), *fields], body)

    assert post("http://example.test/", body=b"first").status == 200
    if what == "stale":
        hop.retire()
    else:
        hop.password = "another"
    try:
        assert post("http://example.test/early", [
            WAITS, ("Content-Length", str(3 << 20))]).status == status
    finally:
        hop.password = PASSWORD
    assert post("http://example.test/", body=b"next").status == 200
    assert hop.seen[-1].body == b"next"
