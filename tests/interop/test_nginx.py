# SPDX-License-Identifier: MIT
"""The nginx module: logins, proofs, counts of two workers, reloads."""
import os
import random
import signal
import subprocess

import pytest

from support import digest
from support.engines import LOGIN, PASSWORD, REALM, USER
from support.fetching import LOGIN as LOGIN_REFUSED
from support.fetching import OK, fetch
from support.nginx import MODULE, Nginx
from support.verifying import verify

if not MODULE.exists():
    pytest.skip("this build has no nginx module", allow_module_level=True)

AT_PROXY = {"domain-at-proxy", "proof-connect", "connect-host",
            "connect-port", "connect-no-port", "connect-path",
            "origin-form-uri"}
NEVER = {"opaque-changed", "opaque-missing"} | AT_PROXY
WAIT = {"stale-when-old", "stale-when-wrong", "old-nonce", "nextnonce"}
SESSION = {"session-key", "session-rebuilt"}
INT = {"auth-int-proof", "auth-int-content", "auth-int-changed"}
HASHED = {"userhash"}
ONE_TIME = {"replay-later", "counts-once", "counts-any-order"}


@pytest.fixture(scope="module")
def nginx():
    server = Nginx()
    yield server
    server.close()


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


def stale(got):
    line = got.all("WWW-Authenticate")[0]
    return digest.challenge(line).get("stale", "").lower() == "true"


def test_curl_logs_in(nginx):
    for login, status in [(LOGIN, "200"), (f"{USER}:guess", "401")]:
        done = subprocess.run(
            ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}",
             "--noproxy", "*", "--digest", "-u", login, nginx.url + "/page"],
            capture_output=True, text=True, timeout=30, check=False)
        assert done.stdout == status, nginx.said()


def test_fetch_demands_the_proof(nginx):
    done = fetch("--user", LOGIN, "--proof", "require", nginx.url + "/page",
                 check=OK)
    assert done.out == b"inside\n"
    fetch("--user", f"{USER}:guess", nginx.url + "/page",
          check=LOGIN_REFUSED)


@pytest.mark.parametrize("directives, skipped", [
    ("", INT | SESSION | HASHED | WAIT),
    ("countersign_userhash on;", INT | SESSION | WAIT),
    ("countersign_algorithms SHA-256-sess SHA-256;", INT | HASHED | WAIT),
    ("countersign_one_time on;",
     INT | SESSION | HASHED | ONE_TIME | WAIT - {"nextnonce"}),
    ("countersign_qop auth auth-int;", SESSION | HASHED | WAIT),
    ("countersign_qop auth-int; countersign_userhash on; "
     "countersign_algorithms SHA-256-sess SHA-256;", WAIT),
    ("countersign_qop auth auth-int; countersign_one_time on;",
     SESSION | HASHED | ONE_TIME | WAIT - {"nextnonce"}),
], ids=lambda value: value if isinstance(value, str) else "")
def test_verify_strict(make, directives, skipped):
    server = make(f'countersign "{REALM}"; {directives}')
    report = verify("--strict", "--basic", server.url + "/page?a=b",
                    user=LOGIN)
    assert report.named("fail", "warn") == set(), report.said("fail", "warn")
    assert report.named("skipped") == skipped | NEVER, report.said("skipped")
    assert report.code == OK


def test_the_end_of_a_nonce(make):
    server = make(f'countersign "{REALM}"; countersign_nonce_life 2s;')
    report = verify("--strict", "--wait", "2", server.url + "/page",
                    user=LOGIN)
    assert report.named("fail", "warn") == set(), report.said("fail", "warn")
    assert not report.named("skipped") & WAIT, report.said("skipped")


def test_d_24_two_workers_share_counts(nginx):
    """D-24: counts in any order over connections to both workers; each once,
    whichever worker is asked again."""
    session = nginx.login()
    counts = list(range(1, 41))
    random.Random(5).shuffle(counts)
    workers = set()
    for count in counts:
        got = nginx.send(target="/page", credentials=session.credentials(
            "GET", "/page", nc=count))
        assert got.status == 200, nginx.said()
        workers.add(got.one("X-Worker"))
    assert len(workers) == 2
    for count in counts:
        got = nginx.send(target="/page", credentials=session.credentials(
            "GET", "/page", nc=count))
        assert got.status == 401 and stale(got)
        workers.discard(got.one("X-Worker"))
    assert not workers


def test_d_18_reload_keeps_the_counts(make):
    """After `nginx -s reload` a count that was used is refused and the nonce
    goes on with the next."""
    server = make()
    session = server.login()
    sent = session.credentials("GET", "/page")
    assert server.send(target="/page", credentials=sent).status == 200
    server.reload()
    for _ in range(8):
        got = server.send(target="/page", credentials=sent)
        assert got.status == 401 and stale(got), server.said()
    assert server.get(session=session)[0].status == 200, server.said()


def test_killed_workers_take_no_counts_along(make):
    """The master starts others; what was marked stays marked."""
    server = make()
    session = server.login()
    sent = session.credentials("GET", "/page")
    assert server.send(target="/page", credentials=sent).status == 200
    before = server.workers()
    assert len(before) == 2
    for worker in before:
        os.kill(int(worker), signal.SIGKILL)
    server.until(lambda: len(server.workers() - before) == 2)
    got = server.send(target="/page", credentials=sent)
    assert got.status == 401 and stale(got), server.said()
    assert server.get(session=session)[0].status == 200, server.said()


def test_a_restart_is_a_round_trip(make):
    """A zone that begins anew knows no nonce of the one before."""
    first, second = make(), make()
    sent = first.login().credentials("GET", "/page")
    assert first.send(target="/page", credentials=sent).status == 200
    assert second.send(target="/page", credentials=sent).status == 401


def test_users_changed_are_live(make):
    server = make()
    session = server.login(user="bob", password="new")
    assert server.get(session=session)[0].status == 401
    server.write_users((USER, PASSWORD), ("bob", "new"))
    server.until(lambda: server.said().count("read anew") == 2)
    session = server.login(user="bob", password="new")
    assert {server.get(session=session)[0].status
            for _ in range(10)} == {200}


def test_users_broken_keep_the_old(make):
    server = make()
    path = server.folder / "www" / ".users"
    good = path.read_text()
    path.write_text("nonsense\n")
    server.until(lambda: server.said().count("the users before stay") == 2)
    assert server.get()[0].status == 200
    path.write_text(good)
    server.until(lambda: server.said().count("read anew") == 2)
    got, proved = server.get()
    assert got.status == 200 and proved


def test_what_a_log_shows(make):
    """H-18: the name of a user whom we do not know is not logged."""
    server = make(workers=1)  # who log in the order they answer
    assert server.get()[1]
    session = server.login(user="not known", password="x")
    assert server.get(session=session)[0].status == 401
    server.until(lambda: len(server.logged()) == 4)
    first, second, _, last = server.logged()
    assert first[:6] == ["-", "-", "no-credentials", "-", "-", "-"]
    assert second[:4] == [USER, USER, "none", "SHA-256"]
    assert 0 <= float(second[4]) < 10 and second[5] == "1"
    assert last[:3] == ["-", "-", "unknown-user"]
    assert "not known" not in server.said()
