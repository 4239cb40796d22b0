# SPDX-License-Identifier: MIT
"""What an operator can demand for methods with side effects (H-08): a proof
that covers the content, or a nonce for each request."""
import pytest

from support import digest, wire
from support.digest_whole import Session


def post(gate, credentials, body, method="POST"):
    with wire.Connection(gate.origin) as connection:
        return connection.exchange(method, "/pay", fields=[
            ("Authorization", credentials)], body=body)


def challenges(gate):
    with wire.Connection(gate.origin) as connection:
        return connection.exchange().all("WWW-Authenticate")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_h_08_auth_int_is_demanded(gateway, origin, method):
    """H-08: with --qop auth-int a proof without the content is refused, and
    so is one for other content; the right one is taken once."""
    gate = gateway("--qop", "auth-int", origin=origin.url)
    lines = challenges(gate)
    assert digest.challenge(lines[0])["qop"] == "auth-int"
    session = Session(lines)
    plain = Session(lines, qop="auth")
    got = post(gate, plain.credentials(method, "/pay", content=b"1 euro"),
               b"1 euro", method)
    assert got.status == 400
    assert gate.refused("origin", "qop-not-offered") == 1
    sent = session.credentials(method, "/pay", content=b"1 euro")
    assert post(gate, sent, b"9 euro", method).status == 401
    assert origin.seen == []
    assert post(gate, sent, b"1 euro", method).status == 200
    assert post(gate, sent, b"1 euro", method).status == 401
    assert [seen.body for seen in origin.seen] == [b"1 euro"]


def test_h_08_a_nonce_for_each_request(gateway, origin):
    """H-08: with --one-time a nonce is good for one request, whatever its
    count; the next one comes with the response."""
    gate = gateway("--one-time", origin=origin.url)
    session = digest.Session(challenges(gate))
    got = post(gate, session.credentials("POST", "/pay"), b"1 euro")
    assert got.status == 200
    refused = post(gate, session.credentials("POST", "/pay"), b"2 euro")
    assert refused.status == 401
    assert digest.challenge(
        refused.one("WWW-Authenticate"))["stale"] == "true"
    session.take_nonce(digest.parameters(
        got.one("Authentication-Info"))["nextnonce"])
    got = post(gate, session.credentials("POST", "/pay"), b"3 euro")
    assert got.status == 200
    assert [seen.body for seen in origin.seen] == [b"1 euro", b"3 euro"]
