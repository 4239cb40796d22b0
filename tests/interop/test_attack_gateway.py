# SPDX-License-Identifier: MIT
"""Attacks on a running gateway, and on nginx where it guards an application;
docs/attacks.md says what is behind them."""
import hashlib
import re
import signal
import time

import pytest

from support import digest, wire
from support.fetching import OK, fetch
from support.gateway import Gateway, login
from support.guards import (guard,  # pylint: disable=unused-import
                            module_guard)

HEX_RUN = re.compile(rb"[0-9a-fA-F]{32}")


def send(address, credentials, target="/", method="GET", layer="origin",
         **more):
    name = {"origin": "Authorization", "proxy": "Proxy-Authorization"}[layer]
    with wire.Connection(address) as connection:
        return connection.exchange(method, target,
                                   [(name, credentials)], **more)


def edited(session, target="/", method="GET", **changes):
    """Right credentials with some fields replaced, or left out by None."""
    fields = session.fields(method, target)
    for name, value in changes.items():
        name = name.replace("_star", "*")
        if value is None:
            fields.pop(name, None)
        else:
            fields[name] = value
    return digest.render(fields)


def log_in_at_proxy(gate, user="alice"):
    return login(gate.proxy, "http://example.invalid/", layer="proxy",
                 user=user)


@pytest.fixture(scope="module")
def two_ways(module_gateway, module_origin):
    """An application and a strict forward proxy in one gateway."""
    return module_gateway(
        "--strict-uri", "--allow-dest", "127.0.0.0/8", "--connect-ports",
        f"443,{module_origin.port}", origin=module_origin.url, forward=True)


@pytest.fixture(scope="module")
def application(module_guard, module_origin):
    """What guards an application, and the application."""
    return module_guard(origin=module_origin.url), module_origin


def test_counts_once_each_on_other_workers(guard, origin):
    """D-18 D-24: counts 1 5 5 2 3 4, each on a connection of its own, which
    another thread or worker may serve: once each."""
    gate = guard("--threads", "4", origin=origin.url)
    session = login(gate.origin)
    lines = {nc: session.credentials("GET", "/", nc=nc) for nc in range(1, 7)}
    statuses = [send(gate.origin, lines[nc]).status
                for nc in (1, 5, 5, 2, 3, 4)]
    assert statuses == [200, 200, 401, 200, 200, 200]
    again = [send(gate.origin, lines[nc]).status
             for nc in (1, 2, 3, 4, 5) * 4]
    assert again == [401] * 20
    assert send(gate.origin, lines[6]).status == 200
    assert len(origin.seen) == 6


def test_proof_for_one_host_used_on_another(two_ways, module_origin):
    """D-32 G-27: what was signed for one host is refused for another, with
    nothing sent there; --strict-uri also refuses what names no host."""
    module_origin.forget()
    session = log_in_at_proxy(two_ways)
    meant = "http://bank.invalid/a"
    other = module_origin.url + "/a"

    def ask(sent, target):
        return send(two_ways.proxy, sent, target, layer="proxy").status

    assert ask(session.credentials("GET", meant), other) == 400
    assert ask(session.credentials("GET", "/a"), other) == 400
    assert two_ways.refused("proxy", "uri-mismatch") == 2
    assert not module_origin.seen
    assert ask(session.credentials("GET", other), other) == 200


def test_strict_uri_leaves_the_origin_alone(two_ways):
    """D-30: at the application's layer origin-form is the form there is."""
    session = login(two_ways.origin)
    assert send(two_ways.origin, session.credentials("GET", "/a"),
                "/a").status == 200


def test_strict_uri_lets_fetch_through(two_ways, module_origin, tmp_path):
    """D-30 C-48: a client that names the whole address logs in, and CONNECT
    names host and port anyway."""
    password = tmp_path / "password"
    password.write_text("alice:proxy-secret\n")
    password.chmod(0o600)
    proxy = "http://%s:%d" % two_ways.proxy
    for tunnel in ([], ["--proxytunnel"]):
        fetch("--proxy", proxy, "--proxy-user-file", password,
              "--proxy-proof", "require", *tunnel,
              module_origin.url + "/a", check=OK)


def test_connect_to_another_port(two_ways, module_origin):
    """D-33: a proof for host:443 opens no other port, though that one is
    allowed."""
    session = log_in_at_proxy(two_ways)
    sent = session.credentials("CONNECT", "127.0.0.1:443")
    got = send(two_ways.proxy, sent, f"127.0.0.1:{module_origin.port}",
               "CONNECT", "proxy")
    assert got.status == 400
    right = f"127.0.0.1:{module_origin.port}"
    assert send(two_ways.proxy, session.credentials("CONNECT", right), right,
                "CONNECT", "proxy").status == 200


def test_proof_for_get_used_on_post(application):
    """D-37: the method is part of what was signed."""
    gate, origin = application
    origin.forget()
    sent = login(gate.origin).credentials("GET", "/a")
    assert send(gate.origin, sent, "/a", "POST", body=b"pay").status == 401
    assert send(gate.origin, sent, "/b").status == 400
    assert not origin.seen
    assert send(gate.origin, sent, "/a").status == 200


def test_origin_credentials_at_the_proxy(two_ways):
    """B-10: a whole login of one layer is worth nothing at the other."""
    sent = login(two_ways.origin).credentials("GET", "http://h.invalid/")
    got = send(two_ways.proxy, sent, "http://h.invalid/", layer="proxy")
    assert got.status == 407
    got = send(two_ways.origin, log_in_at_proxy(two_ways).credentials(
        "GET", "/"))
    assert got.status == 401


def every_failure(gate):
    """Fail in every way there is, by more than one reason each."""
    session = login(gate.origin)
    replayed = session.credentials("GET", "/")
    assert send(gate.origin, replayed).status == 200
    hashed = hashlib.sha256(b"nobody:the application").hexdigest()
    yield replayed
    for changes in (
            {"response": '"' + "ab" * 32 + '"'}, {"response": '"' + "0" * 31},
            {"response": '"' + "c" * 63 + '"'}, {"response": None},
            {"username": '"' + "ab" * 32 + '"'}, {"userhash": "true"},
            {"username": f'"{hashed}"', "userhash": "true"},
            {"username": '"nobody"'}, {"username_star": "UTF-8''alice"},
            {"realm": '"' + "de" * 20 + '"'}, {"nonce": '"' + "ef" * 28 + '"'},
            {"nonce": '"forged"'}, {"nc": "00000000"}, {"nc": "0" * 32},
            {"qop": None}, {"qop": "auth-int"}, {"qop": "ab" * 20},
            {"cnonce": '"' + "12" * 100 + '"'}, {"algorithm": "ab" * 20},
            {"algorithm": "MD5"}, {"opaque": '"' + "34" * 20 + '"'},
            {"uri": '"/other"'}, {"uri": '"' + "56" * 20 + '"'},
            {"unknown": '"' + "78" * 40 + '"', "nc": "1"},
            {"cnonce": '"x', "zz": "ab" * 20}):
        yield edited(session, **changes)
    yield "Basic " + "ab" * 20
    yield "Digest " + "ab" * 20
    yield "Digest " + "ab" * 5000
    yield "ab" * 40


@pytest.mark.parametrize("options", [[], ["--userhash"],
                                     ["--qop", "auth,auth-int"]],
                         ids=["auth", "userhash", "auth-int"])
def test_log_lines_never_carry_a_digest(guard, origin, tmp_path, options):
    """H-18: after failures of every kind no file the gateway wrote, and
    nothing it said, holds a run of 32 hex digits, a nonce or a cnonce."""
    log = tmp_path / "log"
    gate = guard("--log", log, *options, origin=origin.url)
    if not isinstance(gate, Gateway):
        log = gate.folder / "error"
    secrets = []
    for sent in every_failure(gate):
        got = send(gate.origin, sent)
        # Where the changed credentials are right, the failure is a replay.
        if got.status == 200:
            got = send(gate.origin, sent)
        assert got.status in (400, 401, 431), (sent, got)
        secrets += re.findall(r'(?:nonce|cnonce)="([^"]{12,})"', sent)
    assert gate.reload().returncode == 0
    end = time.monotonic() + 10
    while log.read_bytes().count(b"\n") < 30 and time.monotonic() < end:
        time.sleep(0.05)
    assert log.read_bytes().count(b"\n") >= 30
    assert gate.stop() == 0
    texts = {**gate.written(), "log": log.read_bytes()}
    for name, text in texts.items():
        assert not HEX_RUN.search(text), (name, HEX_RUN.search(text))
        for secret in secrets:
            assert secret.encode() not in text, name


def test_exact_replay_after_restart(guard, origin):
    """H-07: what was recorded before an engine was killed is stale after."""
    gate = guard(origin=origin.url)
    sent = login(gate.origin).credentials("GET", "/")
    assert send(gate.origin, sent).status == 200
    assert send(gate.origin, sent).status == 401
    assert gate.stop(signal.SIGTERM) == 0
    gate.start()
    assert send(gate.origin, sent).status == 401
    assert gate.refused("origin", "stale-domain") == 1
    assert send(gate.origin,
                login(gate.origin).credentials("GET", "/")).status == 200
    assert len(origin.seen) == 2
