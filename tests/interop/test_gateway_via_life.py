# SPDX-License-Identifier: MIT
"""The forward proxy before a next proxy: many clients, other nonces, other
processes, other settings."""
import collections

import pytest

from support import wire
from support.gateway import countersign, until, write_users
from support.next_hop import USER, Hop
from support.via import (FAULTS, WAYS, ask, in_parallel, make, session,
                         write_login)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_c_28_one_challenge_for_all(gateway, tmp_path, method):
    """C-28: sixteen clients at once, before any session: one asks."""
    hop = Hop()
    gate = make(gateway, hop, tmp_path)
    assert in_parallel(gate, 16, 4, method) == {200}
    assert hop.challenged == 1
    assert len(set(hop.accepted)) == 64
    hop.close()


def test_f_12_rollover(gateway, tmp_path):
    """F-12 F-13: nextnonce is followed under load: many nonces, one
    challenge."""
    hop = Hop(life=40)
    hop.rolls = True
    gate = make(gateway, hop, tmp_path)
    assert in_parallel(gate, 16, 30) == {200}
    assert len({nonce for nonce, _ in hop.accepted}) > 10
    assert hop.challenged == 1
    hop.close()


@pytest.mark.parametrize("life, rolls", [(1, True), (1, False), (20, False)])
def test_short_lives(gateway, tmp_path, life, rolls):
    """Nonces for one request or few, used up by others before a request gets
    there, cost repeats, and no request."""
    hop = Hop(life=life)
    hop.rolls = rolls
    gate = make(gateway, hop, tmp_path)
    assert in_parallel(gate, 8, 8) == {200}
    assert max(collections.Counter(n for n, _ in hop.accepted).values()) == (
        life)
    hop.close()


def test_restart_of_the_next_proxy(gateway, tmp_path):
    """What can be sent again survives a new process there, with other
    nonces and no old connections."""
    hop = Hop()
    gate = make(gateway, hop, tmp_path, "--via-patience", "0")
    own = session(gate)
    assert ask(gate, own)[0].status == 200
    port = hop.port
    hop.close()
    got, proved = ask(gate, own)
    assert (got.status, proved) == (502, True)
    hop = Hop(port=port)
    for method in WAYS:
        assert ask(gate, own, method)[0].status == 200
    hop.close()


def test_a_next_proxy_that_forgot(gateway, tmp_path):
    """One that comes back with other keys cannot call its old nonces stale:
    credentials that were sent unasked are made anew, once, for its new
    challenge. F-34: to that they are not sent a second time."""
    hop = Hop()
    gate = make(gateway, hop, tmp_path)
    own = session(gate)
    assert ask(gate, own)[0].status == 200
    hop.forgets = True
    for method in WAYS:
        hop.retire()
        assert ask(gate, own, method)[0].status == 200
    hop.retire()
    assert in_parallel(gate, 16, 4) == {200}
    hop.password = "another"
    hop.retire()
    before = len(hop.seen)
    got, proved = ask(gate, own)
    assert (got.status, proved) == (502, True)
    assert gate.wait_log("credentials-refused")["status"] == 502
    assert [len(s.all("Proxy-Authorization"))
            for s in hop.seen[before:]] == [1, 1]
    got, proved = ask(gate, own)
    assert (got.status, proved) == (502, True)
    assert [len(s.all("Proxy-Authorization"))
            for s in hop.seen[before + 2:]] == [0, 1]
    hop.close()


@pytest.mark.parametrize("framing", ["long", "chunked"])
def test_content_that_is_not_kept(gateway, tmp_path, framing):
    """Content that was not kept is not sent again: 502, said in the log; the
    next request finds a session."""
    hop = Hop()
    gate = make(gateway, hop, tmp_path, "--content-limit", "1k")
    own = session(gate)
    assert ask(gate, own)[0].status == 200
    hop.retire()
    if framing == "long":
        more = {"body": b"x" * 1025}
    else:
        more = {"body": b"", "fields": [("Transfer-Encoding", "chunked")]}
    with wire.Connection(gate.proxy) as connection:
        send = connection.send
        if framing == "chunked":
            connection.send = lambda data: send(data + b"3\r\nabc\r\n0\r\n\r\n")
        got, proved = ask(gate, own, "POST", connection, **more)
    assert (got.status, proved) == (502, True)
    assert gate.wait_log("content-too-large")["status"] == 502
    assert ask(gate, own, "POST")[0].status == 200
    hop.close()


def test_policies(gateway, tmp_path):
    """F-20 F-22: under `expect` silence passes until the proxy proved
    itself once; under `off` it always does."""
    hop = Hop()
    hop.info = lambda seen, info: None
    gate = make(gateway, hop, tmp_path, "--via-proof", "expect")
    own = session(gate)
    assert ask(gate, own)[0].status == 200
    hop.info = None
    assert ask(gate, own)[0].status == 200
    hop.info = lambda seen, info: None
    assert ask(gate, own)[0].status == 502
    gate = make(gateway, hop, tmp_path, "--via-proof", "off")
    own = session(gate)
    assert ask(gate, own)[0].status == 200
    hop.info = FAULTS["rspauth-wrong"]
    got, proved = ask(gate, own)
    assert (got.status, proved) == (200, True)
    hop.close()


def test_reload_takes_a_new_password(gateway, tmp_path):
    """A reload reads the login anew; what is wrong with it changes
    nothing."""
    hop = Hop()
    gate = make(gateway, hop, tmp_path)
    own = session(gate)
    assert ask(gate, own)[0].status == 200
    hop.password = "changed"
    hop.retire()
    assert ask(gate, own)[0].status == 502
    write_login(tmp_path, "no colon")
    assert gate.reload().returncode != 0
    write_login(tmp_path, f"{USER}:changed\n")
    assert gate.reload().returncode == 0
    assert ask(gate, own)[0].status == 200
    hop.close()


def test_h_23_secret_stays_hidden(gateway, tmp_path, monkeypatch):
    """H-23: neither the process list nor the state directory shows the
    password, from a file or from the environment."""
    hop = Hop(password="Zq7-hidden")
    monkeypatch.setenv("COUNTERSIGN_VIA_PASSWORD", "Zq7-hidden")
    gate = gateway("--via-proxy", hop.url, "--via-user", USER, forward=True)
    assert ask(gate, session(gate))[0].status == 200
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
    hop.close()


@pytest.mark.parametrize("mode, place, passes", [
    (0o440, ".", True), (0o444, ".", False), (0o440, "deeper", False),
    (0o440, "..", False)])
def test_a_credential_of_systemd(gateway, tmp_path, monkeypatch, mode, place,
                                 passes):
    """A file of LoadCredential=, which its user may read by an access list:
    that shows as the rights of a group, as they do elsewhere too."""
    hop = Hop()
    folder = tmp_path / "lent"
    (folder / "deeper").mkdir(parents=True)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(folder))
    login = write_login((folder / place).resolve(), mode=mode)
    options = ["--via-proxy", hop.url, "--via-user-file", login]
    if passes:
        gate = gateway(*options, forward=True)
        assert ask(gate, session(gate))[0].status == 200
    else:
        write_users(tmp_path / "users", [("alice", "r", "secret")])
        done = countersign("gateway", "--forward", "--realm", "r", "--users",
                           tmp_path / "users", "--state", tmp_path / "state",
                           "--listen", "127.0.0.1:0", *options, "--check")
        assert done.returncode == 2
        assert "others can read it" in done.stderr
    hop.close()


def test_own_loop(gateway, tmp_path):
    """RFC 9110, 7.6.3: what comes back to the gateway goes no further, plain
    and CONNECT."""
    hop = Hop(user="alice", password="proxy-secret")
    port = hop.port
    hop.close()
    gate = gateway("--via-proxy", f"http://127.0.0.1:{port}",
                   "--via-user-file",
                   write_login(tmp_path, "alice:proxy-secret\n"), "--listen",
                   f"forward=127.0.0.1:{port}", forward=True)
    own = session(gate)
    for method in WAYS:
        got, proved = ask(gate, own, method)
        assert (got.status, proved) == (508, True), method
        assert gate.wait_log("loop")["status"] == 508
    until(lambda: gate.refused("proxy", "loop") == len(WAYS), 5)


PROXY = ["--via-proxy", "http://127.0.0.1:9"]
FILE = ["--via-user-file", "login"]
WRONG = {
    "nothing to present": (PROXY, "", "--via-user-file, --via-user"),
    "two logins": ([*PROXY, *FILE, "--via-user", "x"], "a:b\n", "needs one"),
    "no proxy": (FILE, "a:b\n", "without --via-proxy"),
    "TLS": (["--via-proxy", "https://127.0.0.1", *FILE], "a:b\n",
            "is an address"),
    "password in the list": ([*PROXY, "--via-user", "a:b"], "", "colon"),
    "policy": ([*PROXY, *FILE, "--via-proof", "maybe"], "a:b\n",
               "require, expect or off"),
    "destinations": ([*PROXY, *FILE, "--deny-dest", "10.0.0.0/8"], "a:b\n",
                     "next proxy's"),
    "no password": ([*PROXY, *FILE], "a\n", "USER:PASSWORD"),
    "two lines": ([*PROXY, *FILE], "a:b\nc:d\n", "USER:PASSWORD"),
    "empty file": ([*PROXY, *FILE], "", "USER:PASSWORD"),
    "long": ([*PROXY, *FILE], "a:" + "b" * 20000, "USER:PASSWORD"),
    "not UTF-8": ([*PROXY, *FILE], "a:b\udcff\n", "is not UTF-8"),
    "no environment": ([*PROXY, "--via-user", "a"], "",
                       "COUNTERSIGN_VIA_PASSWORD"),
    "no file": ([*PROXY, "--via-user-file", "gone"], "", "gone"),
}


@pytest.mark.parametrize("name", WRONG)
def test_settings_refused(tmp_path, name):
    """What cannot work is said before anything starts."""
    arguments, login, words = WRONG[name]
    write_users(tmp_path / "users", [("alice", "r", "secret")])
    (tmp_path / "login").write_bytes(login.encode("utf-8", "surrogateescape"))
    (tmp_path / "login").chmod(0o600)
    done = countersign("gateway", "--forward", "--realm", "r", "--users",
                       "users", "--state", "state", *arguments, "--check",
                       cwd=tmp_path)
    assert done.returncode == 2, done
    assert words in done.stderr


@pytest.mark.parametrize("mode, code", [(0o600, 0), (0o400, 0), (0o640, 2),
                                        (0o604, 2)])
def test_h_23_login_file_of_others(tmp_path, mode, code):
    """H-23: a login that others can read is not taken."""
    write_users(tmp_path / "users", [("alice", "r", "secret")])
    write_login(tmp_path, mode=mode)
    done = countersign("gateway", "--forward", "--realm", "r", "--users",
                       "users", "--state", "state", *PROXY, *FILE, "--check",
                       cwd=tmp_path)
    assert done.returncode == code, done
    assert ("others can read it" in done.stderr) == (code != 0)
