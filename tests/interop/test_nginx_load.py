# SPDX-License-Identifier: MIT
"""nginx and our module while much goes on: parallel connections on one nonce,
reloads, restarts and killed workers under load, a zone that is too small."""
import json
import os
import pathlib
import random
import signal
import subprocess
import threading
import time

import pytest

from support import digest, wire
from support.engines import LOGIN, REALM
from support.nginx import BUILD, MODULE, Nginx

if not MODULE.exists():
    pytest.skip("this build has no nginx module", allow_module_level=True)

LOAD = BUILD / "bench" / "load"
DIE_LOCKED = pathlib.Path(__file__).parent / "support" / "die_locked.c"
INFO = "Authentication-Info"
FOREVER = "keepalive_requests 1000000;"


@pytest.fixture
def make():
    """make(...): an Nginx that ends with the test."""
    made = []

    def start(*arguments, **keywords):
        made.append(Nginx(*arguments, http=FOREVER, **keywords))
        return made[-1]

    yield start
    for server in made:
        server.close()


def is_stale(got):
    line = got.all("WWW-Authenticate")[0]
    return digest.challenge(line).get("stale", "").lower() == "true"


class Load:
    """Clients on one nonce, each on a connection of its own, from `with` to
    its end. A connection that was closed is made anew and its request given
    up. Nobody goes on while the answer to one of 200 counts before is awaited,
    which its worker, if it stood still, might not know any more. `refused`:
    responses that were not 200, or not proved."""

    def __init__(self, server, clients=8, renew=False):
        self.server = server
        self.session = server.login()
        self.renew = renew  # log in anew after a refusal
        self.lock = threading.Condition()
        self.awaited = {}  # credentials: (nonce, count)
        self.accepted = []
        self.refused = []
        self.lost = []
        self.errors = []
        self.ending = threading.Event()
        self.threads = [threading.Thread(target=self.run)
                        for _ in range(clients)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.ending.set()
        for thread in self.threads:
            thread.join()
        assert not self.errors, self.errors

    def run(self):
        try:
            while not self.ending.is_set():
                try:
                    with self.server.connection() as connection:
                        while not self.ending.is_set():
                            self.ask(connection)
                except OSError:
                    time.sleep(0.002)  # nobody listens, for a moment
        except BaseException as error:  # told to the test, not to the thread
            self.errors.append(error)

    def ask(self, connection):
        with self.lock:
            self.lock.wait_for(lambda: not self.is_far_ahead(), 5)
            session = self.session
            sent = session.credentials("GET", "/page")
            self.awaited[sent] = session.nonce, session.count
        try:
            got = connection.exchange(target="/page",
                                      fields=[("Authorization", sent)])
        except OSError:
            self.lost.append(sent)
            raise
        finally:
            with self.lock:
                del self.awaited[sent]
                self.lock.notify_all()
        with self.lock:
            if got.status == 200 and session.proves(got.one(INFO), sent,
                                                    "/page"):
                self.accepted.append(sent)
                return
            self.refused.append(got)
            if self.renew and session is self.session:
                self.session = digest.Session(
                    got.all("WWW-Authenticate"), session.user,
                    "open sesame")

    def is_far_ahead(self):
        return any(nonce == self.session.nonce
                   and self.session.count - count >= 200
                   for nonce, count in self.awaited.values())

    def wait(self, more):
        """Until so many more requests were accepted."""
        wanted = len(self.accepted) + more
        self.server.until(lambda: len(self.accepted) >= wanted
                          or self.errors)


def replay(server, sent):
    """Each of them again, piece by piece on one connection; the statuses."""
    statuses = []
    with server.connection() as connection:
        for at in range(0, len(sent), 50):
            part = sent[at:at + 50]
            connection.send(b"".join(
                wire.request(target="/page", fields=[("Authorization", one)])
                for one in part))
            statuses += [connection.response().status for _ in part]
    return statuses


@pytest.mark.parametrize("workers", [1, 2])
def test_d_24_32_connections_on_one_nonce(make, workers):
    """D-24: 32 connections at once, tens of thousands of requests: each is
    let in and proved."""
    server = make(workers=workers)
    done = subprocess.run(
        [LOAD, "-c", "32", "-s", "1", "-u", LOGIN, server.url + "/page"],
        capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["refused"] == told["other"] == 0, told
    assert told["proved"] == told["requests"] > 1000, told


@pytest.mark.parametrize("workers", [1, 2])
def test_d_18_reloads_under_load(make, workers):
    """D-18: no request is refused by the old workers nor by the new ones, and
    neither takes a count that the others took."""
    server = make(workers=workers)
    with Load(server) as load:
        for _ in range(4):
            load.wait(100)
            server.reload()
        load.wait(100)
    assert not load.refused, load.refused[:3]
    assert set(replay(server, load.accepted)) == {401}


def test_h_07_restarts_under_load(make):
    """H-07: after a restart nothing passes that passed before, whether nginx
    was asked to end or killed."""
    server = make()
    with Load(server, renew=True) as load:
        for how in (signal.SIGTERM, signal.SIGQUIT, signal.SIGTERM):
            load.wait(100)
            server.stop(how)
            server.start()
        load.wait(100)
    before = [sent for sent in load.accepted
              if load.session.nonce not in sent]
    assert len(before) >= 300
    assert set(replay(server, load.accepted)) == {401}


def test_h_07_workers_killed_under_load(make):
    """H-07: twenty times a worker is killed while all serve. Those that are
    left go on; nothing passes twice; what is refused is stale."""
    server = make()
    chance = random.Random(7)
    with Load(server, clients=4, renew=True) as load:
        for _ in range(20):
            load.wait(20)
            os.kill(int(chance.choice(sorted(server.workers()))),
                    signal.SIGKILL)
            server.until(server.workers)
        load.wait(100)
    assert all(is_stale(got) for got in load.refused)
    assert set(replay(server, load.accepted)) == {401}
    # Of those that nobody answered each passes once at most.
    lost = replay(server, load.lost)
    assert set(lost) <= {200, 401}
    assert set(replay(server, load.lost)) <= {401}


@pytest.fixture(scope="module")
def die_locked(tmp_path_factory):
    library = tmp_path_factory.mktemp("die") / "die_locked.so"
    subprocess.run(["gcc", "-std=c11", "-O1", "-fPIC", "-shared", "-Wall",
                    "-Wextra", "-Werror", DIE_LOCKED, "-o", library, "-ldl"],
                   check=True)
    return library


@pytest.mark.parametrize("point", ["locked", "unlocking"])
def test_d_25_killed_with_the_lock_in_its_hand(make, die_locked, tmp_path,
                                               point):
    """D-25 H-07: a worker dies when it has the lock of what it counts in, or
    just before it gives it back. Nobody waits for the dead, no count passes
    again, and a new login is let in."""
    server = make(environment={"LD_PRELOAD": str(die_locked),
                               "DIE_LOCKED": str(tmp_path)})
    session = server.login()
    before = [session.credentials("GET", "/page") for _ in range(3)]
    assert [server.send(target="/page", credentials=sent).status
            for sent in before] == [200] * 3
    (tmp_path / point).touch()
    last = session.credentials("GET", "/page")
    with pytest.raises(ConnectionError):
        server.send(target="/page", credentials=last)
    assert not (tmp_path / point).exists()
    for sent in [*before, last] * 4:
        got = server.send(target="/page", credentials=sent)
        assert got.status == 401 and is_stale(got), server.said()
    session = server.login()
    for _ in range(8):
        got, proved = server.get(session=session)
        assert got.status == 200 and proved, server.said()


def test_h_05_a_zone_ten_times_too_small(make):
    """H-05 H-07: ten times as many logins as the zone has room for, all of
    them used twice: whose nonce made way is told so, and nothing passes
    twice."""
    server = make(f'countersign "{REALM}"; countersign_zone small:32k;')
    first, second = [], []
    refused = 0
    with server.connection() as connection:
        def ask(sent):
            return connection.exchange(target="/page",
                                       fields=[("Authorization", sent)])

        sessions = [digest.Session(
            connection.exchange(target="/page").all("WWW-Authenticate"),
            "tester", "open sesame") for _ in range(2000)]
        random.Random(3).shuffle(sessions)
        for session in sessions:
            first.append(session.credentials("GET", "/page"))
            got = ask(first[-1])
            if got.status == 401:
                assert is_stale(got)
                refused += 1
                first.pop()
        for session in sessions:
            sent = session.credentials("GET", "/page")
            got = ask(sent)
            if got.status == 200:
                second.append(sent)
            else:
                assert got.status == 401 and is_stale(got)
    assert refused > 0 and len(first) > 0 and len(second) > 0
    assert set(replay(server, first + second)) == {401}
    assert server.get()[0].status == 200
