# SPDX-License-Identifier: MIT
"""Gateways of one administration: one realm, one session, one count of each
request, whichever of them consumes it."""
import base64
import os
import signal
import subprocess
import tempfile
import threading

import pytest

from support import digest, wire
from support.fetching import OK, clean_env, fetch
from support.gateway import PROXY_REALM, countersign, until
from support.hierarchy import ASK, PROVE, TELL, Hierarchy, is_stale

LOGIN = {"COUNTERSIGN_PROXY_USER": "alice:proxy-secret"}
BOTH = ["here", "beyond"]
WAYS = ["GET", "HEAD", "CONNECT"]


@pytest.fixture(scope="module")
def made(module_gateway):
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        hierarchy = Hierarchy(module_gateway, folder)
        yield hierarchy
        hierarchy.close()


@pytest.fixture
def tree(made):
    made.here.forget()
    made.beyond.forget()
    return made


@pytest.mark.parametrize("method", WAYS)
def test_g_09_one_session(tree, method):
    """G-08 G-09 G-14 D-18: one nonce and its counts serve both gateways, the
    one that relays and what it goes to by itself; each request is proved by
    whoever consumed it, and no origin sees a login (G-11)."""
    before = tree.refused()
    own = tree.session(tree.b)
    after_login = tree.refused()
    for gate, origin in [(tree.a, tree.beyond), (tree.a, tree.here),
                         (tree.b, tree.beyond), (tree.a, tree.here),
                         (tree.b, tree.here), (tree.a, tree.beyond)]:
        status, proved, _ = tree.ask(gate, own, origin, method)
        assert (status, proved) == (200, True)
    assert tree.refused() == after_login != before
    for seen in [*tree.here.seen, *tree.beyond.seen]:
        assert not seen.all(TELL) and "alice" not in str(seen.fields)


@pytest.mark.parametrize("origin", BOTH)
def test_one_challenge(tree, origin):
    """D-18: whoever asks, it is the same realm, and what one minted the
    other knows."""
    for first, then in ((tree.a, tree.b), (tree.b, tree.a)):
        with wire.Connection(first.proxy) as connection:
            got = connection.exchange("GET", getattr(tree, origin).url)
        assert not is_stale(got)
        own = tree.session(first)
        assert own.realm == PROXY_REALM
        assert tree.ask(then, own, tree.beyond)[:2] == (200, True)
        assert tree.ask(first, own, tree.here)[:2] == (200, True)


@pytest.mark.parametrize("method", WAYS)
@pytest.mark.parametrize("origin", BOTH)
def test_replays(tree, origin, method):
    """D-18 D-23: what one consumed is a replay at the other, in both
    directions, and at the one itself."""
    own = tree.session()
    where = getattr(tree, origin)
    for first in (tree.a, tree.b):
        status, proved, captured = tree.ask(first, own, where, method)
        assert (status, proved) == (200, True)
        seen = len(where.seen)
        for again in (tree.a, tree.b):
            got = tree.send(again, *captured)
            assert got.status == 407
            assert not got.all(PROVE)
        assert len(where.seen) == seen


def test_at_the_same_moment(tree):
    """D-18: of two who send one login to both at the same moment, one gets
    in."""
    own = tree.session()
    target = tree.here.url + "/"
    for _ in range(30):
        sent = own.credentials("GET", target)
        found = []
        gate = threading.Barrier(4)

        def send(to, sent=sent, found=found, gate=gate):
            with wire.Connection(to.proxy) as connection:
                octets = wire.request("GET", target, [(TELL, sent)])
                gate.wait(10)
                connection.send(octets)
                found.append(connection.response().status)

        threads = [threading.Thread(target=send, args=(to,))
                   for to in (tree.a, tree.b) * 2]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert sorted(found) == [200, 407, 407, 407]


@pytest.mark.parametrize("way", [[], ["-p"]], ids=["plain", "CONNECT"])
@pytest.mark.parametrize("origin", BOTH)
def test_g_14_fetch(tree, tmp_path, origin, way):
    """G-14 F-53: a client that requires the proof has it end to end: of the
    gateway that consumed its login."""
    done = fetch("--proxy-proof", "require", "-x",
                 f"http://127.0.0.1:{tree.a.proxy[1]}", *way, "-d", "x=1",
                 *[f"{getattr(tree, origin).url}/{i}" for i in range(3)],
                 env=LOGIN, check=OK, report=tmp_path / "report")
    assert {t["proxy"]["proof"] for t in done.report["transfers"]} == {
        "proved"}
    assert [s.body for s in getattr(tree, origin).seen] == [b"x=1"] * 3


@pytest.mark.parametrize("way", [[], ["-p"]], ids=["plain", "CONNECT"])
def test_curl(tree, way):
    """curl logs in through both, and is refused nothing but its requests
    without a login."""
    before = tree.refused()
    done = subprocess.run(
        ["curl", "-sS", "--fail", "-x",
         f"http://127.0.0.1:{tree.a.proxy[1]}", *way, "--proxy-digest", "-U",
         "alice:proxy-secret", f"{tree.beyond.url}/1", f"{tree.here.url}/2",
         f"{tree.beyond.url}/3"], capture_output=True, text=True, timeout=60,
        env=clean_env(), check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "".join(f"GET /{i} HTTP/1.1\n" for i in (1, 2, 3))
    after = tree.refused()
    asked = 'layer="proxy",result="refuse",reason="no-credentials"'
    added = {key: number - before.get(key, 0)
             for key, number in after.items()
             if number != before.get(key, 0)}
    assert all(asked in sample for _, sample in added), added
    assert 1 <= sum(added.values()) <= 3


def test_wrong_password(tree):
    """A wrong login is refused by whoever consumes it."""
    for origin in (tree.here, tree.beyond):
        own = tree.session()
        own.ha1 = own.ha1[::-1]
        status, proved, _ = tree.ask(tree.a, own, origin)
        assert (status, proved) == (407, False)
        assert not origin.seen


def load(tree, own, rounds=25):
    """Requests side by side through both, to both: their statuses."""
    found = []
    lock = threading.Lock()

    def client(number):
        for i in range(rounds):
            with lock:
                gate = (tree.a, tree.b)[(number + i) % 2]
                origin = (tree.here, tree.beyond)[i % 2]
                target = f"{origin.url}/{number}/{i}"
                sent = own.credentials("GET", target)
            found.append(tree.send(gate, sent, target).status)

    threads = [threading.Thread(target=client, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return found


def test_side_by_side(tree):
    """D-18: a hundred requests on one nonce, in any order, through both:
    nobody is refused who was not used."""
    assert load(tree, tree.session()) == [200] * 100


def test_rotation(tree):
    """D-17 H-04: a new key mints for both, and a session goes on under load
    without being asked for anything."""
    own = tree.session()
    done = []

    def rotate():
        done.append(countersign("gateway", "rotate-keys", "--state",
                                tree.a.state, "--state", tree.b.state))

    thread = threading.Thread(target=rotate)
    thread.start()
    assert load(tree, own) == [200] * 100
    thread.join(30)
    assert done[0].returncode == 0, done[0].stderr
    keys = [line.split() for line in
            (tree.folder / "keys").read_text().splitlines()
            if not line.startswith("#")]
    assert [state for _, state, _ in keys[:2]] == ["mint", "accept"]
    for at, other in ((tree.a, tree.b), (tree.b, tree.a)):
        with wire.Connection(at.proxy) as connection:
            got = connection.exchange("GET", tree.here.url
                                      if at is tree.a else tree.beyond.url)
        own = digest.Session(got.all(ASK), "alice", "proxy-secret")
        assert str(base64.urlsafe_b64decode(own.nonce)[1]) == keys[0][0]
        assert tree.ask(other, own, tree.here)[:2] == (200, True)


def test_rotation_of_one(tree):
    """H-04: who names one of several is told what the others do not know."""
    done = countersign("gateway", "rotate-keys", "--state", tree.a.state)
    assert done.returncode == 0
    assert "learns the new key at its next reload" in done.stderr
    assert tree.b.reload().returncode == 0
    assert tree.ask(tree.b, tree.session(tree.a), tree.here)[:2] == (200, True)


def test_several_states(tree):
    """Several gateways are told to rotate, and nothing else."""
    for verb in ("reload", "status", "stop"):
        done = countersign("gateway", verb, "--state", tree.a.state,
                           "--state", tree.b.state)
        assert (done.returncode, done.stdout) == (2, "")
        assert "--state is given twice" in done.stderr


def test_rotation_fails(tree, gateway, origin):
    """Gateways with different key files are told so, and nothing changes;
    nor does a key mint that one of them could not read."""
    other = gateway(origin=origin.url)
    keys = tree.folder / "keys"
    before = keys.read_text()
    done = countersign("gateway", "rotate-keys", "--state", tree.a.state,
                       "--state", other.state)
    assert done.returncode == 1
    assert "different key files" in done.stderr
    assert keys.read_text() == before
    users = tree.b.users.read_text()
    tree.b.users.write_text("not a user file\n")
    try:
        done = countersign("gateway", "rotate-keys", "--state", tree.a.state,
                           "--state", tree.b.state)
    finally:
        tree.b.users.write_text(users)
        tree.b.users.chmod(0o600)
    assert done.returncode == 1
    states = [line.split()[1] for line in keys.read_text().splitlines()
              if not line.startswith("#")]
    assert states[:2] == ["accept", "mint"]
    assert tree.b.reload().returncode == 0
    assert tree.ask(tree.a, tree.session(), tree.beyond)[:2] == (200, True)


def kill(gate):
    """Its engine; the launcher starts another, and whoever comes waits."""
    pid = gate.engine_pid()
    os.kill(pid, signal.SIGKILL)
    until(lambda: not os.path.exists(f"/proc/{pid}"), 20)


def start_anew(gate):
    """On the port it had."""
    port = gate.proxy[1]
    gate.stop()
    gate.command = [word.replace("forward=127.0.0.1:0",
                                 f"forward=127.0.0.1:{port}")
                    for word in gate.command]
    gate.start()


@pytest.mark.parametrize("end", [kill, start_anew])
@pytest.mark.parametrize("which", ["a", "b"])
def test_one_goes(tree, which, end):
    """D-17 D-18: a gateway that is killed, or started anew, finds the counts
    as the other kept them: no replay passes, and the session goes on."""
    own = tree.session()
    used = [tree.ask(gate, own, origin)[2] for gate in (tree.a, tree.b)
            for origin in (tree.here, tree.beyond)]
    end(getattr(tree, which))
    for captured in used:
        for at in (tree.a, tree.b):
            assert tree.send(at, *captured).status == 407
    for at in (tree.a, tree.b):
        for origin in (tree.here, tree.beyond):
            assert tree.ask(at, own, origin)[:2] == (200, True)


def test_killed_under_load(tree):
    """D-18: a gateway that is killed while it counts: what anybody got an
    answer for is a replay at both, and whoever logs in anew gets in."""
    own = tree.session()
    lock = threading.Lock()
    used, other = [], []

    def client(number):
        for i in range(120):
            with lock:
                target = f"{tree.here.url}/{number}/{i}"
                sent = own.credentials("GET", target)
            try:
                status = tree.send((tree.a, tree.b)[i % 2], sent,
                                   target).status
            except OSError:  # it was in the engine that was killed
                continue
            (used if status == 200 else other).append((status, sent, target))

    threads = [threading.Thread(target=client, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    until(lambda: len(used) > 60, 20)
    kill(tree.a)
    for thread in threads:
        thread.join(60)
    assert len(used) > 200 and {status for status, *_ in other} <= {407}
    for at in (tree.a, tree.b):
        for _, sent, target in used[::3]:
            assert tree.send(at, sent, target).status == 407
    assert tree.ask(tree.a, tree.session(), tree.here)[:2] == (200, True)


def test_all_go(tree):
    """D-17 D-18: when none is left the counts are forgotten, and with them
    every nonce: a right login of before is stale, and never fresh."""
    own = tree.session()
    used = tree.ask(tree.a, own, tree.here)[2]
    ports = [tree.a.proxy[1], tree.b.proxy[1]]
    tree.a.stop()
    start_anew(tree.b)
    tree.a.command = [word.replace("forward=127.0.0.1:0",
                                   f"forward=127.0.0.1:{ports[0]}")
                      for word in tree.a.command]
    tree.a.start()
    unused = own.credentials("GET", used[1])
    for at in (tree.a, tree.b):
        for sent in (used[0], unused):
            assert is_stale(tree.send(at, sent, used[1]))
    assert tree.ask(tree.a, tree.session(), tree.beyond)[:2] == (200, True)


def test_own_counts(tree, gateway):
    """D-18: a gateway with the keys and counts of its own takes the others'
    nonces for genuine and stale, and never counts with them."""
    alone = gateway("--keys", tree.folder / "keys", *tree.ports, forward=True)
    own = tree.session()
    target = tree.here.url + "/"
    assert is_stale(tree.send(alone, own.credentials("GET", target), target))
    assert alone.refused("proxy", "stale-domain") == 1
    assert tree.ask(tree.a, own, tree.here)[:2] == (200, True)


@pytest.mark.parametrize("what, words", [
    (["--counts-size", "9"], "others use it with a table of"),
    (["--counts", "/dev/shm"], "Is a directory"),
    (["--keys", "/dev/null"], "is not a plain file"),
    (["--keys", "/nowhere/keys"], "No such file"),
])
def test_refused_at_start(tree, gateway, what, words):
    """D-18: one that cannot share what it should does not start."""
    gate = None
    with pytest.raises(AssertionError) as error:
        gate = gateway(*tree.shared, *what, forward=True)
    assert gate is None and words in str(error.value)
    assert "engine ended" not in str(error.value)


def test_counts_on_disk(gateway, tmp_path_factory):
    """D-18: a table that could be on a network's disk is refused."""
    where = tmp_path_factory.mktemp("disk") / "counts"
    kind = subprocess.run(["stat", "-f", "-c", "%T", where.parent],
                          capture_output=True, text=True, check=True).stdout
    if kind.strip() == "tmpfs":
        pytest.skip("this machine's files are in memory")
    with pytest.raises(AssertionError) as error:
        gateway("--counts", where, forward=True)
    assert "is not in memory" in str(error.value)
