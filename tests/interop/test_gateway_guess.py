# SPDX-License-Identifier: MIT
"""Guessing at passwords: who is refused, who is slowed down, who is not."""
import resource
import socket
import struct
import threading
import time

import pytest

from support import digest, wire
from support.gateway import login

SPAN_S = 5.0  # what a wrong answer waits at most
AT_ONCE_S = 1.0  # what other answers take, on a machine that is busy


def send(gate, credentials, source="127.0.0.1"):
    with wire.Connection(gate.origin, source=(source, 0)) as connection:
        return connection.exchange(fields=[("Authorization", credentials)])


def wrong(gate, user, session=None):
    """A wrong answer for `user`."""
    session = session or login(gate.origin)
    fields = session.fields("GET", "/")
    fields["username"] = digest.quote(user)
    fields["response"] = digest.quote("0" * 64)
    return digest.render(fields)


def guess(gate, user, times, source="127.0.0.1"):
    """Statuses of wrong answers for `user`."""
    session = login(gate.origin)
    return [send(gate, wrong(gate, user, session), source).status
            for _ in range(times)]


def took(call, *arguments):
    started = time.monotonic()
    got = call(*arguments)
    return got, time.monotonic() - started


def until(check, within=10):
    end = time.monotonic() + within
    while not check():
        assert time.monotonic() < end, f"not within {within} s"
        time.sleep(0.05)


def in_parallel(*calls):
    threads = [threading.Thread(target=call) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


# --- refused --------------------------------------------------------------

def test_h_09_guessing_is_refused(gateway, origin):
    """H-09 H-10: beyond the limit a user's answers from one source are not
    read; other users there go on, until the source itself is over."""
    gate = gateway("--max-failures", "6", origin=origin.url)
    assert guess(gate, "alice", 8) == [401] * 7 + [429]
    right = login(gate.origin)
    got = send(gate, right.credentials("GET", "/"))
    assert got.status == 429
    assert not got.all("WWW-Authenticate")
    assert 1 <= int(got.one("Retry-After")) <= 10
    assert send(gate, right.credentials("GET", "/"),
                "127.0.0.2").status == 200, "the user elsewhere"
    bob = login(gate.origin, user="bob")
    assert send(gate, bob.credentials("GET", "/")).status == 200
    assert gate.refused("origin", "too-many-failures") == 2
    # Unknown users look the same (D-39), and count for the source.
    assert guess(gate, "mallory", 8) == [401] * 7 + [429]
    statuses = [guess(gate, f"user{n}", 1)[0] for n in range(60)]
    assert 429 in statuses
    assert send(gate, bob.credentials("GET", "/")).status == 429
    assert send(gate, bob.credentials("GET", "/"), "127.0.0.2").status == 200
    entry = gate.wait_log("too-many-failures")
    assert (entry["status"], entry["client"]) == (429, "127.0.0.1")
    samples = gate.metrics()
    failed = samples['countersign_failed_logins_total{layer="origin"}']
    assert failed == 14 + statuses.count(401)
    assert samples["countersign_guess_counts"] >= 3
    assert samples["countersign_guess_counts_displaced_total"] == 0


def test_h_09_the_wait_is_as_told(gateway, origin):
    """H-09: after the seconds of Retry-After answers are read again."""
    gate = gateway("--max-failures", "60", origin=origin.url)
    assert guess(gate, "alice", 62)[-1] == 429
    right = login(gate.origin)
    got = send(gate, right.credentials("GET", "/"))
    assert got.status == 429
    assert int(got.one("Retry-After")) == 1
    time.sleep(1.1)
    assert send(gate, right.credentials("GET", "/")).status == 200


def test_h_09_at_the_proxy(gateway, origin):
    """H-09: the proxy counts for itself, and refuses likewise."""
    gate = gateway("--max-failures", "4", "--allow-dest",
                   f"127.0.0.1:{origin.port}", origin=origin.url,
                   forward=True)
    session = login(gate.proxy, origin.url + "/", layer="proxy")
    statuses = []
    for _ in range(6):
        fields = session.fields("GET", origin.url + "/")
        fields["response"] = digest.quote("0" * 64)
        with wire.Connection(gate.proxy) as connection:
            got = connection.exchange(target=origin.url + "/", fields=[
                ("Proxy-Authorization", digest.render(fields))])
        statuses.append(got.status)
    assert statuses == [407] * 5 + [429]
    assert got.one("Retry-After")
    right = login(gate.origin)
    assert send(gate, right.credentials("GET", "/")).status == 200
    assert gate.metrics()[
        'countersign_failed_logins_total{layer="proxy"}'] == 5


def test_h_10_a_stale_nonce_is_no_oracle(gateway, origin):
    """H-10: wrong answers under a nonce past its age count as well, and
    right ones do not."""
    gate = gateway("--max-failures", "5", "--nonce-life", "1s",
                   origin=origin.url)
    session = login(gate.origin)
    time.sleep(1.3)
    for _ in range(20):
        got = send(gate, session.credentials("GET", "/"))
        assert got.status == 401
        assert digest.challenge(
            got.one("WWW-Authenticate"))["stale"] == "true"
    statuses = [send(gate, wrong(gate, "alice", session)).status
                for _ in range(7)]
    assert statuses == [401] * 6 + [429]
    assert gate.refused("origin", "stale") == 20
    assert gate.refused("origin", "wrong-response") == 6


def test_h_09_only_failed_logins_count(gateway, origin):
    """H-09: what proves no guess is held against nobody: no credentials,
    replays, another uri, forged nonces."""
    gate = gateway("--max-failures", "3", origin=origin.url)
    session = login(gate.origin)
    used = session.credentials("GET", "/")
    assert send(gate, used).status == 200
    elsewhere = session.credentials("GET", "/elsewhere")
    forged = session.fields("GET", "/")
    forged["nonce"] = digest.quote("A" * 56)
    for _ in range(40):
        assert send(gate, used).status == 401
        assert send(gate, elsewhere).status == 400
        assert send(gate, digest.render(forged)).status == 401
    assert send(gate, session.credentials("GET", "/")).status == 200
    assert gate.metrics()[
        'countersign_failed_logins_total{layer="origin"}'] == 0


def test_h_09_switched_off(gateway, origin):
    """--max-failures 0: nothing is held against anybody."""
    gate = gateway("--max-failures", "0", origin=origin.url)
    assert guess(gate, "alice", 30) == [401] * 30
    session = login(gate.origin)
    assert send(gate, session.credentials("GET", "/")).status == 200


# --- slowed down ----------------------------------------------------------

def attack(gate, user, number, first=1):
    """`number` wrong answers for `user`, six from each source; how long
    each took."""
    times = []
    session = login(gate.origin)
    for n in range(number):
        got, seconds = took(send, gate, wrong(gate, user, session),
                            f"127.0.{first}.{n // 6 + 1}")
        assert got.status == 401, n
        times.append(seconds)
    return times


def test_h_09_a_user_slows_down(gateway, origin):
    """H-09: a user guessed at from many sources gets wrong answers later
    and right ones at once; an unknown user gets the same."""
    gate = gateway("--max-failures", "6", origin=origin.url)
    times = {}

    def run(user, first):
        times[user] = attack(gate, user, 15, first)

    in_parallel(lambda: run("alice", 1), lambda: run("nobody", 2))
    for user, seconds in times.items():
        assert max(seconds[:12]) < AT_ONCE_S, user
        for n in range(12, 15):
            # A share of the span for each failure beyond twice the limit;
            # a little of it runs down meanwhile.
            whole = SPAN_S * (n - 11) / 12
            assert whole - 0.4 < seconds[n] < whole + 2, (user, seconds)
    right = login(gate.origin)
    for source in ("127.0.3.1", "127.0.3.2"):
        got, seconds = took(send, gate, right.credentials("GET", "/"), source)
        assert got.status == 200 and seconds < AT_ONCE_S, "nobody is locked out"
    other = login(gate.origin, user="bob")
    got, seconds = took(send, gate, wrong(gate, "bob", other), "127.0.3.1")
    assert got.status == 401 and seconds < AT_ONCE_S
    samples = gate.metrics()
    assert samples["countersign_answers_delayed_total"] == 6
    assert samples["countersign_answers_hurried_total"] == 0
    assert samples["countersign_answers_waiting"] == 0


def hashed(user, realm):
    return digest.digest("SHA-256", f"{user}:{realm}")


def test_h_09_hashed_names_tell_nothing(gateway, origin):
    """H-09 D-39: being over the limit under the plain name says nothing of
    the hashed one, so nobody learns whether the user exists; the hashed name
    has a limit of its own, known or not."""
    gate = gateway("--max-failures", "4", "--userhash", origin=origin.url)
    session = login(gate.origin)
    for number, user in enumerate(("alice", "nobody")):
        source = f"127.0.5.{number + 1}"

        def answer(form):
            fields = session.fields("GET", "/")
            fields["response"] = digest.quote("0" * 64)
            fields["username"] = digest.quote(user)
            if form == "hashed":
                fields["username"] = digest.quote(
                    hashed(user, session.realm))
                fields["userhash"] = "true"
            return send(gate, digest.render(fields), source).status

        plain = [answer("plain") for _ in range(6)]
        other = [answer("hashed") for _ in range(6)]
        assert (plain, other) == ([401] * 5 + [429],) * 2, user


def test_h_09_answers_to_requests_with_content_wait_too(gateway, origin):
    """H-09: a wrong answer that covers content waits as long, and in the
    same places."""
    gate = gateway("--max-failures", "6", "--qop", "auth,auth-int",
                   origin=origin.url)
    session = login(gate.origin)
    times = []
    for n in range(15):
        fields = session.fields("POST", "/")
        fields["qop"] = "auth-int"
        fields["response"] = digest.quote("0" * 64)
        started = time.monotonic()
        with wire.Connection(gate.origin, source=(
                f"127.0.6.{n // 6 + 1}", 0)) as connection:
            got = connection.exchange("POST", fields=[
                ("Authorization", digest.render(fields))], body=b"content")
        assert got.status == 401
        times.append(time.monotonic() - started)
    assert max(times[:12]) < AT_ONCE_S
    for n in range(12, 15):
        whole = SPAN_S * (n - 11) / 12
        assert whole - 0.4 < times[n] < whole + 2, times
    samples = gate.metrics()
    assert samples["countersign_answers_delayed_total"] == 3
    assert samples["countersign_answers_waiting"] == 0
    # And one whose client does not stay gives its place back.
    connections = []
    for n in range(4):
        connection = wire.Connection(gate.origin, source=("127.0.7.1", 0))
        fields = session.fields("POST", "/")
        fields["qop"] = "auth-int"
        fields["response"] = digest.quote("0" * 64)
        connection.send(wire.request("POST", fields=[
            ("Authorization", digest.render(fields))], body=b"content"))
        connections.append(connection)
    until(lambda: gate.metrics()["countersign_answers_waiting"] == 4)
    for connection in connections:
        connection.close()
    until(lambda: gate.metrics()["countersign_answers_waiting"] == 0)
    assert gate.metrics()["countersign_answers_delayed_total"] == 7
    assert origin.seen == []


def over(gate, user="alice"):
    """Bring a user far over twice the limit of 6, and wait for nothing."""
    sent = []
    session = login(gate.origin)
    for n in range(30):
        connection = wire.Connection(gate.origin,
                                     source=(f"127.0.9.{n // 6 + 1}", 0))
        connection.send(wire.request(fields=[
            ("Authorization", wrong(gate, user, session))]))
        sent.append(connection)
    return sent


@pytest.mark.parametrize("how", ["FIN", "RST"])
def test_h_09_clients_that_do_not_wait(gateway, origin, how):
    """H-09: who hangs up meanwhile leaves nothing behind."""
    gate = gateway("--max-failures", "6", origin=origin.url)
    pid = gate.engine_pid()
    connections = over(gate)
    until(lambda: gate.metrics()["countersign_answers_waiting"] > 10)
    for connection in connections:
        if how == "RST":
            connection.socket.setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
    until(lambda: gate.metrics()["countersign_answers_waiting"] == 0)
    until(lambda: gate.metrics()["countersign_requests_active"] == 1)
    right = login(gate.origin)
    assert send(gate, right.credentials("GET", "/")).status == 200
    assert gate.engine_pid() == pid


def test_h_09_answers_wait_on_kept_connections(gateway, origin):
    """H-09: one that waits blocks neither its connection afterwards nor
    others of the same thread."""
    gate = gateway("--max-failures", "6", "--threads", "1",
                   origin=origin.url)
    connections = over(gate)
    right = login(gate.origin)
    for _ in range(20):
        got, seconds = took(send, gate, right.credentials("GET", "/"))
        assert got.status == 200 and seconds < AT_ONCE_S
    for connection in connections:
        assert connection.response().status == 401
        got = connection.exchange(fields=[
            ("Authorization", right.credentials("GET", "/"))])
        assert got.status in (200, 429)
        connection.close()


def test_h_09_places_to_wait_are_bounded(gateway, origin):
    """H-09: at most 1,024 answers wait; the others go out at once, and
    right ones always do."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 2000:
        pytest.skip("too few open files are allowed here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (2000, hard))
    connections = []
    try:
        gate = gateway("--max-failures", "6", "--log", "/dev/null",
                       origin=origin.url)
        connections += over(gate)
        right = login(gate.origin)
        session = login(gate.origin)
        requests = [wire.request(fields=[
            ("Authorization", wrong(gate, "alice", session))])
            for _ in range(1200)]
        places = [f"127.1.{n // 600}.{n % 600 // 6 + 1}" for n in range(1200)]
        late = [wire.Connection(gate.origin, source=(place, 0))
                for place in places]
        connections += late
        for connection, request in zip(late, requests):
            connection.send(request)
        until(lambda: gate.metrics()["countersign_answers_hurried_total"] > 0)
        assert gate.metrics()["countersign_answers_waiting"] <= 1024
        got, seconds = took(send, gate, right.credentials("GET", "/"))
        assert got.status == 200 and seconds < AT_ONCE_S
        for connection in connections:
            assert connection.response().status == 401
    finally:
        for connection in connections:
            connection.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_h_09_the_end_does_not_wait_for_them(gateway, origin):
    """H-09: a gateway told to end ends, with answers waiting."""
    gate = gateway("--max-failures", "6", origin=origin.url)
    connections = over(gate)
    until(lambda: gate.metrics()["countersign_answers_waiting"] > 10)
    code, seconds = took(gate.stop)
    assert code == 0 and seconds < 9
    for connection in connections:
        connection.close()
