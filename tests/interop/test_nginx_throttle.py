# SPDX-License-Identifier: MIT
"""Guessing at nginx's door: who is refused, who is slowed down, who is not,
over two workers, reloads and HTTP/2."""
import itertools
import select
import subprocess
import time

import pytest

from support import digest, http2, wire
from support.engines import PASSWORD, REALM, USER
from support.nginx import MODULE, Nginx

if not MODULE.exists():
    pytest.skip("this build has no nginx module", allow_module_level=True)

SERVER = """
    countersign "test.example";
    countersign_throttle failures=3;
    location /free { countersign_throttle off; try_files /page =404; }
    location /short { countersign_throttle failures=3 window=1s;
                      try_files /page =404; }
    location /slow { countersign_throttle failures=3 delay=30s;
                     try_files /page =404; }
    location /later { countersign_throttle failures=3 delay=300ms;
                      try_files /page =404; }
    location /told { error_page 429 /please; try_files /page =404; }
    location /please { countersign off; return 200 "later"; }
    location /any { satisfy any; allow 127.0.0.77; deny all;
                    try_files /page =404; }
"""
ANSWERS_WAIT = 64  # an eighth of a worker's 512 connections


@pytest.fixture
def make():
    """make(...): an Nginx that ends with the test."""
    made = []

    def start(*arguments, **keywords):
        made.append(Nginx(*arguments, throttled=True, **keywords))
        return made[-1]

    yield start
    for server in made:
        server.close()


@pytest.fixture
def nginx(make):
    return make(SERVER)


def connect(server, source="127.0.0.1"):
    return wire.Connection(server.address, source=(source, 0))


def wrong(session, target="/page", user=USER):
    """A wrong answer; what is wrong spends no count."""
    fields = session.fields("GET", target, nc=1)
    fields["username"] = digest.quote(user)
    fields["response"] = digest.quote("0" * 64)
    return digest.render(fields)


def ask(server, credentials, target="/page", source="127.0.0.1"):
    with connect(server, source) as connection:
        return connection.exchange(
            target=target, fields=[("Authorization", credentials)])


def guess(server, times, target="/page", user=USER, source="127.0.0.1"):
    """The responses to so many wrong answers."""
    session = server.login(target)
    return [ask(server, wrong(session, target, user), target, source)
            for _ in range(times)]


def statuses(responses):
    return [got.status for got in responses]


def spread(server, times, target):
    """Failures of one user, each from an address of its own; nobody waits for
    the answers."""
    sent = wrong(server.login(target), target)
    guessers = [connect(server, f"127.0.1.{number + 1}")
                for number in range(times)]
    for each in guessers:
        each.send(wire.request(target=target,
                               fields=[("Authorization", sent)]))
    server.until(lambda: server.said().count("wrong-response") == times)
    for each in guessers:
        each.close()


def test_h_09_guessing_is_refused(nginx):
    """H-09 H-10: beyond the limit a user's answers from one address are not
    read, by whichever worker; others there and he elsewhere go on."""
    assert statuses(guess(nginx, 5)) == [401] * 4 + [429]
    session = nginx.login()
    workers = set()
    for _ in range(20):
        got = ask(nginx, session.credentials("GET", "/page"))
        assert got.status == 429, nginx.said()
        assert not got.all("WWW-Authenticate") and not got.all(
            "Authentication-Info")
        assert 1 <= int(got.one("Retry-After")) <= 20
        workers.add(got.one("X-Worker"))
    assert len(workers) == 2
    got = ask(nginx, session.credentials("GET", "/page"), source="127.0.0.2")
    assert got.status == 200, "he, elsewhere"
    assert nginx.send(target="/page").status == 401, "without credentials"
    # Unknown users look the same (D-39), and count for the address.
    assert statuses(guess(nginx, 5, user="mallory")) == [401] * 4 + [429]
    assert 429 in statuses(
        guess(nginx, 1, user=f"user{n}")[0] for n in range(30))


def test_what_a_log_shows_of_it(nginx):
    """H-18: why, and no name."""
    guess(nginx, 5, user="a secret")
    nginx.until(lambda: len(nginx.logged()) == 6)
    assert nginx.logged()[-1][:7] == ["-", "-", "too-many-failures", "-", "-",
                                      "-", "429"]
    assert nginx.said().count("countersign: too-many-failures") == 1
    assert "a secret" not in nginx.said()


def test_only_failed_logins_count(nginx):
    """H-09: not right answers, nor requests without any, nor stale ones."""
    session = nginx.login()
    sent = session.credentials("GET", "/page")
    assert ask(nginx, sent).status == 200
    for _ in range(8):
        assert ask(nginx, sent).status == 401, "a replay"
        assert ask(nginx, "Digest x").status == 400
        assert nginx.send(target="/page").status == 401
        assert ask(nginx,
                   session.credentials("GET", "/page")).status == 200


def test_the_limit_of_a_place(nginx):
    """H-09: none, or one with a window of its own, which ends."""
    assert statuses(guess(nginx, 30, "/free")) == [401] * 30
    assert statuses(guess(nginx, 1)) == [401], "none of that was counted"
    assert 429 in statuses(guess(nginx, 8, "/short"))
    session = nginx.login("/short")

    def is_over():
        got = ask(nginx, session.credentials("GET", "/short"), "/short")
        return got.status == 200

    nginx.until(is_over)


def test_reload_keeps_what_was_counted(nginx):
    assert statuses(guess(nginx, 5))[-1] == 429
    nginx.reload()
    assert statuses(guess(nginx, 1)) == [429]


def test_the_limit_that_is_there_by_default(make):
    """H-09: 20 in a minute."""
    server = make()
    got = statuses(guess(server, 24))
    assert got[:21] == [401] * 21 and 429 in got[21:], got


def test_h_09_a_user_is_slowed_down(nginx):
    """H-09: guessed at from many addresses, a wrong answer waits, and its
    worker serves others; he himself is let in at once."""
    spread(nginx, 12, "/later")
    session = nginx.login("/later")
    started = time.monotonic()
    got = ask(nginx, wrong(session, "/later"), "/later", "127.0.0.99")
    assert got.status == 401 and got.all("WWW-Authenticate")
    assert time.monotonic() - started >= 0.28
    with connect(nginx, "127.0.0.98") as guesser:
        guesser.send(wire.request(target="/slow", fields=[
            ("Authorization", wrong(nginx.login("/slow"), "/slow"))]))
        for _ in range(20):
            got = ask(nginx, session.credentials("GET", "/later"), "/later",
                      "127.0.0.97")
            assert got.status == 200
        assert not select.select([guesser.socket], [], [], 0)[0]
    got = ask(nginx, session.credentials("GET", "/later"), "/later",
              "127.0.0.97")
    assert got.status == 200, "the guesser hung up"


def test_answers_that_wait_are_limited(make):
    """H-09: a guesser cannot take all of a worker's connections."""
    server = make(SERVER, workers=1)
    spread(server, 8, "/slow")
    sent = wrong(server.login("/slow"), "/slow")
    guessers = [connect(server, f"127.0.2.{n + 1}")
                for n in range(ANSWERS_WAIT + 10)]

    def answered():
        return select.select([each.socket for each in guessers], [], [], 0)[0]

    try:
        for each in guessers:
            each.send(wire.request(target="/slow",
                                   fields=[("Authorization", sent)]))
        server.until(lambda: len(answered()) == 10)
        assert server.get()[0].status == 200
        assert len(answered()) == 10
        # Who hangs up leaves his place to another.
        done = answered()
        leaver = next(each for each in guessers if each.socket not in done)
        guessers.remove(leaver)
        leaver.close()
        sources = itertools.count(1)

        def waits():
            late = connect(server, f"127.0.3.{next(sources)}")
            guessers.append(late)
            late.send(wire.request(target="/slow",
                                   fields=[("Authorization", sent)]))
            assert server.get()[0].status == 200
            return late.socket not in answered()

        server.until(waits)
    finally:
        for each in guessers:
            each.close()
    assert server.get()[1]


def test_an_error_page_for_it(nginx):
    guess(nginx, 5, "/told")
    session = nginx.login("/told")
    got = ask(nginx, session.credentials("GET", "/told"), "/told")
    assert got.status == 429 and got.body == b"later"
    assert 1 <= int(got.one("Retry-After")) <= 20


def test_satisfy_any(nginx):
    """Who is let in by his address is not asked, however often he failed."""
    inside = "127.0.0.77"
    for source, status in [("127.0.0.1", 429), (inside, 200)]:
        for _ in range(5):
            got = ask(nginx, wrong(nginx.login("/any"), "/any"), "/any",
                      source)
        assert got.status == status, source


def test_http_2(make, tmp_path):
    """H-09: refused and slowed down there, while other streams go on."""
    server = make(f"{SERVER} {tls(tmp_path)}", listen="ssl http2")

    def connected(number):
        return http2.Connection(server.address, (f"127.0.4.{number}", 0))

    def ask_for(connection, path, credentials):
        return connection.send(path=path, fields=[
            ("Authorization", credentials)])

    with connected(1) as connection:
        got = connection.exchange(path="/later")
        session = digest.Session(got.all("WWW-Authenticate"), USER, PASSWORD)
        streams = [ask_for(connection, "/later", wrong(session, "/later"))
                   for _ in range(5)]
        got = connection.receive(streams)
        assert statuses(got[each] for each in streams) == [401] * 4 + [429]
        assert got[streams[-1]].one("retry-after")
    for number in range(2, 10):
        with connected(number) as connection:
            guesses = ask_for(connection, "/later", wrong(session, "/later"))
            assert connection.receive([guesses])[guesses].status == 401
    with connected(10) as connection:
        guesses = ask_for(connection, "/slow", wrong(session, "/slow"))
        for _ in range(5):
            right = ask_for(connection, "/later",
                            session.credentials("GET", "/later"))
            assert connection.receive([right])[right].status == 200
        connection.h2.reset_stream(guesses)
        connection.flush()
        right = ask_for(connection, "/later",
                        session.credentials("GET", "/later"))
        assert connection.receive([right])[right].status == 200


def tls(folder):
    """Directives for a certificate that is made there."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days",
         "2", "-subj", "/CN=localhost", "-keyout", folder / "key", "-out",
         folder / "cert"], capture_output=True, check=True)
    return (f"ssl_certificate {folder}/cert; "
            f"ssl_certificate_key {folder}/key;")
