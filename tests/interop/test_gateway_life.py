# SPDX-License-Identifier: MIT
"""A gateway's life: settings, start, reload, crash, drain, end."""
import http.client
import json
import os
import pathlib
import signal
import socket
import stat
import subprocess
import threading
import time

import pytest

from support import digest, wire
from support.gateway import (ORIGIN_REALM, PROGRAM, USERS, countersign, login,
                             write_users)
from support.origin import response


def send(address, credentials, target="/"):
    with wire.Connection(address) as connection:
        return connection.exchange(target=target, fields=[
            ("Authorization", credentials)])


def enters(gate, user="alice", password="secret"):
    """The status of a fresh login."""
    with wire.Connection(gate.origin) as connection:
        session = digest.Session(
            connection.exchange().all("WWW-Authenticate"), user, password)
        return connection.exchange(fields=[
            ("Authorization", session.credentials("GET", "/"))]).status


def until(check, within):
    end = time.monotonic() + within
    while not check():
        assert time.monotonic() < end, f"not within {within} s"
        time.sleep(0.06)  # below what --max-failures allows


# --- settings -------------------------------------------------------------

GOOD = ["--origin", "http://127.0.0.1:9", "--realm", "r", "--state", "state",
        "--users", "users"]
WRONG = {
    "nothing to do": (["--state", "s", "--users", "users", "--realm", "r"],
                      "give --origin URL, --forward, or both"),
    "no state": (["--forward", "--users", "users", "--realm", "r"],
                 "give --state DIR"),
    "no realm": (["--forward", "--users", "users", "--state", "s"],
                 "give --realm"),
    "no users": (["--forward", "--realm", "r", "--state", "s"],
                 "give --users"),
    "users not there": (GOOD[:-1] + ["nobody"], "nobody: No such file"),
    "origin without scheme": (GOOD + ["--origin", "localhost:80"],
                              "does not start with http://"),
    "origin with path": (GOOD + ["--origin", "http://a/b"],
                         "is more than http[s]://HOST[:PORT]"),
    "origin port": (GOOD + ["--origin", "http://a:99999"], "no port"),
    "listen name": (GOOD + ["--listen", "example.org:80"],
                    "is not an address to listen on"),
    "listen nonsense": (GOOD + ["--listen", "x"], "is not HOST:PORT"),
    "listen twice": (GOOD + ["--listen", "127.0.0.1:81", "--listen",
                             "0.0.0.0:81"], "share a port"),
    "listen for another way": (GOOD + ["--listen", "forward=127.0.0.1:0"],
                               "is for a way not in use"),
    "https without certificate": (
        GOOD + ["--listen", "https://127.0.0.1:0"],
        "needs --tls-cert and --tls-key"),
    "certificate alone": (GOOD + ["--tls-cert", "users"],
                          "the key is missing"),
    "both ways, one realm": (GOOD + ["--forward"], "--forward-realm"),
    "both ways, equal realms": (GOOD + ["--forward", "--forward-realm", "r"],
                                "must differ"),
    "both ways, listen for which": (
        GOOD + ["--forward", "--forward-realm", "p", "--listen",
                "127.0.0.1:0"], "say origin="),
    "algorithm": (GOOD + ["--algorithm", "SHA-1"], "is not SHA-256"),
    "algorithm -sess": (GOOD + ["--algorithm", "SHA-256-sess"],
                        "is not SHA-256"),
    "algorithm twice": (GOOD + ["--algorithm", "MD5", "--algorithm", "md5"],
                        "named twice"),
    "nonce life": (GOOD + ["--nonce-life", "5 minutes"], "is no time"),
    "nonce life of nothing": (GOOD + ["--nonce-life", "0"], "or nothing"),
    "nonce life of years": (GOOD + ["--nonce-life", "9000h"], "24 days"),
    "destination": (GOOD + ["--allow-dest", "example.org"],
                    "is not ADDRESS"),
    "prefix": (GOOD + ["--deny-dest", "10.0.0.0/33"], "is not ADDRESS"),
    "connect ports": (GOOD + ["--connect-ports", "443,https"],
                      "is no port"),
    "user header": (GOOD + ["--user-header", "X Remote"], "no field name"),
    "user header taken": (GOOD + ["--user-header", "Authorization"],
                          "a meaning of its own"),
    "admin in the open": (GOOD + ["--admin-listen", "0.0.0.0:0"],
                          "not a loopback address"),
    "realm with control": (GOOD + ["--realm", "a\tb"], "control character"),
    "no such option": (GOOD + ["--orgin", "x"], "unrecognized option"),
    "an argument": (GOOD + ["x"], "'x' is no option"),
    "config not there": (GOOD + ["--config", "nothing"], "No such file"),
    "threads": (GOOD + ["--threads", "0"], "no number from 1"),
    "drain": (GOOD + ["--drain", "x"], "no number from 1"),
}


@pytest.mark.parametrize("name", WRONG)
def test_settings_refused(tmp_path, name):
    """Each wrong setting ends with 2 and says what is wrong."""
    write_users(tmp_path / "users", [("alice", "r", "secret")])
    arguments, words = WRONG[name]
    done = countersign("gateway", *arguments, "--check", cwd=tmp_path)
    assert done.returncode == 2, done
    assert words in done.stderr
    assert not (tmp_path / "state").exists()


def test_settings_accepted(tmp_path):
    """--check of good settings says so and touches nothing."""
    write_users(tmp_path / "users", [("alice", "r", "secret")])
    done = countersign("gateway", *GOOD, "--check", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert not (tmp_path / "state").exists()


def test_check_notes_missing_users(tmp_path):
    """A realm nobody can log in to is noted."""
    write_users(tmp_path / "users", [("alice", "other", "secret")])
    done = countersign("gateway", *GOOD, "--check", cwd=tmp_path)
    assert done.returncode == 0
    assert "no user with SHA-256" in done.stderr


@pytest.mark.parametrize("line, words", [
    ("orgin = http://a", "there is no setting 'orgin'"),
    ("[other]\nrealm = x", "there is no section"),
    ("forward = maybe", "is yes or no"),
    ("realm", "users:"),
])
def test_config_refused(tmp_path, line, words):
    """A wrong line in a configuration file is named with its number."""
    config = tmp_path / "gateway.ini"
    config.write_text("# a comment\nrealm = r\n" + line + "\n")
    done = countersign("gateway", "--config", config, "--check", cwd=tmp_path)
    assert done.returncode == 2
    assert f"{config}:" in done.stderr
    if words != "users:":
        assert words in done.stderr


def test_config_file(gateway, origin, tmp_path):
    """A file says the same as the command line, and is overruled by it."""
    config = tmp_path / "gateway.ini"
    config.write_text(f"""[gateway]
origin = {origin.url}
listen = origin=127.0.0.1:0
realm = not this one
algorithm = SHA-512-256
algorithm = SHA-256
one-time = yes
user-header = Remote-Name
""")
    gate = gateway("--config", config, "--realm", ORIGIN_REALM, "--listen",
                   "origin=127.0.0.1:0")
    with wire.Connection(gate.address("origin", 1)) as connection:
        lines = connection.exchange().all("WWW-Authenticate")
        assert [digest.challenge(line)["algorithm"] for line in lines] == [
            "SHA-512-256", "SHA-256"]
        assert digest.challenge(lines[0])["realm"] == ORIGIN_REALM
        session = digest.Session(lines[1])
        got = connection.exchange(fields=[
            ("Authorization", session.credentials("GET", "/"))])
    assert got.status == 200
    assert "nextnonce" in got.one("Authentication-Info")
    assert origin.seen[0].all("Remote-Name") == ["alice"]


# --- state ----------------------------------------------------------------

def test_state_is_locked(gateway, origin):
    """A second gateway on one state directory is refused, and says so."""
    gate = gateway(origin=origin.url)
    done = subprocess.run(gate.command, capture_output=True, text=True,
                          timeout=20, check=False)
    assert done.returncode == 2
    assert "another gateway uses it" in done.stderr
    assert enters(gate) == 200


def test_state_of_others(tmp_path):
    """A state directory that others can write to is refused."""
    write_users(tmp_path / "users", [("alice", "r", "secret")])
    (tmp_path / "state").mkdir()
    (tmp_path / "state").chmod(0o777)
    done = countersign("gateway", *GOOD, "--listen", "0", cwd=tmp_path)
    assert done.returncode == 2
    assert "others can write to it" in done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_state_of_another_user(tmp_path):
    """A state directory that another user owns is refused: he could have put
    symbolic links where the gateway writes."""
    write_users(tmp_path / "users", [("alice", "r", "secret")])
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (tmp_path / "state" / "etc").mkdir(parents=True, mode=0o755)
    (tmp_path / "state" / "etc" / "records.config").symlink_to(victim)
    os.chown(tmp_path / "state", 65534, 65534)
    done = subprocess.run(
        [PROGRAM, "gateway", *GOOD, "--listen", "0"], cwd=tmp_path,
        capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 2
    assert "belongs to another user" in done.stderr
    assert victim.read_text() == "precious"


def test_port_is_taken(tmp_path):
    """A port in use is told at once."""
    write_users(tmp_path / "users", [("alice", "r", "secret")])
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = countersign("gateway", *GOOD, "--listen", port, cwd=tmp_path)
    assert done.returncode == 2
    assert f"cannot listen on 127.0.0.1:{port}" in done.stderr


def test_key_file(gateway, origin):
    """The nonce key is made at the first start, for its owner alone, and
    kept; one that others can read is refused."""
    gate = gateway(origin=origin.url)
    keys = gate.state / "nonce.keys"
    assert stat.S_IMODE(keys.stat().st_mode) == 0o600
    before = keys.read_text()
    gate.stop()
    gate.start()
    assert keys.read_text() == before
    gate.stop()
    keys.chmod(0o644)
    done = subprocess.run(gate.command, capture_output=True, text=True,
                          timeout=60, check=False)
    assert done.returncode == 2
    assert "others can read it" in done.stderr


def test_writes_in_state_alone(gateway, origin, tmp_path):
    """Files the gateway has open for writing lie in its state directory,
    for its owner alone."""
    gate = gateway(origin=origin.url, forward=True)
    assert enters(gate) == 200
    open_for_writing = []
    for pid in (gate.process.pid, gate.engine_pid()):
        try:
            fds = list(pathlib.Path(f"/proc/{pid}/fd").iterdir())
        except PermissionError:
            # The engine is not dumpable: only root may look into it.
            assert os.geteuid() != 0 and pid != gate.process.pid
            continue
        for fd in fds:
            path = os.readlink(fd)
            flags = pathlib.Path(f"/proc/{pid}/fdinfo/{fd.name}").read_text()
            mode = int(flags.split("flags:")[1].split()[0], 8) & 3
            if path.startswith("/") and mode:
                open_for_writing.append(path)
    assert open_for_writing
    for path in open_for_writing:
        assert path.startswith((str(gate.state.resolve()), "/dev/")), path
    for path in gate.state.rglob("*"):
        if not path.is_symlink() and "log" not in path.parts[-2:]:
            assert not stat.S_IMODE(path.stat().st_mode) & 0o077 or (
                path.parent.name in ("run", "log", "cache")), path
    assert not stat.S_IMODE(gate.state.stat().st_mode) & 0o077


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


def test_rotate_keys(gateway, origin):
    """H-04: a new nonce key mints at once; nonces of the old one are good
    until their end, and of the one before that genuine but stale."""
    gate = gateway(origin=origin.url)
    session = login(gate.origin)
    key_of = {}
    for number, (status, reason) in enumerate(
            [(200, None), (200, None), (401, "stale-key")]):
        got = send(gate.origin, session.credentials("GET", "/"))
        assert got.status == status, number
        if reason:
            assert gate.refused("origin", reason) == 1
        key_of[number] = login(gate.origin).nonce[:2]
        done = countersign("gateway", "rotate-keys", "--state", gate.state)
        assert done.returncode == 0, done.stderr
    keys = (gate.state / "nonce.keys").read_text().splitlines()
    states = [line.split()[1] for line in keys if not line.startswith("#")]
    assert states == ["mint", "accept", "recognise", "recognise"]
    for _ in range(10):
        countersign("gateway", "rotate-keys", "--state", gate.state)
    assert enters(gate) == 200


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
    assert origin.seen[-1].all("X-Remote-User") == [
        "jürgen".encode().decode("latin-1")]
    passwd(users, "alice", "changed")
    until(lambda: enters(gate, "alice", "changed") == 200, within=1.0)
    assert enters(gate) == 401
    done = countersign("passwd", "--remove", "--realm", ORIGIN_REALM, users,
                       "alice")
    assert done.returncode == 0, done.stderr
    until(lambda: enters(gate, "alice", "changed") == 401, within=1.0)
