# SPDX-License-Identifier: MIT
"""Nonce keys: their file, its reload, and rotation under load."""
import base64
import json
import secrets
import threading
import time

import pytest

from support import digest, wire
from support.gateway import countersign, enters, login, send


def key_of(nonce):
    """The id of the key a nonce was minted with: its second octet."""
    return base64.urlsafe_b64decode(nonce)[1]


def write_keys(gate, keys):
    """Replace the key file; `keys`: (id, state, secret)."""
    path = gate.state / "nonce.keys"
    temporary = path.with_suffix(".new")
    temporary.touch(mode=0o600)
    temporary.write_text("".join(f"{i} {s} {k}\n" for i, s, k in keys))
    temporary.rename(path)


def read_keys(gate):
    return [tuple(line.split())
            for line in (gate.state / "nonce.keys").read_text().splitlines()
            if not line.startswith("#")]


def put_keys(gate, *keys):
    write_keys(gate, keys)
    done = gate.reload()
    assert json.loads(done.stdout) == {"reloaded": True}, done


def challenge(got):
    return digest.challenge(got.one("WWW-Authenticate"))


ONE, TWO, THREE = (secrets.token_hex(32) for _ in range(3))


# --- the file -------------------------------------------------------------

def test_rotate_keys(gateway, origin):
    """H-04: a new nonce key mints at once; nonces of the old one are good
    until their end, and of the one before that genuine but stale."""
    gate = gateway(origin=origin.url)
    session = login(gate.origin)
    for number, (status, reason) in enumerate(
            [(200, None), (200, None), (401, "stale-key")]):
        got = send(gate.origin, session.credentials("GET", "/"))
        assert got.status == status, number
        if reason:
            assert gate.refused("origin", reason) == 1
        before = key_of(login(gate.origin).nonce)
        done = countersign("gateway", "rotate-keys", "--state", gate.state)
        assert done.returncode == 0, done.stderr
        assert key_of(login(gate.origin).nonce) != before
    assert [state for _, state, _ in read_keys(gate)] == [
        "mint", "accept", "recognise", "recognise"]
    for _ in range(10):
        countersign("gateway", "rotate-keys", "--state", gate.state)
    assert enters(gate) == 200
    assert len(read_keys(gate)) == 8


def test_d_17_each_state_of_a_key(gateway, origin):
    """D-17 D-20 H-04: accepted, recognised (a right answer is stale, a wrong
    one is wrong), dropped (a plain challenge), and back again."""
    gate = gateway(origin=origin.url)
    put_keys(gate, (1, "mint", ONE))
    session = login(gate.origin)
    wrong = login(gate.origin, password="wrong")
    assert key_of(session.nonce) == 1

    put_keys(gate, (2, "mint", TWO), (1, "accept", ONE))
    assert key_of(login(gate.origin).nonce) == 2
    assert send(gate.origin, session.credentials("GET", "/")).status == 200

    put_keys(gate, (2, "mint", TWO), (1, "recognise", ONE))
    got = send(gate.origin, session.credentials("GET", "/"))
    assert (got.status, challenge(got).get("stale")) == (401, "true")
    assert key_of(challenge(got)["nonce"]) == 2
    got = send(gate.origin, wrong.credentials("GET", "/"))
    assert got.status == 401
    assert challenge(got).get("stale", "false") != "true"

    put_keys(gate, (2, "mint", TWO))
    got = send(gate.origin, session.credentials("GET", "/"))
    assert got.status == 401
    assert challenge(got).get("stale", "false") != "true"
    # The same number with another secret is another key.
    put_keys(gate, (2, "mint", TWO), (1, "accept", THREE))
    got = send(gate.origin, session.credentials("GET", "/"))
    assert challenge(got).get("stale", "false") != "true"
    assert gate.refused("origin", "stale-key") == 1
    assert gate.refused("origin", "wrong-response") == 1
    assert gate.refused("origin", "nonce-unknown") == 2

    put_keys(gate, (2, "mint", TWO), (1, "accept", ONE))
    assert send(gate.origin, session.credentials("GET", "/")).status == 200


SECRET = "ab" * 32
WRONG = {
    "no key mints": f"1 accept {SECRET}\n",
    "two keys mint": f"1 mint {SECRET}\n2 mint {'cd' * 32}\n",
    "one number twice": f"1 mint {SECRET}\n1 accept {'cd' * 32}\n",
    "a short secret": f"1 mint {SECRET[:-2]}\n",
    "a long secret": f"1 mint {SECRET}00\n",
    "no hex digits": f"1 mint {'zz' * 32}\n",
    "a number too large": f"256 mint {SECRET}\n",
    "no number": f"x mint {SECRET}\n",
    "no such state": f"1 retired {SECRET}\n",
    "a word too many": f"1 mint {SECRET} x\n",
    "a word too few": "1 mint\n",
    "nine keys": f"1 mint {SECRET}\n" + "".join(
        f"{n} accept {n:02x}{SECRET[2:]}\n" for n in range(2, 10)),
    "nothing": "",
    "comments alone": "# none\n",
}


@pytest.fixture(scope="module")
def keyed(module_gateway, module_origin):
    return module_gateway(origin=module_origin.url)


@pytest.mark.parametrize("name", WRONG)
def test_h_04_a_wrong_key_file_changes_nothing(keyed, name):
    """H-04: what is no key file is refused, and the keys in use stay."""
    good = (keyed.state / "nonce.keys").read_text()
    session = login(keyed.origin)
    (keyed.state / "nonce.keys").write_text(WRONG[name])
    try:
        done = keyed.reload()
        assert done.returncode == 1
        told = json.loads(done.stdout)
        assert told["reloaded"] is False and "nonce.keys" in told["error"]
        assert SECRET[:16] not in done.stdout
        assert send(keyed.origin,
                    session.credentials("GET", "/")).status == 200
        assert key_of(login(keyed.origin).nonce) == key_of(session.nonce)
    finally:
        (keyed.state / "nonce.keys").write_text(good)
    assert keyed.reload().returncode == 0


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_h_04_a_key_file_for_its_owner_alone(keyed, mode):
    """H-04: one that others can read or write is refused at reload too."""
    path = keyed.state / "nonce.keys"
    path.chmod(mode)
    try:
        assert "chmod 600" in json.loads(keyed.reload().stdout)["error"]
    finally:
        path.chmod(0o600)
    assert keyed.reload().returncode == 0


# --- under load -----------------------------------------------------------

class Client:
    """Requests without a pause, on one connection. `follows`: takes the
    nextnonce; otherwise only what a 401 brings."""

    def __init__(self, gate, follows, life_s):
        self.gate = gate
        self.follows = follows
        self.next_before = life_s / 4
        self.going = True
        self.good = 0
        self.stale = []   # key ids of nonces that were stale
        self.faults = []
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        try:
            with wire.Connection(self.gate.origin) as connection:
                self.work(connection)
        except Exception as error:  # told to the test, not to the thread
            self.faults.append(error)

    def work(self, connection):
        session = digest.Session(
            connection.exchange().one("WWW-Authenticate"))
        last = time.monotonic()
        after_stale = False
        while self.going:
            started = time.monotonic()
            got = connection.exchange(fields=[
                ("Authorization", session.credentials("GET", "/"))])
            gap, last = started - last, started
            if got.status == 200:
                self.good += 1
                after_stale = False
                self.follow(session, got)
                continue
            told = challenge(got)
            if told.get("stale") != "true" or after_stale:
                self.faults.append(f"refused: {told}, {after_stale}")
            # Who follows is never refused, unless this machine stood still.
            if self.follows and gap < self.next_before:
                self.faults.append(f"a follower refused, gap {gap}")
            self.stale.append(key_of(session.nonce))
            after_stale = True
            session.take_nonce(told["nonce"])

    def follow(self, session, got):
        told = digest.parameters(got.one("Authentication-Info"))
        if self.follows and "nextnonce" in told:
            session.take_nonce(told["nextnonce"])

    def end(self):
        self.going = False
        self.thread.join()
        assert not self.faults, self.faults
        assert self.good > 50


def test_d_17_rotation_under_load(gateway, origin):
    """D-17 H-04: keys changed as an operator should, by hand: those who
    follow nextnonce are never refused, the others get one stale round trip
    for a nonce that aged, and nothing else happens to anybody."""
    life = 2.0
    gate = gateway("--nonce-life", f"{life:.0f}s", "--log", "/dev/null",
                   origin=origin.url)
    put_keys(gate, (1, "mint", ONE))
    clients = [Client(gate, n % 2 == 0, life) for n in range(6)]
    wait = life * 1.25 + 0.2  # nonce life and grace: then no nonce is alive
    try:
        for pause, keys in [
                (0.3, [(1, "mint", ONE), (2, "accept", TWO)]),
                (wait, [(2, "mint", TWO), (1, "accept", ONE)]),
                (0.3, [(2, "mint", TWO), (1, "recognise", ONE)]),
                (0.3, [(2, "mint", TWO), (3, "accept", THREE),
                       (1, "recognise", ONE)]),
                (wait, [(3, "mint", THREE), (2, "accept", TWO),
                        (1, "recognise", ONE)]),
                (0.5, [(3, "mint", THREE), (2, "recognise", TWO)])]:
            put_keys(gate, *keys)
            time.sleep(pause)
    finally:
        for client in clients:
            client.going = False
    for client in clients:
        client.end()
    # Every nonce that was refused had come to its age; no key was to blame.
    assert gate.refused("origin", "stale-key") == 0
    assert gate.refused("origin", "nonce-unknown") == 0
    assert gate.refused("origin", "stale") == sum(
        len(client.stale) for client in clients)
    assert any(client.stale for client in clients if not client.follows)


def test_d_17_rotation_in_haste(gateway, origin):
    """D-17: keys rotated again and again while their nonces are young cost
    a stale round trip, never a plain refusal, and at most one a rotation."""
    gate = gateway("--log", "/dev/null", origin=origin.url)
    clients = [Client(gate, False, 300) for _ in range(6)]
    rotations = 12
    try:
        time.sleep(0.2)
        for _ in range(rotations):
            done = countersign("gateway", "rotate-keys", "--state",
                               gate.state)
            assert done.returncode == 0, done.stderr
            time.sleep(0.2)
    finally:
        for client in clients:
            client.going = False
    for client in clients:
        client.end()
        # A key is recognised at the second rotation after its first nonce.
        assert rotations / 2 - 1 <= len(client.stale) <= rotations
        assert len(set(client.stale)) == len(client.stale)
    assert gate.refused("origin", "stale-key") == sum(
        len(client.stale) for client in clients)
    assert gate.refused("origin", "nonce-unknown") == 0
    assert gate.refused("origin", "replay") == 0
