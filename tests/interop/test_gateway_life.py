# SPDX-License-Identifier: MIT
"""A gateway's life: reload, crash, drain, end, and what it says."""
import http.client
import json
import os
import signal
import socket
import stat
import subprocess
import threading
import time

import pytest

from support import digest, wire
from support.gateway import (ORIGIN_REALM, USERS, countersign, enters, login,
                             send, until, write_users)
from support.origin import response


# --- reload ---------------------------------------------------------------

def test_users_change_live(gateway, origin):
    """A user file that was replaced is in use within a second; connections
    and nonces live on."""
    gate = gateway(origin=origin.url)
    session = login(gate.origin)
    with wire.Connection(gate.origin) as connection:
        assert enters(gate, "carol", "new") == 401
        write_users(gate.users, USERS + [("carol", ORIGIN_REALM, "new")])
        until(lambda: enters(gate, "carol", "new") == 200, within=1.0)
        got = connection.exchange(fields=[
            ("Authorization", session.credentials("GET", "/"))])
        assert got.status == 200
        write_users(gate.users, USERS[1:])
        until(lambda: enters(gate) == 401, within=1.0)
        assert enters(gate, "bob", "hunter2") == 200
        got = connection.exchange(fields=[
            ("Authorization", session.credentials("GET", "/"))])
        assert got.status == 401


def test_users_change_in_place(gateway, origin):
    """A change that leaves size, inode and time of content as they were (a
    copy made with its times) is live within a second too."""
    gate = gateway(origin=origin.url)
    before = gate.users.stat()
    lines = gate.users.read_text().replace(
        digest.ha1("alice", ORIGIN_REALM, "secret"),
        digest.ha1("alice", ORIGIN_REALM, "changed"))
    time.sleep(0.6)  # it was looked at, and the change is no neighbour in time
    gate.users.write_text(lines)
    os.utime(gate.users, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert gate.users.stat().st_ino == before.st_ino
    assert gate.users.stat().st_size == before.st_size
    until(lambda: enters(gate, "alice", "changed") == 200, within=1.0)
    assert enters(gate) == 401


def test_broken_users_change_nothing(gateway, origin):
    """A user file with a bad line is refused whole; a good one after it is
    taken."""
    gate = gateway(origin=origin.url)
    gate.users.write_text(gate.users.read_text() + "mallory:x:zz\n")
    done = gate.reload()
    assert done.returncode == 1
    assert json.loads(done.stdout)["reloaded"] is False
    assert enters(gate) == 200
    assert gate.metrics()[
        'countersign_reloads_total{result="failed"}'] >= 1
    until(lambda: any("reload-failed" in line for line in gate.err), 2)
    write_users(gate.users, USERS + [("carol", ORIGIN_REALM, "new")])
    until(lambda: enters(gate, "carol", "new") == 200, within=1.0)


def test_reload_under_load(gateway, origin):
    """Reloads while requests come in: not one is refused or lost."""
    gate = gateway(origin=origin.url)
    going = threading.Event()
    going.set()
    statuses = []

    def run():
        session = login(gate.origin)
        with wire.Connection(gate.origin) as connection:
            while going.is_set():
                statuses.append(connection.exchange(fields=[
                    ("Authorization",
                     session.credentials("GET", "/"))]).status)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(60):
        gate.reload()
    going.clear()
    for thread in threads:
        thread.join()
    assert set(statuses) == {200} and len(statuses) > 500
    assert gate.status()["reloads"] >= 60


@pytest.mark.parametrize("how", ["verb", "SIGHUP"])
def test_h_07_reload_opens_no_replay(gateway, origin, how):
    """H-07: a reload forgets no count, and an unused one still works."""
    gate = gateway(origin=origin.url)
    session = login(gate.origin)
    used = session.credentials("GET", "/", nc=1)
    assert send(gate.origin, used).status == 200
    before = gate.status()["reloads"]
    if how == "verb":
        assert json.loads(gate.reload().stdout) == {"reloaded": True}
    else:
        gate.process.send_signal(signal.SIGHUP)
    until(lambda: gate.status()["reloads"] > before, within=5)
    assert send(gate.origin, used).status == 401
    assert send(gate.origin,
                session.credentials("GET", "/", nc=2)).status == 200


@pytest.mark.parametrize("how", ["stop", "kill launcher", "kill engine"])
def test_h_07_restart_opens_no_replay(gateway, origin, how):
    """H-07 D-17: after a restart, clean or not, no replay passes; an unused
    count is at worst stale."""
    gate = gateway(origin=origin.url)
    session = login(gate.origin)
    used = session.credentials("GET", "/", nc=1)
    assert send(gate.origin, used).status == 200
    if how == "kill engine":
        pid = gate.engine_pid()
        os.kill(pid, signal.SIGKILL)
        until(lambda: any("ready again" in line for line in gate.err), 20)
    else:
        if how == "stop":
            assert gate.stop() == 0
        else:
            gate.process.kill()
            gate.process.wait()
        gate.start()
    for credentials in (used, session.credentials("GET", "/", nc=2)):
        got = send(gate.origin, credentials)
        assert got.status == 401
        assert digest.challenge(
            got.one("WWW-Authenticate"))["stale"] == "true"
    assert gate.refused("origin", "stale-domain") == 2
    assert enters(gate) == 200


def test_engine_dies_with_launcher(gateway, origin):
    """Whatever ends the launcher ends the engine too."""
    gate = gateway(origin=origin.url)
    pid = gate.engine_pid()
    gate.process.kill()
    gate.process.wait()

    def gone():
        try:
            with open(f"/proc/{pid}/stat", encoding="ascii") as file:
                return file.read().rsplit(")", 1)[1].split()[0] in "ZX"
        except FileNotFoundError:
            return True

    until(gone, within=5)


def test_connections_wait_for_restart(gateway, origin):
    """A client that comes while a crashed engine is started again is
    served, not refused."""
    gate = gateway(origin=origin.url)
    os.kill(gate.engine_pid(), signal.SIGKILL)
    with wire.Connection(gate.origin) as connection:
        connection.socket.settimeout(20)
        assert connection.exchange().status == 401


# --- the end --------------------------------------------------------------

def test_drain(gateway, origin):
    """TERM: what is in flight finishes, nothing new comes in, and the end
    comes as soon as nothing is left."""
    release = threading.Event()

    def slow(seen):
        release.wait(10)
        return response(200, b"late")

    gate = gateway("--drain", "10", origin=origin.url)
    session = login(gate.origin)
    origin.answer = slow
    with wire.Connection(gate.origin) as connection:
        connection.send(wire.request(fields=[
            ("Authorization", session.credentials("GET", "/"))]))
        until(lambda: origin.seen, within=5)
        started = time.monotonic()
        gate.process.send_signal(signal.SIGTERM)

        def refused():
            try:
                socket.create_connection(gate.origin, 1).close()
                return False
            except OSError:
                return True

        until(refused, within=3)
        release.set()
        got = connection.response()
        assert (got.status, got.body) == (200, b"late")
        assert gate.process.wait(8) == 0
        assert time.monotonic() - started < 6


def test_drain_is_bounded(gateway, origin):
    """A request that never ends is cut off when --drain is over."""
    forever = threading.Event()
    origin.answer = lambda seen: b"" if forever.wait(30) else None
    gate = gateway("--drain", "2", origin=origin.url)
    session = login(gate.origin)
    with wire.Connection(gate.origin) as connection:
        connection.send(wire.request(fields=[
            ("Authorization", session.credentials("GET", "/"))]))
        until(lambda: origin.seen, within=5)
        started = time.monotonic()
        assert gate.stop() == 0
        assert 1.5 < time.monotonic() - started < 7
    forever.set()


def test_stop_verb(gateway, origin):
    """`gateway stop` ends it and waits; afterwards nobody answers."""
    gate = gateway(origin=origin.url)
    done = countersign("gateway", "stop", "--state", gate.state)
    assert done.returncode == 0, done.stderr
    assert gate.process.wait(5) == 0
    for verb in ("status", "reload", "stop"):
        done = countersign("gateway", verb, "--state", gate.state)
        assert done.returncode == 1
        assert "no gateway uses it" in done.stderr


def test_stop_trusts_the_lock(gateway, origin):
    """Whose number stands in the lock file does not matter: it is the
    process that holds the lock which is told to end."""
    gate = gateway(origin=origin.url)
    bystander = subprocess.Popen(["sleep", "60"])
    try:
        (gate.state / "lock").write_text(f"{bystander.pid}\n")
        for verb in ("status", "stop"):
            done = countersign("gateway", verb, "--state", gate.state)
            assert done.returncode == 0, done.stderr
        assert gate.process.wait(5) == 0
        assert bystander.poll() is None
        done = countersign("gateway", "stop", "--state", gate.state)
        assert done.returncode == 1 and "no gateway" in done.stderr
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


# --- metrics and health ---------------------------------------------------

def test_admin_endpoints(gateway, origin):
    """Metrics and health answer where they are, and nowhere else."""
    gate = gateway(origin=origin.url, forward=True)

    def get(path, method="GET"):
        client = http.client.HTTPConnection(*gate.admin, timeout=5)
        client.request(method, path)
        got = client.getresponse()
        return got.status, got.getheader("Content-Type"), got.read()

    assert get("/health") == (200, "text/plain", b"ok\n")
    status, kind, body = get("/metrics")
    assert (status, kind) == (200, "text/plain; version=0.0.4")
    for line in body.decode().splitlines():
        assert line.startswith("#") or line.split(" ")[0].startswith(
            "countersign_"), line
    assert get("/metrics", "HEAD")[::2] == (200, b"")
    assert get("/other")[0] == 404
    assert get("/metrics", "POST")[0] == 405
    for address in (gate.origin, gate.proxy):
        with wire.Connection(address) as connection:
            got = connection.exchange(target="/metrics")
            assert got.status in (400, 401)
    assert not origin.seen


def test_metrics_count(gateway, origin):
    """Decisions, proofs and nonces are counted, each under its reason."""
    gate = gateway(origin=origin.url)
    session = login(gate.origin)
    for _ in range(3):
        send(gate.origin, session.credentials("GET", "/"))
    send(gate.origin, session.credentials("GET", "/", nc=1))
    session.ha1 = "0" * 64
    send(gate.origin, session.credentials("GET", "/"))
    samples = gate.metrics()
    prefix = 'countersign_decisions_total{layer="origin",'
    assert samples[prefix + 'result="allow",reason="none"}'] == 3
    assert samples[prefix + 'result="refuse",reason="no-credentials"}'] == 1
    assert samples[prefix + 'result="refuse",reason="replay"}'] == 1
    assert samples[prefix + 'result="refuse",reason="wrong-response"}'] == 1
    assert samples['countersign_proofs_sent_total{layer="origin"}'] == 3
    assert samples["countersign_live_nonces"] == 1
    assert samples['countersign_users{layer="origin"}'] == len(USERS)
    # The metrics' own request; others end a moment after their response.
    until(lambda: gate.metrics()["countersign_requests_active"] == 1, 5)


def test_log_file(gateway, origin, tmp_path):
    """--log FILE: one JSON object for each refusal, 0600, opened anew at
    reload."""
    log = tmp_path / "refusals"
    gate = gateway("--log", log, origin=origin.url)
    login(gate.origin)
    until(lambda: log.exists() and log.read_text().count("\n") == 1, 5)
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    entry = json.loads(log.read_text())
    assert entry["reason"] == "no-credentials"
    log.rename(tmp_path / "older")
    gate.reload()
    login(gate.origin)
    until(lambda: log.exists() and log.read_text().count("\n") == 1, 5)
    assert (tmp_path / "older").read_text().count("\n") == 1


# --- with countersign passwd ----------------------------------------------

def passwd(path, user, password):
    done = countersign("passwd", "--stdin", "--realm", ORIGIN_REALM, path,
                       user, input=password + "\n")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["users.db", "users.htdigest"])
def test_passwd_change_is_live(gateway, origin, tmp_path, name):
    """Users that `countersign passwd` adds, changes and removes, in either
    kind of file: live within a second, with SHA-512-256 and names beyond
    ASCII too."""
    users = tmp_path / name
    passwd(users, "alice", "secret")
    gate = gateway("--users", users, "--algorithm", "SHA-512-256",
                   "--algorithm", "SHA-256", origin=origin.url)
    assert enters(gate) == 200
    passwd(users, "jürgen", "größe")

    with wire.Connection(gate.origin) as connection:
        lines = connection.exchange().all("WWW-Authenticate")
        assert [digest.challenge(line)["algorithm"] for line in lines] == [
            "SHA-512-256", "SHA-256"]

    def greeted():
        """Names are hashed as UTF-8 and travel as the same octets."""
        with wire.Connection(gate.origin) as connection:
            session = digest.Session(
                connection.exchange().all("WWW-Authenticate"), "jürgen",
                "größe")
            sent = session.credentials("GET", "/")
            return connection.exchange(fields=[
                ("Authorization", sent.encode().decode("latin-1"))]).status

    until(lambda: greeted() == 200, within=1.0)
    assert origin.seen[-1].all("X-Remote-User") == ["j%C3%BCrgen"]
    passwd(users, "alice", "changed")
    until(lambda: enters(gate, "alice", "changed") == 200, within=1.0)
    assert enters(gate) == 401
    done = countersign("passwd", "--remove", "--realm", ORIGIN_REALM, users,
                       "alice")
    assert done.returncode == 0, done.stderr
    until(lambda: enters(gate, "alice", "changed") == 401, within=1.0)
