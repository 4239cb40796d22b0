# SPDX-License-Identifier: MIT
"""The gateway, and nginx, with -sess algorithms and every form of a user's
name."""
import itertools

import pytest

from support import digest, digest_whole, wire
from support.gateway import (ORIGIN_REALM, PROXY_REALM, Gateway, countersign,
                             write_users)
from support.guards import (guard,  # pylint: disable=unused-import
                            module_guard)
from support.whole import ask, login

NAMES = ["alice", "Jäsøn Doe", "محمد", "李雷", "é", "🙂", "100%", "a b"]
USERS = [(name, realm, f"{name}-päss", algorithm)
         for name in NAMES for realm in (ORIGIN_REALM, PROXY_REALM)
         for algorithm in ("SHA-256", "SHA-512-256")]
ALGORITHMS = ["SHA-512-256", "SHA-256", "SHA-256-sess", "SHA-512-256-sess"]


@pytest.fixture(scope="module")
def shared(module_guard, module_origin):
    gate = module_guard(
        "--qop", "auth,auth-int", "--userhash", "--allow-dest", "127.0.0.0/8",
        *itertools.chain(*(("--algorithm", a) for a in ALGORITHMS)),
        "--max-failures", "0",
        origin=module_origin.url, forward=True, users=USERS)
    return gate, module_origin


@pytest.fixture
def served(shared):
    shared[1].forget()
    return shared


def challenges(gate, layer="origin"):
    address = gate.origin if layer == "origin" else gate.proxy
    with wire.Connection(address) as connection:
        got = connection.exchange(target="/" if layer == "origin"
                                  else "http://example.invalid/")
    return got.all({"origin": "WWW-Authenticate",
                    "proxy": "Proxy-Authenticate"}[layer])


def session_of(gate, algorithm, user="alice", **how):
    line = challenges(gate)[ALGORITHMS.index(algorithm)]
    return digest_whole.Session(line, user, f"{user}-päss", **how)


def test_b_21_challenges(served):
    """B-14 B-15 B-17 B-18 B-21 H-27: all algorithms in order, on one nonce,
    with userhash and both qop values."""
    gate, _ = served
    for layer in ("origin", "proxy")[:2 if isinstance(gate, Gateway) else 1]:
        params = [digest.challenge(line)
                  for line in challenges(gate, layer)]
        assert [p["algorithm"] for p in params] == ALGORITHMS
        assert {p["nonce"] for p in params} == {params[0]["nonce"]}
        for p in params:
            assert p["userhash"] == "true" and p["charset"] == "UTF-8"
            assert p["qop"] == "auth, auth-int"


@pytest.mark.parametrize("qop", ["auth", "auth-int"])
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_c_05_sess(served, algorithm, qop):
    """C-05 C-06 D-45 E-16: many requests on one session, with the A1 of its
    first, and proofs with it; counts are counted."""
    gate, origin = served
    session = session_of(gate, algorithm, qop=qop)
    with wire.Connection(gate.origin) as connection:
        for method, body in (("GET", b""), ("POST", b"hello")) * 3:
            got = ask(connection, session, method, "/", body)
            assert (got.status, got.header) == (200, True), got.got
        session.count -= 1
        assert ask(connection, session).status == 401  # D-23
    assert len(origin.seen) == 6


def test_k_14_rebuilt_sess(served):
    """D-45 (K-14): peers that build A1 anew from each request's cnonce."""
    gate, _ = served
    session = session_of(gate, "SHA-256-sess", qop="auth")
    with wire.Connection(gate.origin) as connection:
        for _ in range(3):
            session.first = None
            got = ask(connection, session)
            assert got.status == 200


def test_d_45_wrong_session(served):
    """C-07 D-45: a session key of another challenge is wrong, and so is the
    algorithm without session."""
    gate, origin = served
    old = session_of(gate, "SHA-256-sess", qop="auth")
    new = session_of(gate, "SHA-256-sess", qop="auth")
    with wire.Connection(gate.origin) as connection:
        assert ask(connection, old).status == 200
        new.first = old.first
        assert ask(connection, new).status == 401
        old.sess = False
        assert ask(connection, old).status == 401
    assert len(origin.seen) == 1


def test_e_35_no_nextnonce(guard, origin):
    """E-35: a session gets no nextnonce, whatever its nonce has left."""
    gate = guard("--algorithm", "SHA-256-sess", "--nonce-life", "1s",
                   origin=origin.url)
    for _ in range(3):
        session = login(gate.origin, qop="auth")
        with wire.Connection(gate.origin) as connection:
            got = ask(connection, session)
        assert got.status == 200
        assert "nextnonce" not in got.got.one("Authentication-Info")


@pytest.mark.parametrize("qop,body", [("auth", b""), ("auth-int", b"hello")])
@pytest.mark.parametrize("algorithm", ["SHA-512-256", "SHA-256-sess"])
@pytest.mark.parametrize("form", ["plain", "hashed", "extended"])
@pytest.mark.parametrize("user", NAMES)
def test_c_31_forms_of_names(served, user, form, algorithm, qop, body):
    """C-31 C-32 C-33 C-36 C-37 C-45 D-40 E-24: each name in each form, and
    the application learns who it is, from the gateway in plain ASCII."""
    gate, origin = served
    session = session_of(gate, algorithm, user, qop=qop, name=form)
    with wire.Connection(gate.origin) as connection:
        got = ask(connection, session, "POST" if body else "GET", "/", body)
    assert (got.status, got.header) == (200, True), got.got
    [told] = origin.seen[0].all("X-Remote-User")
    if not isinstance(gate, Gateway):
        assert told == user.encode().decode("latin-1")
        return
    coded = "".join(chr(o) if 0x20 <= o <= 0x7e and o != 0x25 else f"%{o:02X}"
                    for o in user.encode())
    assert told == coded


@pytest.mark.parametrize("user", [" alice", "alice ", " "])
def test_blanks_at_the_ends_are_kept_apart(gateway, origin, user):
    """A name with a blank at an end is another's; a field would lose it."""
    gate = gateway(origin=origin.url, users=[
        (user, ORIGIN_REALM, "secret")])
    session = login(gate.origin, user=user, qop="auth")
    with wire.Connection(gate.origin) as connection:
        assert ask(connection, session).status == 200
    assert origin.seen[0].all("X-Remote-User") == [user.replace(" ", "%20")]


@pytest.mark.parametrize("form", ["plain", "hashed", "extended"])
def test_d_39_wrong_password_and_unknown(served, form):
    """D-39 D-40: under each form a wrong password and an unknown name get the
    same answer; the log names who is known."""
    gate, origin = served
    line = challenges(gate)[1]
    known = digest_whole.Session(line, "李雷", "wrong", qop="auth", name=form)
    unknown = digest_whole.Session(line, "王五", "wrong", qop="auth",
                                   name=form)
    answers = []
    for session in (known, unknown):
        with wire.Connection(gate.origin) as connection:
            got = ask(connection, session).got
        answers.append((got.status, [
            digest.challenge(v).keys() for v in got.all("WWW-Authenticate")]))
    assert answers[0] == answers[1] and answers[0][0] == 401
    assert not origin.seen
    gate.wait_log("unknown-user")
    logged = [(e["reason"], e["user"]) for e in gate.log()]
    assert ("wrong-response", "李雷") in logged
    assert {u for r, u in logged if r == "unknown-user"} == {"***"}


def test_d_03_two_names(served):
    """D-03 D-04: both forms at once, or an extended hash, are 400."""
    gate, _ = served
    line = challenges(gate)[1]
    session = digest_whole.Session(line, "alice", "alice-päss", qop="auth")
    for change in ({"username*": "UTF-8''alice"},
                   {"username*": "UTF-8''alice", "userhash": "true",
                    "username": None},
                   {"username*": "UTF-16''alice", "username": None},
                   {"username*": "UTF-8''%ff", "username": None}):
        fields = session.fields("GET", "/")
        fields.update(change)
        fields = {k: v for k, v in fields.items() if v is not None}
        with wire.Connection(gate.origin) as connection:
            got = connection.exchange(fields=[
                ("Authorization", digest_whole.render(fields))])
        assert got.status == 400, change


def test_userhash_unless_offered(guard, origin):
    """Without --userhash a hashed name is nobody's, and not offered."""
    gate = guard(origin=origin.url)
    session = login(gate.origin, qop="auth", name="hashed")
    assert "userhash" not in session.params
    with wire.Connection(gate.origin) as connection:
        assert ask(connection, session).status == 400


def test_b_21_users_without_an_algorithm(guard, origin):
    """B-21 C-13: a user with one hash is found by it, plain or hashed, and
    is nobody under the other."""
    gate = guard("--algorithm", "SHA-512-256", "--algorithm", "SHA-256",
                   "--userhash", origin=origin.url)
    write_users(gate.users, [("alice", ORIGIN_REALM, "secret", "SHA-256")])
    assert gate.reload().returncode == 0
    with wire.Connection(gate.origin) as connection:
        lines = connection.exchange().all("WWW-Authenticate")
    for line, status in zip(lines, (401, 200)):
        for count, form in enumerate(("plain", "hashed")):
            session = digest_whole.Session(line, qop="auth", name=form)
            session.count = count
            with wire.Connection(gate.origin) as connection:
                assert ask(connection, session).status == status


REFUSED = [
    (["--qop", "int"], "auth, auth,auth-int or auth-int"),
    (["--qop", ""], "auth, auth,auth-int or auth-int"),
    (["--content-limit", "1x"], "no size"),
    (["--content-limit", "m"], "no size"),
    (["--proof-limit", "-1"], "no size"),
    (["--proof-limit", "5000m"], "more than 4096m"),
    (["--content-memory", "0"], "less than 1 octets"),
    (["--content-memory", "1k"], "--content-limit is more"),
    (["--content-memory", "1k", "--content-limit", "1k"],
     "--proof-limit is more"),
    (["--algorithm", "SHA-1"], "not SHA-256"),
    (["--algorithm", "MD5-ses"], "not SHA-256"),
    (["--one-time", "--algorithm", "SHA-256-sess"], "no -sess algorithm"),
]


@pytest.mark.parametrize("options,why", REFUSED)
def test_settings_refused(tmp_path, options, why):
    """What makes no sense is refused before anything starts."""
    users = tmp_path / "users"
    write_users(users, [("alice", "x", "secret")])
    done = countersign("gateway", "--check", "--origin", "http://127.0.0.1:1",
                       "--realm", "x", "--users", users, "--state",
                       tmp_path / "state", *options)
    assert done.returncode == 2, done
    assert why in done.stderr


def test_settings_of_a_file(tmp_path):
    """A file says the same; --check takes it."""
    users = tmp_path / "users"
    write_users(users, [("alice", "x", "secret")])
    config = tmp_path / "conf"
    config.write_text(
        f"origin = http://127.0.0.1:1\nrealm = x\nusers = {users}\n"
        f"state = {tmp_path / 'state'}\nqop = auth,auth-int\nuserhash = yes\n"
        "algorithm = SHA-512-256-sess\nalgorithm = md5-sess\n"
        "content-limit = 2m\nproof-limit = 4096\ncontent-memory = 8m\n")
    done = countersign("gateway", "--check", "--config", config)
    assert done.returncode == 0, done.stderr
