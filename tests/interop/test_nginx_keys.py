# SPDX-License-Identifier: MIT
"""The nginx module's key files: made, read, shared, changed by a reload."""
import base64
import os
import secrets
import signal
import stat

import pytest

from support import digest
from support.engines import REALM
from support.gateway import countersign
from support.nginx import MODULE, Nginx

if not MODULE.exists():
    pytest.skip("this build has no nginx module", allow_module_level=True)

ONE, TWO, THREE = (secrets.token_hex(32) for _ in range(3))
SERVER = f"""
    countersign "{REALM}";
    countersign_keys %s;
    location /own {{ countersign_keys off; try_files /page =404; }}
"""


@pytest.fixture
def make():
    """make(...): an Nginx that ends with the test."""
    made = []

    def start(*arguments, **keywords):
        made.append(Nginx(*arguments, **keywords))
        return made[-1]

    yield start
    for server in made:
        server.close()


def put(path, *keys):
    """Replace a key file; `keys`: (id, state, secret)."""
    new = path.with_suffix(".new")
    new.touch(mode=0o600)
    new.write_text("".join(f"{i} {s} {k}\n" for i, s, k in keys))
    new.rename(path)


def key_of(nonce):
    """The id of the key a nonce was minted with: its second octet."""
    return base64.urlsafe_b64decode(nonce)[1]


def challenge(got):
    return digest.challenge(got.one("WWW-Authenticate"))


def ask(server, session):
    return server.send(target="/page",
                       credentials=session.credentials("GET", "/page"))


def outcome(server, session):
    """"in", or whether the refusal is stale."""
    got = ask(server, session)
    if got.status == 200:
        return "in"
    assert got.status == 401, got
    return challenge(got).get("stale", "false")


def test_h_04_a_file_is_made_where_that_is_asked_for(make, tmp_path):
    """H-04: for its owner alone; a reload finds it, and makes none anew."""
    path = tmp_path / "keys"
    server = make(SERVER % f"{path} create")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    before = path.read_text()
    session = server.login()
    assert outcome(server, session) == "in"
    server.reload()
    assert path.read_text() == before
    assert outcome(server, session) == "in"


def test_d_17_nodes_and_restarts_know_a_nonce(make, tmp_path):
    """D-17: one of another node, or from before a restart, is stale: the
    browser tries again by itself. Without the file it asks its user."""
    path = tmp_path / "keys"
    put(path, (1, "mint", ONE))
    first, second = make(SERVER % path), make(SERVER % path)
    for target, stale in [("/page", "true"), ("/own", "false")]:
        session = first.login(target)
        sent = session.credentials("GET", target)
        assert first.send(target=target, credentials=sent).status == 200
        got = second.send(target=target, credentials=sent)
        assert got.status == 401
        assert challenge(got).get("stale", "false") == stale, target


def test_d_17_each_state_of_a_key(make, tmp_path):
    """D-17 D-20 H-04: accepted, recognised (a right answer is stale, a wrong
    one is wrong), dropped (a plain challenge), and back again."""
    path = tmp_path / "keys"
    put(path, (1, "mint", ONE))
    server = make(SERVER % path)
    session = server.login()
    wrong = server.login(password="wrong")
    assert key_of(session.nonce) == 1

    def reload(*keys):
        put(path, *keys)
        server.reload()

    reload((2, "mint", TWO), (1, "accept", ONE))
    assert key_of(server.login().nonce) == 2
    assert outcome(server, session) == "in"
    reload((2, "mint", TWO), (1, "recognise", ONE))
    assert outcome(server, session) == "true"
    assert outcome(server, wrong) == "false"
    reload((2, "mint", TWO))
    assert outcome(server, session) == "false"
    reload((2, "mint", TWO), (1, "accept", THREE))
    assert outcome(server, session) == "false", "another key by that number"
    reload((2, "mint", TWO), (1, "accept", ONE))
    assert outcome(server, session) == "in"


def test_h_04_the_program_rotates_it(make, tmp_path):
    """H-04: as docs/nginx.md says, with a folder that has the file alone."""
    path = tmp_path / "nonce.keys"
    server = make(SERVER % f"{path} create")
    session = server.login()
    for wanted in ("in", "true"):
        done = countersign("gateway", "rotate-keys", "--state", tmp_path)
        assert done.returncode == 0, done.stderr
        server.reload()
        assert key_of(server.login().nonce) != key_of(session.nonce)
        assert outcome(server, session) == wanted


def test_h_04_a_wrong_file_changes_nothing(make, tmp_path):
    """H-04: the reload fails, says where, and shows no secret; workers and
    keys in use stay."""
    path = tmp_path / "keys"
    put(path, (1, "mint", ONE))
    server = make(SERVER % path)
    session = server.login()
    workers = server.workers()
    line = (server.folder / "conf").read_text().split("countersign_keys")[
        0].count("\n") + 1
    for number, content in enumerate(["", f"1 mint {ONE[1:]}\n",
                                      f"1 mint {ONE}\n1 accept {TWO}\n"]):
        path.write_text(content)
        server.process.send_signal(signal.SIGHUP)
        server.until(lambda: server.said().count(f'"{path}": ') == number + 1)
    path.chmod(0o640)
    server.process.send_signal(signal.SIGHUP)
    server.until(lambda: "chmod 600" in server.said())
    assert server.said().count(f"conf:{line}") == 4, server.said()
    assert ONE[2:20] not in server.said()
    assert outcome(server, session) == "in"
    assert server.workers() == workers


def test_d_17_rotation_under_load(make, tmp_path):
    """D-17 H-04: keys changed as several nodes should, while clients of three
    kinds go on: those who follow nextnonce, those who never log in anew, and
    those who begin. Nobody is refused."""
    path = tmp_path / "keys"
    put(path, (1, "mint", ONE))
    server = make(SERVER % path)
    faithful, follower = server.login(), server.login()
    minted = set()

    def work():
        for session in (faithful, follower):
            got = ask(server, session)
            assert got.status == 200, (got, server.said())
            told = digest.parameters(got.one("Authentication-Info"))
            if session is follower and "nextnonce" in told:
                session.take_nonce(told["nextnonce"])
        fresh = server.login()
        minted.add(key_of(fresh.nonce))
        assert outcome(server, fresh) == "in", server.said()

    for keys in [[(1, "mint", ONE), (2, "accept", TWO)],
                 [(2, "mint", TWO), (1, "accept", ONE)],
                 [(3, "accept", THREE), (2, "mint", TWO), (1, "accept", ONE)],
                 [(3, "mint", THREE), (2, "accept", TWO),
                  (1, "accept", ONE)]]:
        put(path, *keys)
        before = server.workers()
        server.process.send_signal(signal.SIGHUP)
        while server.workers() & before or len(server.workers()) != 2:
            work()  # old and new workers serve at once
        for _ in range(10):
            work()
    assert minted == {1, 2, 3}
    assert key_of(server.login().nonce) == 3


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives rights up")
def test_h_04_workers_need_no_right_to_read_it(make, tmp_path):
    """H-04: the master reads it; a worker of another user serves with it."""
    path = tmp_path / "keys"
    put(path, (7, "mint", ONE))
    server = make(SERVER % path, user="user www-data;")
    assert server.workers()
    session = server.login()
    assert key_of(session.nonce) == 7
    assert outcome(server, session) == "in"
