# SPDX-License-Identifier: MIT
"""Destinations that do not go through the next proxy, and settings of a
hierarchy that cannot work."""
import subprocess

import pytest

from support import wire
from support.gateway import PROGRAM, PROXY_REALM, USERS, login, write_users
from support.next_hop import Hop
from support.origin import Origin, response
from support.via import write_login

ASK, TELL, PROVE = ("Proxy-Authenticate", "Proxy-Authorization",
                    "Proxy-Authentication-Info")
NAMES = ["intranet", ".corp.test", "Plain.Test", "ports.test:8080",
         "10.1.0.0/16", "192.0.2.7", "192.0.2.9:8080", "2001:db8::/32",
         "[fd00::7]:443"]


@pytest.fixture(scope="module")
def relay(module_gateway):
    """A gateway that relays what it does not ask for itself; and its next
    proxy, which says so."""
    proxy = Origin()
    proxy.answer = lambda seen: response(
        407, b"", [(ASK, "Next from=there")], seen.method)
    gate = module_gateway(
        "--via-proxy", proxy.url, "--via-relay", "--connect-ports",
        "80,443,8080", *[w for name in NAMES
                         for w in ("--via-bypass", name)], forward=True)
    yield gate
    proxy.close()


# host, port, whether the gateway serves it by itself
PLACES = [
    ("intranet", 80, True), ("INTRANET", 443, True), ("intranet.", 80, True),
    ("intranet.test", 80, False), ("my.intranet", 80, False),
    ("xintranet", 80, False),
    ("corp.test", 80, True), ("a.corp.test", 80, True),
    ("a.b.Corp.Test", 8080, True), ("a.corp.test.", 80, True),
    ("xcorp.test", 80, False), ("xxcorp.test", 80, False),
    ("corp.test.example", 80, False),
    ("corp", 80, False), ("test", 80, False),
    ("plain.test", 80, True), ("a.plain.test", 80, False),
    ("ports.test", 8080, True), ("ports.test", 80, False),
    ("10.1.0.0", 80, True), ("10.1.255.255", 443, True),
    ("10.2.0.0", 80, False), ("10.0.255.255", 80, False),
    ("192.0.2.7", 80, True), ("192.0.2.8", 80, False),
    ("192.0.2.9", 8080, True), ("192.0.2.9", 80, False),
    ("[2001:db8::1]", 80, True), ("[2001:db9::1]", 80, False),
    ("[::ffff:10.1.2.3]", 80, True), ("[::ffff:10.2.2.3]", 80, False),
    ("[fd00::7]", 443, True), ("[fd00::7]", 80, False),
    ("10.1.2.3.test", 80, False), ("intranet@example.test", 80, False),
]


@pytest.mark.parametrize("host, port, own", PLACES)
@pytest.mark.parametrize("method", ["GET", "CONNECT"])
def test_g_10_whose(relay, method, host, port, own):
    """G-10: a destination is the gateway's own to ask for when it is named,
    and the next proxy's otherwise; no name is looked up for that."""
    where = f"{host}:{port}"
    with wire.Connection(relay.proxy) as connection:
        got = connection.exchange(
            method, where if method == "CONNECT" else f"http://{where}/",
            host=where.rpartition("@")[2])
    if got.status == 400:
        assert "@" in where and method == "CONNECT"
        return
    assert got.status == 407
    asked = got.one(ASK)
    assert (PROXY_REALM in asked, "Next" in asked) == (own, not own)


@pytest.fixture
def mixed(gateway, tmp_path):
    """One that logs in at the next proxy itself, and has an origin near."""
    hop, near = Hop(), Origin("127.0.0.2")
    gate = gateway("--via-proxy", f"http://localhost:{hop.port}",
                   "--via-user-file", write_login(tmp_path), "--via-bypass",
                   "127.0.0.0/8", "--allow-dest", "127.0.0.2",
                   "--via-patience", "0",
                   "--connect-ports", f"443,{near.port}", forward=True)
    yield gate, hop, near
    hop.close()
    near.close()


def ask(gate, own, method, target, body=b""):
    sent = own.credentials(method, target)
    with wire.Connection(gate.proxy) as connection:
        got = connection.exchange(method, target, [(TELL, sent)], body)
    return got.status, own.proves(got.one(PROVE), sent, target)


def test_next_to_a_login(mixed):
    """G-12 G-16: what is near goes there without the login at the next
    proxy, and what is not goes to it, whose name alone is looked up."""
    gate, hop, near = mixed
    own = login(gate.proxy, "http://example.test/", layer="proxy")
    for method in ("GET", "POST", "HEAD"):
        body = b"x=1" if method == "POST" else b""
        assert ask(gate, own, method, near.url + "/a?", body) == (200, True)
        assert ask(gate, own, method, "http://unknown.invalid/b?",
                   body) == (200, True)
    place = near.url[len("http://"):]
    assert ask(gate, own, "CONNECT", place) == (200, True)
    assert ask(gate, own, "CONNECT", "unknown.invalid:443") == (200, True)
    assert {seen.target for seen in near.seen} == {"/a?"}
    assert {seen.target for seen in hop.seen} == {
        "http://unknown.invalid/b?", "unknown.invalid:443"}
    assert not any(seen.all(TELL) for seen in near.seen)
    assert [s.body for s in near.seen if s.method == "POST"] == [b"x=1"]


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.3"])
def test_judged(mixed, host):
    """A destination that does not go through the next proxy is judged as
    one of a gateway that has none."""
    gate, hop, near = mixed
    own = login(gate.proxy, "http://example.test/", layer="proxy")
    target = f"http://{host}:{near.port}/"
    assert ask(gate, own, "GET", target) == (403, True)
    assert gate.wait_log("destination-denied")["user"] == "alice"
    assert not hop.seen and not near.seen


def test_next_away(mixed):
    """A next proxy that went away is 502, and the near origin is still
    there."""
    gate, hop, near = mixed
    own = login(gate.proxy, "http://example.test/", layer="proxy")
    assert ask(gate, own, "GET", "http://example.test/") == (200, True)
    hop.close()
    for method, target in (("GET", "http://example.test/"),
                           ("CONNECT", "example.test:443")):
        assert ask(gate, own, method, target) == (502, True)
    assert ask(gate, own, "GET", near.url + "/") == (200, True)


def test_next_unknown(gateway):
    """A next proxy whose name nobody knows is 502."""
    gate = gateway("--via-proxy", "http://unknown.invalid:3128",
                   "--via-relay", "--via-bypass", "intranet",
                   "--via-patience", "0", forward=True)
    for method, target in (("GET", "http://example.test/"),
                           ("CONNECT", "example.test:443")):
        with wire.Connection(gate.proxy) as connection:
            assert connection.exchange(method, target).status == 502


VIA = ["--via-proxy", "http://127.0.0.1:9"]
RELAY = [*VIA, "--via-relay"]
OWN = ["--realm", "x", "--users", "USERS"]
BAD = {
    "relay to nobody": (["--via-relay", *OWN], "of no use without"),
    "bypass of nothing": (["--via-bypass", "a", *OWN], "of no use without"),
    "neither login": (VIA + OWN, "--via-user and --via-relay"),
    "relay and a user": ([*RELAY, "--via-user", "me"],
                         "--via-relay goes without"),
    "relay and a file": ([*RELAY, "--via-user-file", "USERS"],
                         "--via-relay goes without"),
    "relay and a proof": ([*RELAY, "--via-proof", "off"],
                          "--via-relay goes without"),
    "relay and open": ([*RELAY, "--open", "0"], "goes without --open"),
    "bypass and open": ([*VIA, "--via-user-file", "USERS", "--open", "0",
                         "--via-bypass", "a"], "goes without --open"),
    "relay and present": ([*RELAY, "--present", "http://a=b",
                           "--present-user-file", "USERS"],
                          "goes without --open and --present"),
    "users of nobody": (RELAY + OWN, "of no use with --via-relay"),
    "nobody to ask": ([*RELAY, "--via-bypass", "a"], "give --realm"),
    "an address told to nobody": (
        [*VIA, "--via-user-file", "USERS", "--via-address", *OWN],
        "of no use without --via-relay"),
    "destinations of the next proxy": (
        [*RELAY, "--allow-dest", "127.0.0.1"], "leave them out"),
    **{f"bypass of '{value}'": (
        [*RELAY, "--via-bypass", value, *OWN], words) for value, words in [
            ("", "is no NAME"), (".", "is no NAME"), ("a..b", "is no NAME"),
            ("a.", "is no NAME"), ("*.test", "is no NAME"),
            ("a b", "is no NAME"), ("http://a", "no port"),
            ("a" * 254, "is no NAME"), ("a:", "is no port"),
            ("a:0", "is no port"), ("a:65536", "is no port"),
            ("10.0.0", "is not ADDRESS"), ("10.0.0.1/33", "is not ADDRESS"),
            ("10.0.0.1:0", "no port"), ("[::1", "a bracket too few"),
            ("8080", "is not ADDRESS"), ("a:80:90", "is not ADDRESS")]},
}


@pytest.mark.parametrize("case", BAD, ids=BAD)
def test_cannot_work(tmp_path, case):
    """Settings of a hierarchy that cannot work are refused, with words."""
    options, words = BAD[case]
    users = tmp_path / "users"
    write_users(users, USERS)
    command = [PROGRAM, "gateway", "--check", "--forward", "--state",
               tmp_path / "state",
               *(users if o == "USERS" else o for o in options)]
    done = subprocess.run([str(c) for c in command], capture_output=True,
                          text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert words in done.stderr
    assert not (tmp_path / "state").exists()


def test_too_many(tmp_path):
    """Sixty-four destinations are taken, and no more."""
    for count, code in ((64, 0), (65, 2)):
        done = subprocess.run(
            [str(PROGRAM), "gateway", "--check", "--forward", "--realm", "x",
             "--users", "/dev/null", "--state", str(tmp_path / "s"), *RELAY,
             *[f"--via-bypass=a{i}" for i in range(count)]],
            capture_output=True, text=True, timeout=60, check=False)
        assert ("more than 64" in done.stderr) == (code == 2)
