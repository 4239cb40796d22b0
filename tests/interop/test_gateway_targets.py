# SPDX-License-Identifier: MIT
"""Request targets on the wire: judged and passed on as they were sent, by the
gateway and by nginx."""
import pytest

from support import wire
from support.gateway import login
from support.guards import module_guard  # pylint: disable=unused-import

# What the client sends, and what the application must see.
TARGETS = [
    ("/", "/"), ("/a", "/a"), ("/a?", "/a?"), ("/a;", "/a;"),
    ("/a;?", "/a;?"), ("/a;b", "/a;b"), ("/a;b?c", "/a;b?c"),
    ("/a?b;", "/a?b;"), ("/a?b?", "/a?b?"), ("//", "//"),
    ("//b//c", "//b//c"), ("///b", "///b"), ("/?", "/?"), ("/?x", "/?x"),
    ("/;x", "/;x"), ("/a//b?", "/a//b?"), ("/%41", "/%41"),
    ("/a/../b", "/a/../b"), ("/a%2fb", "/a%2fb"), ("/./", "/./"),
    ("/a?b=//c", "/a?b=//c"), ("/~!$&'()*+,=:@", "/~!$&'()*+,=:@"),
    ("/a\"b\\c", "/a\"b\\c"),
]

# (target, uri) that do not name the same resource (D-29, D-35).
MISMATCHES = [
    ("/a", "/b"), ("/a", "/"), ("/a?b", "/a"), ("/a", "/a?b"),
    ("/a?b=c", "/a?b=d"), ("/a?", "/a"), ("/a", "/a?"), ("/a;", "/a"),
    ("//b", "/b"), ("/b", "//b"), ("/%41", "/A"), ("/a/../b", "/b"),
    ("/a", "/a/"), ("/A", "/a"), ("/a", "a"), ("/a", "*"), ("/a", "/a#f"),
    ("/a", "http://other.example/a"), ("/a", "https://{host}/a"),
    ("/a", "http://{host}/b"), ("/a?b", "http://{host}/a"),
    ("/a", "http://{host}:1/a"),
]


@pytest.fixture(scope="module")
def shared(module_guard, module_origin):
    return module_guard(origin=module_origin.url), module_origin


@pytest.fixture(scope="module")
def forward(module_gateway):
    return module_gateway("--allow-dest", "127.0.0.1", forward=True)


@pytest.fixture
def served(shared):
    shared[1].forget()
    return shared


def ask(connection, session, target, uri, **more):
    sent = session.fields("GET", uri)
    sent["uri"] = '"' + uri.replace("\\", "\\\\").replace('"', '\\"') + '"'
    text = "Digest " + ", ".join(f"{k}={v}" for k, v in sent.items())
    got = connection.exchange(target=target, fields=[("Authorization", text)],
                              **more)
    infos = got.all("Authentication-Info")
    return got, bool(infos) and session.proves(infos[0], text, uri)


@pytest.mark.parametrize("target, seen", TARGETS,
                         ids=[t for t, _ in TARGETS])
def test_d_30_as_sent(served, target, seen):
    """D-30 G-25: octet equality, and the application sees those octets."""
    gate, origin = served
    with wire.Connection(gate.origin) as connection:
        got, proved = ask(connection, login(gate.origin), target, target)
    assert (got.status, proved) == (200, True)
    assert origin.seen[0].target == seen


@pytest.mark.parametrize("target, uri", MISMATCHES,
                         ids=[f"{t} {u}" for t, u in MISMATCHES])
def test_d_29_mismatch(served, target, uri):
    """D-29 D-35: another resource is refused with 400, and not forwarded."""
    gate, origin = served
    host = "%s:%d" % gate.origin
    before = gate.refused("origin", "uri-mismatch")
    with wire.Connection(gate.origin) as connection:
        got, _ = ask(connection, login(gate.origin), target,
                     uri.format(host=host))
    assert got.status == 400
    assert gate.refused("origin", "uri-mismatch") == before + 1
    assert not origin.seen


def test_d_31_absolute_uri(served):
    """D-31: a proxy between may have made the target origin-form."""
    gate, origin = served
    host = "%s:%d" % gate.origin
    with wire.Connection(gate.origin) as connection:
        got, proved = ask(connection, login(gate.origin), "/a?b",
                          f"http://{host}/a?b")
    assert (got.status, proved) == (200, True)
    assert origin.seen[0].target == "/a?b"


@pytest.mark.parametrize("target, seen", [
    ("http://{host}/a?b", "/a?b"), ("http://{host}/a?", "/a?"),
    ("http://{host}//b", "//b"), ("http://{host}", "/"),
    ("http://{host}?x", "/?x"),
])
def test_absolute_form(served, target, seen):
    """Absolute-form at the application's address, query and all."""
    gate, origin = served
    target = target.format(host="%s:%d" % gate.origin)
    with wire.Connection(gate.origin) as connection:
        got, proved = ask(connection, login(gate.origin), target, target)
    assert (got.status, proved) == (200, True)
    assert origin.seen[0].target == seen


@pytest.mark.parametrize("path", ["/a?", "/a;", "//b//c", "/a?b", ""])
def test_g_27_proxy_targets(forward, module_origin, path):
    """G-25 G-27: the proxy judges the target before it rewrites it, and
    rewrites nothing but the form."""
    module_origin.forget()
    target = module_origin.url + path
    session = login(forward.proxy, target, layer="proxy")
    with wire.Connection(forward.proxy) as connection:
        sent = session.credentials("GET", target)
        got = connection.exchange(target=target, fields=[
            ("Proxy-Authorization", sent)])
    assert got.status == 200
    assert session.proves(got.one("Proxy-Authentication-Info"), sent, target)
    assert module_origin.seen[0].target == (path or "/")


def test_targets_on_one_connection(served):
    """Headers that cross the engine's buffer blocks are known as sent."""
    gate, origin = served
    session = login(gate.origin)
    with wire.Connection(gate.origin) as connection:
        for number in range(150):
            target = f"//x?{number}" if number % 2 else "/y;?"
            got, proved = ask(connection, session, target, target)
            assert (got.status, proved) == (200, True), number
            assert origin.seen[-1].target == target, number


def test_pipelined_targets(served):
    """Requests sent in one go are told apart."""
    gate, origin = served
    session = login(gate.origin)
    targets = [f"//p{number};" for number in range(25)]
    with wire.Connection(gate.origin) as connection:
        connection.send(b"".join(
            wire.request(target=target, fields=[
                ("Authorization", session.credentials("GET", target)),
                ("X-Pad", "p" * 300)])
            for target in targets))
        for _ in targets:
            assert connection.response().status == 200
    assert [seen.target for seen in origin.seen] == targets


def test_long_headers(served):
    """A header longer than a buffer block: the login works, whatever the
    target."""
    gate, origin = served
    session = login(gate.origin)
    with wire.Connection(gate.origin) as connection:
        for size in (3000, 5000, 9000, 20000):
            for target in ("/long?x", "//long?"):
                sent = session.credentials("GET", target)
                got = connection.exchange(target=target, fields=[
                    ("X-Pad", "p" * size), ("Authorization", sent)])
                assert got.status == 200, (size, target)
                assert session.proves(got.one("Authentication-Info"), sent,
                                      target)


def test_slow_headers(served):
    """A header that comes in pieces, each held back for a moment."""
    gate, origin = served
    session = login(gate.origin)
    with wire.Connection(gate.origin) as connection:
        for _ in range(12):
            octets = wire.request(target="//slow?", fields=[
                ("Authorization", session.credentials("GET", "//slow?"))])
            for start in range(0, len(octets), 97):
                connection.send(octets[start:start + 97])
            assert connection.response().status == 200
            assert origin.seen[-1].target == "//slow?"


@pytest.mark.parametrize("line, status", [
    ("OPTIONS * HTTP/1.1", 400),  # the engine's; see docs/conformance.md
    ("GET * HTTP/1.1", 400),
    ("GET a/b HTTP/1.1", 400),
    ("GET /a b HTTP/1.1", 400),
    (" / HTTP/1.1", 400),
    ("/ HTTP/1.1", 400),
    ("GET  HTTP/1.1", 400),
    ("G@T / HTTP/1.1", 400),
])
def test_h_14_not_a_request(served, line, status):
    """H-14: no method, no target, or neither: 400 and nothing forwarded."""
    gate, origin = served
    with wire.Connection(gate.origin) as connection:
        connection.send(line.encode() + b"\r\nHost: localhost\r\n\r\n")
        head = connection.until(b"\r\n").decode()
    assert head.split(" ")[1] == str(status)
    assert not origin.seen


@pytest.mark.parametrize("octets", [
    b"PUSH /x HTTP/1.1\r\nHost: a\r\n\r\n",
    b"PURGE /x HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
])
def test_engine_refusals_on_one_connection(served, octets):
    """Requests the engine refuses before the plugin sees them, many on one
    connection that logged in: each is answered, and so is the next login."""
    gate, origin = served
    serving = gate.pids()
    session = login(gate.origin)
    with wire.Connection(gate.origin) as connection:
        got, proved = ask(connection, session, "//a?", "//a?")
        assert (got.status, proved) == (200, True)
        for _ in range(20):
            connection.send(octets)
            assert connection.response().status in (400, 401, 403)
        got, proved = ask(connection, session, "//b?", "//b?")
        assert (got.status, proved) == (200, True)
    assert origin.seen[-1].target == "//b?"
    assert gate.pids() == serving
