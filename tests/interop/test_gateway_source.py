# SPDX-License-Identifier: MIT
"""Behind a load balancer: whose address counts, and who is believed. The
balancer is 127.0.0.1; 127.0.0.66 is a stranger."""
import socket
import ssl
import struct
import subprocess
import time

import pytest

from support import digest, wire
from support.gateway import login

BALANCER = "127.0.0.1"
STRANGER = "127.0.0.66"
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


def v1(client, family="TCP4", server="127.0.0.1"):
    return f"PROXY {family} {client} {server} 4711 80\r\n".encode()


def v2(client, command=0x21, family=None, tail=b""):
    if family is None:
        family = 0x21 if ":" in client else 0x11
    kind = socket.AF_INET6 if ":" in client else socket.AF_INET
    server = "::1" if ":" in client else "127.0.0.1"
    block = b"" if command == 0x20 else (
        socket.inet_pton(kind, client) + socket.inet_pton(kind, server) +
        struct.pack("!HH", 4711, 80))
    block += tail
    return SIGNATURE + bytes([command, family]) + struct.pack(
        "!H", len(block)) + block


LOCAL = v2("0.0.0.0", command=0x20, family=0)


class Opened(wire.Connection):
    """A connection that begins with `header`."""

    def __init__(self, address, header=b"", source=BALANCER, tls=None):
        super().__init__(address, source=(source, 0))
        self.send(header)
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket,
                                          server_hostname="localhost")


def ask(gate, header=b"", fields=(), source=BALANCER, target="/"):
    with Opened(gate.origin, header, source) as connection:
        return connection.exchange(target=target, fields=fields)


def challenge(gate, header=b"", fields=(), source=BALANCER):
    return digest.Session(
        ask(gate, header, fields, source).all("WWW-Authenticate"))


def wrong(session):
    fields = session.fields("GET", "/")
    fields["response"] = digest.quote("0" * 64)
    return ("Authorization", digest.render(fields))


def right(session, target="/"):
    return ("Authorization", session.credentials("GET", target))


def logged(gate, count):
    """The refusals logged, once there are so many."""
    end = time.monotonic() + 5
    while len(gate.log()) < count:
        assert time.monotonic() < end, gate.log()
        time.sleep(0.02)
    return gate.log()


def sources(gate):
    return {name.split('"')[1]: count
            for name, count in gate.metrics().items()
            if name.startswith("countersign_sources_total") and count}


def behind(gateway, origin, way, *arguments):
    return gateway("--source", way, "--trust-source", BALANCER,
                   "--max-failures", "5", *arguments, origin=origin.url)


# --- PROXY protocol -------------------------------------------------------

@pytest.mark.parametrize("header, client", [
    (v1("192.0.2.7"), "192.0.2.7"),
    (v1("2001:db8::7", "TCP6", "::1"), "2001:db8::7"),
    (v2("192.0.2.7"), "192.0.2.7"),
    (v2("2001:db8::7"), "2001:db8::7"),
    (v2("192.0.2.7", tail=b"\x04\x00\x03abc"), "192.0.2.7"),
], ids=["v1", "v1 over IPv6", "v2", "v2 over IPv6", "v2 with more behind"])
def test_h_09_proxy_protocol(gateway, origin, header, client):
    """H-09: the client of a PROXY header counts, in the log, for the limit
    and for the application."""
    gate = behind(gateway, origin, "proxy-protocol")
    session = challenge(gate, header)
    assert ask(gate, header, [right(session)]).status == 200
    assert origin.seen[0].all("X-Forwarded-For") == [client]
    for _ in range(6):
        assert ask(gate, header, [wrong(session)]).status == 401
    assert ask(gate, header, [right(session)]).status == 429
    other = v1("192.0.2.8")
    assert ask(gate, other, [right(session)]).status == 200
    entries = logged(gate, 8)
    assert {entry["client"] for entry in entries} == {client}
    assert {entry["peer"] for entry in entries} == {BALANCER}
    assert sources(gate) == {"carried": 10}


def test_h_09_proxy_protocol_of_a_stranger(gateway, origin):
    """H-09: what a stranger sends is closed unread, with a PROXY header or
    without, and is held against nobody."""
    gate = behind(gateway, origin, "proxy-protocol")
    for header in (v1("192.0.2.7"), v2("192.0.2.7"), LOCAL, b""):
        with Opened(gate.origin, header, STRANGER) as connection:
            connection.send(wire.request())
            assert connection.is_closed()
    assert sources(gate) == {}
    session = challenge(gate, v1("192.0.2.7"))
    assert ask(gate, v1("192.0.2.7"), [right(session)]).status == 200


@pytest.mark.parametrize("header", [
    b"", b"PROXY\r\n", b"PROXY TCP4 192.0.2.7\r\n", b"PROXY TCP4 \r\n\r\n",
    b"PROXY TCP4 192.0.2.777 127.0.0.1 1 2\r\n",
    b"PROXY TCP4 x y 1 2\r\n", b"PROXY TCP9 192.0.2.7 127.0.0.1 1 2\r\n",
    b"PROXY TCP4 192.0.2.7 127.0.0.1 0 2\r\n",
    b"proxy tcp4 192.0.2.7 127.0.0.1 1 2\r\n",
    b"PROXY TCP4 192.0.2.7 127.0.0.1 1 2\n",
    b"PROXY " + b"A" * 200 + b"\r\n", b"PROXY " + b" " * 90 + b"\r\n",
    SIGNATURE, SIGNATURE + b"\x21\x11\x00\x04abcd",
    SIGNATURE + b"\x21\x11\xff\xff", SIGNATURE + b"\x31\x11\x00\x0c" +
    b"\0" * 12, SIGNATURE + b"\x21\x31\x00\xd8" + b"a" * 216,
    SIGNATURE[:-1] + b"\r", b"\0" * 64, b"\xff" * 64,
], ids=lambda header: repr(header[:24]))
def test_h_09_malformed_proxy_headers(pp_gate, header):
    """H-09: what is no PROXY header, of the balancer itself, is closed or
    answered as a bad request; the engine goes on."""
    gate, _ = pp_gate
    pid = gate.engine_pid()
    before = sources(gate).get("carried", 0)
    with Opened(gate.origin, header) as connection:
        connection.send(wire.request())
        connection.socket.settimeout(5)
        try:
            assert connection.response().status == 400
        except (ConnectionError, socket.timeout):
            pass
    assert gate.engine_pid() == pid
    assert sources(gate).get("carried", 0) == before, "nobody was believed"
    assert ask(gate, v1("192.0.2.7")).status == 401


@pytest.fixture(scope="module")
def pp_gate(module_gateway, module_origin):
    return behind(module_gateway, module_origin,
                  "proxy-protocol"), module_origin


@pytest.mark.parametrize("header", [LOCAL, b"PROXY UNKNOWN\r\n"],
                         ids=["v2", "v1"])
def test_a_balancer_that_speaks_for_itself(pp_gate, header):
    """A LOCAL or UNKNOWN header names nobody: Traffic Server has no address
    then, and closes the connection (docs/gateway.md)."""
    gate, _ = pp_gate
    before = sources(gate)
    with Opened(gate.origin, header) as connection:
        connection.send(wire.request())
        assert connection.is_closed()
    assert sources(gate) == before


def test_proxy_protocol_leaves_requests_as_they_are(pp_gate):
    """The target is judged as received, on a connection that is kept; a
    second PROXY line is no request."""
    gate, origin = pp_gate
    for header in (v1("192.0.2.20"), v2("192.0.2.20")):
        session = challenge(gate, header)
        origin.forget()
        with Opened(gate.origin, header) as connection:
            for target in ("//a?", "/b;", "/c?x"):
                got = connection.exchange(target=target, fields=[
                    right(session, target)])
                assert got.status == 200
            connection.send(v1("192.0.2.21") + wire.request())
            assert connection.response().status == 400
        assert [seen.target for seen in origin.seen] == ["//a?", "/b;",
                                                         "/c?x"]


def test_proxy_protocol_before_tls(gateway, origin, tmp_path):
    """The PROXY header comes before the handshake."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
         "/CN=localhost", "-keyout", tmp_path / "key.pem", "-out",
         tmp_path / "cert.pem"], check=True, capture_output=True)
    gate = behind(gateway, origin, "proxy-protocol", "--tls-cert",
                  tmp_path / "cert.pem", "--tls-key", tmp_path / "key.pem")
    trust = ssl.create_default_context(cafile=tmp_path / "cert.pem")
    with Opened(gate.origin, v1("192.0.2.30"), tls=trust) as connection:
        session = digest.Session(connection.exchange().all(
            "WWW-Authenticate"))
        assert connection.exchange(fields=[right(session)]).status == 200
    assert logged(gate, 1)[0]["client"] == "192.0.2.30"
    with pytest.raises(OSError):
        Opened(gate.origin, v1("192.0.2.30"), STRANGER, tls=trust)


def test_proxy_protocol_at_the_proxy(gateway, origin):
    """The forward proxy behind a balancer, and the metrics beside it, which
    no balancer stands before."""
    gate = gateway("--source", "proxy-protocol", "--trust-source",
                   "127.0.0.0/29", "--allow-dest",
                   f"127.0.0.1:{origin.port}", forward=True)
    with Opened(gate.proxy, v1("192.0.2.40")) as connection:
        got = connection.exchange(target=origin.url + "/")
        session = digest.Session(got.all("Proxy-Authenticate"), "alice",
                                 "proxy-secret")
        got = connection.exchange(target=origin.url + "/", fields=[
            ("Proxy-Authorization",
             session.credentials("GET", origin.url + "/"))])
    assert got.status == 200
    assert gate.wait_log("no-credentials")["client"] == "192.0.2.40"
    assert not origin.seen[0].all("X-Forwarded-For")


def test_many_balancers(gateway, origin):
    """As many as may be named, the longest there are: the last one counts
    like the first, and what is not among them does not."""
    nets = [f"2001:db8:1111:2222:3333:4444:{n:x}:8888/127"
            for n in range(0xa000, 0xa00f)] + ["127.0.0.8/30"]
    arguments = [word for net in nets for word in ("--trust-source", net)]
    gate = gateway("--source", "proxy-protocol", *arguments,
                   origin=origin.url)
    assert ask(gate, v1("192.0.2.7"), source="127.0.0.11").status == 401
    with Opened(gate.origin, v1("192.0.2.7"), "127.0.0.12") as connection:
        connection.send(wire.request())
        assert connection.is_closed()


# --- forwarded fields -----------------------------------------------------

FORWARDED = {
    "forwarded": ("Forwarded", "for={}"),
    "x-forwarded-for": ("X-Forwarded-For", "{}"),
}


@pytest.mark.parametrize("way", FORWARDED)
def test_h_09_forwarded(gateway, origin, way):
    """H-09: the client that the balancer names counts, in the log and for
    the limit."""
    name, form = FORWARDED[way]
    gate = behind(gateway, origin, way)

    def client(address):
        return (name, form.format(address))

    session = challenge(gate, fields=[client("192.0.2.7")])
    for _ in range(6):
        assert ask(gate, fields=[client("192.0.2.7"),
                                 wrong(session)]).status == 401
    assert ask(gate, fields=[client("192.0.2.7"),
                             right(session)]).status == 429
    assert ask(gate, fields=[client("192.0.2.8"),
                             right(session)]).status == 200
    # What the client itself put before its address changes nothing.
    chain = form.format("192.0.2.8") + ", " + form.format("192.0.2.7")
    assert ask(gate, fields=[(name, chain), right(session)]).status == 429
    assert ask(gate, fields=[client("192.0.2.8"), client("192.0.2.7"),
                             right(session)]).status == 429
    entries = logged(gate, 10)
    assert {entry["client"] for entry in entries} == {"192.0.2.7"}
    assert {entry["peer"] for entry in entries} == {BALANCER}
    assert sources(gate) == {"carried": 11}


@pytest.mark.parametrize("way", FORWARDED)
def test_h_09_a_stranger_who_forges_gains_nothing(gateway, origin, way):
    """H-09: another address in every request escapes no limit, and locks
    nobody out whose address it is."""
    name, form = FORWARDED[way]
    gate = behind(gateway, origin, way)
    session = challenge(gate)
    statuses = []
    for n in range(8):
        forged = (name, form.format(f"192.0.2.{n}"))
        statuses.append(ask(gate, fields=[forged, wrong(session)],
                            source=STRANGER).status)
    assert statuses == [401] * 6 + [429] * 2
    victim = (name, form.format("192.0.2.1"))
    assert ask(gate, fields=[victim, right(session)],
               source=STRANGER).status == 429
    assert ask(gate, fields=[victim, right(session)]).status == 200
    entries = logged(gate, 10)[1:]
    assert {entry["client"] for entry in entries} == {STRANGER}
    assert not any("peer" in entry for entry in entries)
    assert sources(gate) == {"ignored": 9, "carried": 1, "unusable": 1}


@pytest.mark.parametrize("way, value", [
    ("x-forwarded-for", "unknown"), ("x-forwarded-for", "192.0.2.1, "
                                                        "_hidden"),
    ("x-forwarded-for", "\xff\xfe"), ("x-forwarded-for", "," * 8000),
    ("x-forwarded-for", "192.0.2.1" * 2000),
    ("x-forwarded-for", "127.0.0.1," * 3000),
    ("forwarded", "for=unknown"), ("forwarded", 'for="'),
    ("forwarded", 'for="192.0.2.1'), ("forwarded", "by=192.0.2.1"),
    ("forwarded", 'for="\\' + '"' * 8000), ("forwarded", ";" * 8000),
    ("forwarded", "for=127.0.0.1," * 2000),
], ids=lambda value: value[:20])
def test_h_09_malformed_fields(gateway, origin, way, value):
    """H-09: a field that names no address counts as the balancer itself,
    whose users go on; the engine too."""
    name, form = FORWARDED[way]
    gate = behind(gateway, origin, way)
    pid = gate.engine_pid()
    session = challenge(gate)
    for _ in range(6):
        assert ask(gate, fields=[(name, value),
                                 wrong(session)]).status == 401
    assert ask(gate, fields=[(name, value), right(session)]).status == 429
    honest = (name, form.format("192.0.2.8"))
    assert ask(gate, fields=[honest, right(session)]).status == 200
    assert {entry["client"] for entry in logged(gate, 8)} == {BALANCER}
    assert sources(gate) == {"unusable": 8, "carried": 1}
    assert gate.engine_pid() == pid


def test_h_09_more_lines_than_are_read(gateway, origin):
    """H-09: lines of a client's own before the balancer's do not push that
    one out of sight."""
    gate = behind(gateway, origin, "x-forwarded-for")
    session = challenge(gate)
    forged = [("X-Forwarded-For", f"192.0.2.{n}") for n in range(40)]
    for _ in range(6):
        ask(gate, fields=forged + [("X-Forwarded-For", "198.51.100.1"),
                                   wrong(session)])
    assert {entry["client"] for entry in logged(gate, 7)} == {BALANCER}


def test_direct_is_the_default(gateway, origin):
    """Without --source no field is looked at, not even one from loopback."""
    gate = gateway(origin=origin.url)
    ask(gate, fields=[("X-Forwarded-For", "192.0.2.1"),
                      ("Forwarded", "for=192.0.2.1")])
    entry = logged(gate, 1)[0]
    assert entry["client"] == BALANCER and "peer" not in entry
    assert sources(gate) == {"peer": 1}


def test_limits_follow_the_client_over_one_connection(gateway, origin):
    """A balancer's connection carries many clients: each request is judged
    by its own field."""
    gate = behind(gateway, origin, "forwarded", "--max-failures", "20")
    session = login(gate.origin)
    with wire.Connection(gate.origin) as connection:
        for n in range(30):
            client = ("Forwarded", f"for=192.0.2.{n % 10}")
            assert connection.exchange(
                fields=[client, wrong(session)]).status == 401
            assert connection.exchange(
                fields=[client, right(session)]).status == 200
