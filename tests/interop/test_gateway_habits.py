# SPDX-License-Identifier: MIT
"""What the gateway does without being asked, and what it leaves alone; where
it guards an application nginx does the same."""
import subprocess

import pytest

from support import digest, http2, wire
from support.gateway import login
from support.guards import module_guard  # pylint: disable=unused-import
from support.origin import response


@pytest.fixture(scope="module")
def shared(module_guard, module_origin):
    return module_guard(origin=module_origin.url), module_origin


@pytest.fixture
def served(shared):
    shared[1].forget()
    return shared


def ask(gate, session, target="/", source=None, sent=None):
    sent = sent or session.credentials("GET", target)
    with wire.Connection(gate.origin, source=source) as connection:
        return connection.exchange(target=target,
                                   fields=[("Authorization", sent)])


def test_a_nonce_is_not_bound_to_an_address(served):
    """B-08 asked for from one address, used from another."""
    gate, _ = served
    session = login(gate.origin)
    for source in ("127.0.0.1", "127.0.0.2", "127.0.0.3"):
        assert ask(gate, session, source=(source, 0)).status == 200


def test_the_application_refuses_with_403_and_the_proof_stays(served):
    """B-27 E-06 good credentials without a right are no reason to ask."""
    gate, origin = served
    origin.answer = lambda seen: response(403, b"not for you\n")
    session = login(gate.origin)
    sent = session.credentials("GET", "/")
    got = ask(gate, session, sent=sent)
    assert got.status == 403
    assert not got.all("WWW-Authenticate")
    assert session.proves(got.one("Authentication-Info"), sent, "/")


def test_the_hash_is_over_the_uri_as_sent(served):
    """D-36 an absolute uri is hashed as it stands, not as the target."""
    gate, origin = served
    session = login(gate.origin)
    absolute = "http://%s:%d/page" % gate.origin
    right = session.credentials("GET", absolute)
    assert ask(gate, session, "/page", sent=right).status == 200
    # The same uri, but a response computed over the request-target.
    fields = session.fields("GET", "/page")
    fields["uri"] = digest.quote(absolute)
    wrong = digest.render(fields)
    assert ask(gate, session, "/page", sent=wrong).status == 401
    assert len(origin.seen) == 1


def test_nothing_happens_before_the_header_section_is_whole(served):
    """D-43 credentials that came are no request yet."""
    gate, origin = served
    session = login(gate.origin)
    octets = wire.request(fields=[
        ("Authorization", session.credentials("GET", "/"))])
    with wire.Connection(gate.origin) as connection:
        connection.send(octets[:-2])
        assert not connection.is_closed(within=0.5)
        assert connection.buffer == b"" and origin.seen == []
        connection.send(octets[-2:])
        assert connection.response().status == 200
    assert len(origin.seen) == 1


@pytest.mark.parametrize("user, reason, shown", [
    ("alice", "wrong-response", "alice"), ("nobody", "unknown-user", "***")])
def test_a_failed_login_is_logged(user, reason, shown, served):
    """D-44 H-18 with its reason, the name only if it is known."""
    gate, _ = served
    session = login(gate.origin, user=user, password="a wrong password")
    assert ask(gate, session).status == 401
    entry = gate.wait_log(reason)
    assert entry["user"] == shown
    assert not any("a wrong password" in line for line in gate.err)


def test_the_proof_comes_without_being_asked_for(served):
    """E-01 E-32 on every response, and no nextnonce while the nonce is
    young."""
    gate, _ = served
    session = login(gate.origin)
    for _ in range(20):
        sent = session.credentials("GET", "/")
        got = ask(gate, session, sent=sent)
        info = got.one("Authentication-Info")
        assert session.proves(info, sent, "/")
        assert "nextnonce" not in digest.parameters(info)


def test_the_proxy_proves_itself_without_being_asked(gateway, origin):
    """E-02 the same at the proxy."""
    gate = gateway("--allow-dest", "127.0.0.1:%d" % origin.port, forward=True)
    session = login(gate.proxy, origin.url + "/", layer="proxy")
    sent = session.credentials("GET", origin.url + "/")
    with wire.Connection(gate.proxy) as connection:
        got = connection.exchange(target=origin.url + "/", fields=[
            ("Proxy-Authorization", sent)])
    assert session.proves(got.one("Proxy-Authentication-Info"), sent,
                          origin.url + "/")


def test_nothing_is_served_from_a_cache(served):
    """G-19 G-20 a page that may be cached is asked for again each time, and
    is not there for strangers."""
    gate, origin = served
    origin.fields = [("Cache-Control", "public, max-age=3600"),
                     ("ETag", '"1"')]
    session = login(gate.origin)
    for _ in range(2):
        assert ask(gate, session, "/cached").status == 200
    assert len(origin.seen) == 2
    with wire.Connection(gate.origin) as connection:
        assert connection.exchange(target="/cached").status == 401
    assert len(origin.seen) == 2


def test_each_stream_brings_credentials_of_its_own(gateway, origin,
                                                   tmp_path):
    """G-24 D-47 G-03 one connection, one stream let in, its neighbour not;
    the proof has the same meaning under a lower-case name."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
         "/CN=localhost", "-keyout", tmp_path / "key.pem", "-out",
         tmp_path / "cert.pem"], check=True, capture_output=True)
    gate = gateway("--tls-cert", tmp_path / "cert.pem", "--tls-key",
                   tmp_path / "key.pem", origin=origin.url)
    with http2.Connection(gate.origin) as connection:
        first = connection.exchange()
        session = digest.Session(first.all("www-authenticate"))
        sent = session.credentials("GET", "/in")
        streams = [connection.send(path="/in",
                                   fields=[("Authorization", sent)]),
                   connection.send(path="/out")]
        got = connection.receive(streams)
    assert [got[s].status for s in streams] == [200, 401]
    names = [name for name, _ in got[streams[0]].fields]
    assert "authentication-info" in names
    assert session.proves(got[streams[0]].one("authentication-info"), sent,
                          "/in")
    assert [seen.target for seen in origin.seen] == ["/in"]
