# SPDX-License-Identifier: MIT
"""The gateway before origins that it logs in to: many callers, other nonces,
older ones, TLS, a next proxy in between, other settings."""
import collections
import os
import re
import subprocess

import pytest

from support import wire
from support.fixtures import Authority
from support.gateway import PROGRAM, countersign, write_users
from support.next_hop import PASSWORD, USER, Hop
from support.origin import Origin
from support.presenting import (LOOPBACK, METHODS, WAYS, Caller, in_parallel,
                                make, write_logins)
from support.via import FAULTS, write_login


@pytest.fixture
def hops():
    """Make origins; they end with the test."""
    made = []

    def new(**keywords):
        made.append(Hop(layer="origin", **keywords))
        return made[-1]

    yield new
    for hop in made:
        hop.close()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_c_28_one_challenge_for_all(gateway, hops, tmp_path, way, method):
    """C-28: sixteen callers at once, before any session: one asks."""
    hop = hops()
    gate = make(gateway, hop, tmp_path)
    assert in_parallel(gate, way, hop, 16, 4, method) == {200}
    assert hop.challenged == 1
    assert len(set(hop.accepted)) == 64


def test_f_12_rollover(gateway, hops, tmp_path):
    """F-12 F-13: nextnonce is followed under load: many nonces, one
    challenge."""
    hop = hops(life=40)
    hop.rolls = True
    gate = make(gateway, hop, tmp_path)
    assert in_parallel(gate, "origin", hop, 16, 30) == {200}
    assert len({nonce for nonce, _ in hop.accepted}) > 10
    assert hop.challenged == 1


@pytest.mark.parametrize("life, rolls", [(1, True), (1, False), (20, False)])
def test_short_lives(gateway, hops, tmp_path, life, rolls):
    """Nonces for one request or few, used up by others before a request gets
    there, cost repeats, and no request."""
    hop = hops(life=life)
    hop.rolls = rolls
    gate = make(gateway, hop, tmp_path)
    assert in_parallel(gate, "forward", hop, 8, 8) == {200}
    assert max(collections.Counter(n for n, _ in hop.accepted).values()) == (
        life)


@pytest.mark.parametrize("way", WAYS)
def test_restart_of_the_origin(gateway, hops, tmp_path, way):
    """What can be sent again survives a new process there, with other
    nonces and no old connections."""
    hop = hops()
    gate = make(gateway, hop, tmp_path)
    caller = Caller(gate, way, hop)
    assert caller.ask()[0].status == 200
    port = hop.port
    hop.close()
    got, proved = caller.ask()
    assert (got.status, proved) == (502, True)
    hops(port=port)
    for method in METHODS:
        assert caller.ask(method)[0].status == 200


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("allow, qop", [("md5", True), ("no-qop", False)])
def test_f_29_old_camera(gateway, hops, tmp_path, way, allow, qop):
    """F-29 C-23: a camera that knows MD5 alone, or no qop either, is logged in
    to where that is allowed; what cannot prove itself passes only with the
    proof off."""
    hop = hops(algorithm="MD5", qop=qop)
    gate = make(gateway, hop, tmp_path)
    got, proved = Caller(gate, way, hop).ask()
    assert (got.status, proved) == (502, True), "MD5 without a word"
    assert gate.wait_log("no-acceptable-challenge")["status"] == 502
    assert not any(seen.all("Authorization") for seen in hop.seen)
    gate = make(gateway, hop, tmp_path, "--present-allow",
                f"{hop.url}={allow}")
    got, proved = Caller(gate, way, hop).ask()
    assert (got.status, proved) == (200 if qop else 502, True)
    gate = make(gateway, hop, tmp_path, "--present-allow",
                f"{hop.url}={allow}", "--present-proof", f"{hop.url}=off")
    for method in METHODS:
        got, proved = Caller(gate, way, hop).ask(method)
        assert (got.status, proved) == (200, True)


def test_f_20_policies(gateway, hops, tmp_path):
    """F-20 F-22: the policy of one origin stands before that of all; `expect`
    lets silence pass until it proved itself once, `off` always does."""
    hop = hops()
    hop.info = lambda seen, info: None
    gate = make(gateway, hop, tmp_path, "--present-proof", "off",
                "--present-proof", f"{hop.url}=expect")
    caller = Caller(gate, "origin", hop)
    assert caller.ask()[0].status == 200
    hop.info = None
    assert caller.ask()[0].status == 200
    hop.info = lambda seen, info: None
    assert caller.ask()[0].status == 502
    gate = make(gateway, hop, tmp_path, "--present-proof", "off")
    hop.info = FAULTS["rspauth-wrong"]
    got, proved = Caller(gate, "origin", hop).ask()
    assert (got.status, proved) == (200, True)


def test_impostor(gateway, hops, tmp_path):
    """One with the right name and without the secret takes any login, and
    cannot prove itself."""
    hop = hops()
    gate = make(gateway, hop, tmp_path)
    caller = Caller(gate, "origin", hop)
    port = hop.port
    hop.close()
    impostor = hops(port=port, password="not known")
    right = impostor.judge
    impostor.judge = lambda seen: (
        right(seen) if not seen.all("Authorization") else
        (None, 'rspauth="' + "0" * 64 + '", cnonce="x", nc=00000001, '
         'qop=auth'))
    got, proved = caller.ask("POST")
    assert (got.status, proved) == (502, True)
    assert b"POST" not in got.body


@pytest.mark.parametrize("way", WAYS)
def test_https(gateway, hops, tmp_path, way):
    """An https origin is logged in to where its certificate is vouched for,
    under the name it was asked by; callers of the proxy ask for https://."""
    authority = Authority(tmp_path)
    hop = hops(tls=authority.server(), host="localhost")
    gate = make(gateway, hop, tmp_path, "--tls-ca", authority.ca)
    caller = Caller(gate, way, hop)
    for method in METHODS:
        got, proved = caller.ask(method)
        assert (got.status, proved) == (200, True), method
    assert len(hop.accepted) == 3


@pytest.mark.parametrize("fault", ["authority", "name"])
def test_https_refused(gateway, hops, tmp_path, fault):
    """A certificate nobody vouches for, or one of another name, gets no
    request at all."""
    authority = Authority(tmp_path, "DNS:" + (
        "a.example" if fault == "name" else "localhost"))
    hop = hops(tls=authority.server(), host="localhost")
    more = ["--tls-ca", authority.ca] if fault == "name" else []
    gate = make(gateway, hop, tmp_path, *more)
    for way in WAYS:
        got, proved = Caller(gate, way, hop).ask("POST")
        assert (got.status, proved) == (502, True)
    assert not hop.seen


@pytest.mark.parametrize("method", METHODS)
def test_two_legs(gateway, hops, tmp_path, method):
    """G-11 G-13 F-53: a next proxy and the origin behind it in one request:
    two logins, two proofs, and neither sees what is for the other."""
    hop = hops(host="127.0.0.2", password="at the origin")
    b = gateway(*LOOPBACK, forward=True)
    write_login(tmp_path, "alice:proxy-secret\n")
    gate = gateway(
        "--via-proxy", f"http://127.0.0.1:{b.proxy[1]}", "--via-user-file",
        tmp_path / "login", "--present", f"{hop.url}={USER}",
        "--present-user-file", write_logins(tmp_path, hop), forward=True)
    caller = Caller(gate, "forward", hop)
    for _ in range(3):
        got, proved = caller.ask(method)
        assert (got.status, proved) == (200, True)
    found = gate.metrics()
    assert found["countersign_via_challenges_total"] == 1
    assert found["countersign_present_challenges_total"] == 1
    assert found["countersign_present_proofs_total"] == 3
    assert len(hop.accepted) == 3
    for seen in hop.seen:
        assert not seen.all("Proxy-Authorization")
        assert USER not in str(seen.fields).replace(f'"{USER}"', "") or (
            "alice" not in str(seen.fields))
    hop.info = FAULTS["rspauth-wrong"]
    assert caller.ask(method)[0].status == 502
    assert gate.wait_log("rspauth-wrong")["status"] == 502
    hop.info = None
    hop.retire()
    assert caller.ask(method)[0].status == 200


def test_destination_denied(gateway, hops, tmp_path):
    """What the forward proxy may not reach it does not log in to either."""
    hop = hops()
    gate = gateway("--present", f"{hop.url}={USER}", "--present-user-file",
                   write_logins(tmp_path, hop), forward=True)
    got, proved = Caller(gate, "forward", hop).ask()
    assert (got.status, proved) == (403, True)
    assert gate.wait_log("destination-denied")["user"] == "alice"
    assert not hop.seen


def test_others_are_not_presented(gateway, hops, tmp_path):
    """F-43 F-51: the login is for its origin alone: another port, and a tunnel
    (CONNECT) to the same, see what the caller sent."""
    hop = hops()
    gate = make(gateway, hop, tmp_path, origin=False)
    other = Origin()
    got, proved = Caller(gate, "forward", other).ask(
        fields=[("Authorization", "Basic x")])
    assert (got.status, proved) == (200, True)
    assert other.seen[-1].all("Authorization") == ["Basic x"]
    other.close()
    assert not hop.seen


def test_reload_takes_a_new_password(gateway, hops, tmp_path):
    """A reload reads the logins anew; what is wrong with them changes
    nothing."""
    hop = hops()
    gate = make(gateway, hop, tmp_path)
    caller = Caller(gate, "origin", hop)
    assert caller.ask()[0].status == 200
    (tmp_path / "logins").write_text("nonsense\n")
    assert gate.reload().returncode != 0
    assert caller.ask()[0].status == 200
    hop.password = "changed"
    hop.retire()
    assert caller.ask()[0].status == 502
    write_logins(tmp_path, hop)
    assert gate.reload().returncode == 0
    assert caller.ask()[0].status == 200


def test_h_23_secret_stays_hidden(gateway, hops, tmp_path, monkeypatch):
    """H-23: the password from the environment is in no list of processes, no
    file and no message."""
    hop = hops(password="Zq7-hidden")
    monkeypatch.setenv("COUNTERSIGN_PRESENT_PASSWORD", "Zq7-hidden")
    gate = gateway("--present", f"{hop.url}={USER}", origin=hop.url)
    assert Caller(gate, "origin", hop).ask()[0].status == 200
    for pid in (gate.process.pid, gate.engine_pid()):
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            assert b"Zq7" not in file.read()
    with open(f"/proc/{gate.engine_pid()}/environ", "rb") as file:
        assert b"Zq7" not in file.read()
    assert gate.reload().returncode == 0
    for path in gate.state.rglob("*"):
        if path.is_file():
            assert b"Zq7" not in path.read_bytes(), path
    assert "Zq7" not in str(gate.err + gate.said)


ORIGIN = "http://c.test"
ONE = ["--present", ORIGIN + "=u"]
FILE = ["--present-user-file", "logins"]
LINE = ORIGIN + "=u:p\n"
WRONG = {
    "password in the list": (["--present", ORIGIN + "=u:p", *FILE], LINE,
                             "colon"),
    "no origin": (["--present", "u", *FILE], LINE, "ORIGIN="),
    "a path": (["--present", ORIGIN + "/x=u", *FILE], LINE, "HOST[:PORT]"),
    "address and TLS": (["--present", "https://[::1]=u", *FILE], LINE,
                        "is an address"),
    "no user": (["--present", ORIGIN + "=", *FILE], LINE, "has no octets"),
    "two users": ([*ONE, "--present", ORIGIN + ":80=v", *FILE], LINE,
                  "has a user already"),
    "no environment": (ONE, LINE, "COUNTERSIGN_PRESENT_PASSWORD"),
    "two and the environment": ([*ONE, "--present", "http://d.test=u"], LINE,
                                "--present-user-file"),
    "file alone": (FILE, LINE, "without --present"),
    "no line": ([*ONE, *FILE], "# nothing\n", "has no line for u at c.test"),
    "another port": ([*ONE, *FILE], ORIGIN + ":8080=u:p\n", "has no line"),
    "another scheme": ([*ONE, *FILE], "https://c.test:80=u:p\n",
                       "has no line"),
    "no password": ([*ONE, *FILE], ORIGIN + "=u\n", "USER:PASSWORD"),
    "nonsense": ([*ONE, *FILE], "x\n" + LINE, "logins:1:"),
    "not UTF-8": ([*ONE, *FILE], ORIGIN + "=u:p\udcff\n", "is not UTF-8"),
    "proof": ([*ONE, *FILE, "--present-proof", "maybe"], LINE,
              "require, expect or off"),
    "proof of nobody": ([*ONE, *FILE, "--present-proof", "http://d.test=off"],
                        LINE, "no --present does"),
    "allow": ([*ONE, *FILE, "--present-allow", ORIGIN + "=sha1"], LINE,
              "md5"),
    "allow everywhere": ([*ONE, *FILE, "--present-allow", "md5"], LINE,
                         "ORIGIN="),
}


def check(tmp_path, arguments, login, mode=0o600, front=("--forward",)):
    write_users(tmp_path / "users", [("alice", "r", "secret")])
    (tmp_path / "logins").write_bytes(login.encode("utf-8", "surrogateescape"))
    (tmp_path / "logins").chmod(mode)
    return countersign("gateway", *front, "--realm", "r", "--users", "users",
                       "--state", "state", *arguments, "--check",
                       cwd=tmp_path)


@pytest.mark.parametrize("name", WRONG)
def test_settings_refused(tmp_path, name):
    """What cannot work is said before anything starts."""
    arguments, login, words = WRONG[name]
    done = check(tmp_path, arguments, login)
    assert done.returncode == 2, done
    assert words in done.stderr


@pytest.mark.parametrize("login", [
    LINE, "# one\n\n" + LINE, "http://d.test=x:y\n" + LINE,
    "HTTP://C.test=u:p\r\n".replace("HTTP", "http"), LINE[:-1],
    ORIGIN + ":80=u:p:with=signs\n"])
def test_settings_taken(tmp_path, login):
    """Lines of others, comments, any case of the name, no last newline."""
    done = check(tmp_path, [*ONE, *FILE], login)
    assert done.returncode == 0, done


def test_origin_of_nobody(tmp_path):
    """An origin that nothing leads to is a mistake."""
    done = check(tmp_path, [*ONE, *FILE], LINE,
                 front=("--origin", "http://other.test"))
    assert done.returncode == 2
    assert "there is no --forward" in done.stderr


@pytest.mark.parametrize("mode, code", [(0o600, 0), (0o400, 0), (0o640, 2),
                                        (0o604, 2)])
def test_h_23_logins_of_others(tmp_path, mode, code):
    """H-23: logins that others can read are not taken."""
    done = check(tmp_path, [*ONE, *FILE], LINE, mode)
    assert done.returncode == code, done
    assert ("others can read it" in done.stderr) == (code != 0)


def open_gateway(tmp_path, hop, uid):
    """One that asks no login of this machine's user `uid`."""
    command = [PROGRAM, "gateway", "--forward", "--open", str(uid),
               "--listen", "127.0.0.1:0", "--state", tmp_path / "state",
               "--present", f"{hop.url}={USER}", "--present-user-file",
               write_logins(tmp_path, hop), *LOOPBACK, "--via-patience", "0"]
    process = subprocess.Popen([str(c) for c in command],
                               stdout=subprocess.PIPE, text=True)
    found = None
    while found is None:
        assert process.poll() is None
        found = re.search(r"http://127.0.0.1:(\d+)", process.stdout.readline())
    return process, ("127.0.0.1", int(found[1]))


@pytest.mark.parametrize("mine", [True, False])
def test_callers_without_a_login(hops, tmp_path, mine):
    """A user of this machine may be let in without a login of his own, and no
    other user; what the origin does wrong is told of the origin."""
    hop = hops()
    process, address = open_gateway(tmp_path, hop,
                                    os.getuid() + (0 if mine else 1))
    try:
        for _ in range(2):
            with wire.Connection(address) as connection:
                got = connection.exchange("GET", hop.url + "/metrics")
            assert got.status == (200 if mine else 403)
        assert len(hop.accepted) == (2 if mine else 0)
        if not mine:
            assert not hop.seen
            return
        hop.info = FAULTS["rspauth-wrong"]
        with wire.Connection(address) as connection:
            got = connection.exchange("GET", hop.url + "/metrics")
        assert got.status == 502
        assert b"the server " + hop.url[7:].encode() in got.body
    finally:
        process.terminate()
        process.wait(20)
