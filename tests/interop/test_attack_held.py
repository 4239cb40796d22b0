# SPDX-License-Identifier: MIT
"""Attacks by way of requests that the gateway holds for their content."""
import threading

import pytest

from support import wire
from support.whole import ask, login

FIELDS = ["Countersign-Held", "countersign_held", "COUNTERSIGN-HELD"]


@pytest.fixture
def guarded(gateway, origin):
    gate = gateway("--qop", "auth,auth-int", origin=origin.url)
    engine = gate.engine_pid()
    yield gate, origin
    assert gate.engine_pid() == engine, gate.err


def bob_at(gate):
    return login(gate.origin, user="bob", password="hunter2")


def naming(name):
    """Fields that name every request that can be held here by then."""
    return [(name, str(number)) for number in range(1, 9)]


@pytest.mark.parametrize("name", FIELDS)
def test_c_57_request_of_another_user_is_named(guarded, name):
    """C-57 D-47: whoever names another user's request, while that waits for
    its answer, is still himself, and his content is his own."""
    gate, origin = guarded
    inside, go_on = threading.Event(), threading.Event()

    def answer(seen):
        if seen.target == "/slow":
            inside.set()
            go_on.wait(10)

    def be_slow():
        with wire.Connection(gate.origin) as connection:
            proved.append(ask(connection, alice, "POST", "/slow",
                              b"hers").proved)

    proved = []
    origin.answer = answer
    alice, bob = login(gate.origin), bob_at(gate)
    other = threading.Thread(target=be_slow)
    other.start()
    assert inside.wait(10)
    with wire.Connection(gate.origin) as connection:
        got = ask(connection, bob, "POST", "/pay", b"his", naming(name))
    go_on.set()
    other.join()
    assert got.proved and proved == [True]
    [paid] = [seen for seen in origin.seen if seen.target == "/pay"]
    assert (paid.all("X-Remote-User"), paid.body) == (["bob"], b"his")
    assert not paid.all(name)


@pytest.mark.parametrize("name", FIELDS)
def test_c_57_request_that_was_not_judged_is_named(guarded, name):
    """C-57: one whose content is still to come has no user yet, and naming it
    hurts nobody."""
    gate, origin = guarded
    bob = bob_at(gate)
    sent = login(gate.origin).credentials("POST", "/", content=b"late")
    with wire.Connection(gate.origin) as waiting:
        waiting.send(wire.request("POST", "/", [
            ("Authorization", sent), ("Content-Length", "4"),
            ("Expect", "100-continue")]))
        assert b" 100 " in waiting.until(b"\r\n\r\n")
        with wire.Connection(gate.origin) as connection:
            got = ask(connection, bob, "POST", "/pay", b"his", naming(name))
        assert got.proved
        waiting.send(b"late")
        assert waiting.response("POST").status == 200
    assert [seen.all("X-Remote-User") for seen in origin.seen] == [
        ["bob"], ["alice"]]


@pytest.mark.parametrize("body", [b"", b"hello"])
def test_g_27_other_schemes_with_content(gateway, origin, body):
    """G-27: what the forward proxy does not carry it does not carry with
    content either: refused by the gateway, with its proof."""
    gate = gateway("--qop", "auth,auth-int", "--allow-dest", "127.0.0.0/8",
                   forward=True)
    target = f"ftp://127.0.0.1:{origin.port}/"
    with wire.Connection(gate.proxy) as connection:
        got = ask(connection, login(gate.proxy, "proxy"), "POST", target, body,
                  layer="proxy")
    assert got.status == 403 and got.proved
    assert gate.wait_log("scheme-not-forwarded")["user"] == "alice"
    assert not origin.seen
