# SPDX-License-Identifier: MIT
"""What belongs to one hop stays there: fields, caches, pushed streams."""
import pytest

from support import http2, wire
from support.fixtures import authority  # pylint: disable=unused-import
from support.origin import response
from support.whole import CHALLENGE, FIELD, INFO, ask, login


@pytest.fixture(scope="module")
def shared(module_gateway, module_origin, authority):
    gate = module_gateway(
        "--qop", "auth,auth-int", "--allow-dest", "127.0.0.0/8",
        "--listen", "origin=http://127.0.0.1:0",
        "--listen", "origin=https://127.0.0.1:0",
        "--tls-cert", authority.cert, "--tls-key", authority.key,
        origin=module_origin.url, forward=True)
    return gate, module_origin


@pytest.fixture
def served(shared):
    shared[1].forget()
    return shared


@pytest.mark.parametrize("qop", ["auth", "auth-int"])
@pytest.mark.parametrize("method,body", [("GET", b""), ("POST", b"hello")])
def test_g_07_fields_of_one_hop(served, method, body, qop):
    """G-07 G-08 G-11 G-12 G-13 G-15: challenge, credentials and proof of the
    proxy layer go one hop, whatever an upstream says for it."""
    gate, origin = served
    session = login(gate.proxy, "proxy", qop=qop)
    origin.fields = [(CHALLENGE["proxy"], "Basic realm=evil"),
                     (INFO["proxy"], 'nextnonce="evil"')]
    with wire.Connection(gate.proxy) as connection:
        got = ask(connection, session, method, origin.url + "/", body,
                  layer="proxy")
        assert (got.status, got.header) == (200, True)
        assert not got.got.all(CHALLENGE["proxy"])
        got = ask(connection, session, method, origin.url + "/status/407",
                  body, layer="proxy")
        assert got.status == 502
        assert not got.got.all(CHALLENGE["proxy"])
    for seen in origin.seen:
        assert not seen.all(FIELD["proxy"])
    assert len(origin.seen) == 2


@pytest.mark.parametrize("layer", ["origin", "proxy"])
@pytest.mark.parametrize("method,body", [("GET", b""), ("POST", b"hello")])
def test_g_17_connection_names_none_of_them(served, layer, method, body):
    """G-17: the fields are for all recipients, so Connection names none."""
    gate, origin = served
    address = gate.proxy if layer == "proxy" else gate.address("origin", 0)
    session = login(address, layer)
    target = origin.url + "/" if layer == "proxy" else "/"
    with wire.Connection(address) as connection:
        got = ask(connection, session, method, target, body,
                  [("TE", "trailers"), ("Connection", "TE")], layer=layer)
    assert got.proved
    for message in (got.got, origin.seen[0]):
        listed = ",".join(message.all("Connection")).lower()
        assert "auth" not in listed, listed


@pytest.mark.parametrize("layer", ["origin", "proxy"])
@pytest.mark.parametrize("qop", ["auth", "auth-int"])
def test_g_20_nothing_is_stored(served, layer, qop):
    """G-19 G-20 G-21 E-44: however cacheable a page is, each request asks the
    origin anew, and gets a proof of its own."""
    gate, origin = served
    address = gate.proxy if layer == "proxy" else gate.address("origin", 0)
    target = origin.url + "/page" if layer == "proxy" else "/page"
    origin.answer = lambda seen: response(200, b"%d" % len(origin.seen), [
        ("Cache-Control", "public, max-age=3600, s-maxage=3600"),
        ("ETag", '"x"')])
    infos = set()
    with wire.Connection(address) as connection:
        for user, password in (("alice", "secret"), ("bob", "hunter2")) * 2:
            session = login(address, layer, qop=qop, user=user, password=(
                "proxy-" if layer == "proxy" else "") + password)
            got = ask(connection, session, target=target, layer=layer)
            assert (got.status, got.header) == (200, True)
            assert got.body == b"%d" % len(origin.seen)
            infos.add(got.got.one(INFO[layer]))
            said = got.got.one("Cache-Control")
            if layer == "origin":  # a proxy changes nothing of the origin's
                assert "private" in said and "s-maxage" not in said
            else:
                assert said == "public, max-age=3600, s-maxage=3600"
        got = connection.exchange(target=target)
        assert got.status in (401, 407)
    assert len(infos) == len(origin.seen) == 4


def test_e_43_nothing_is_pushed(served):
    """E-43: no stream is promised, so none carries the field."""
    gate, origin = served
    origin.fields = [("Link", "</style.css>; rel=preload; as=style")]
    session = login(gate.address("origin", 0))
    with http2.Connection(gate.address("origin", 1)) as connection:
        pushed = []
        receive = connection.h2.receive_data

        def watch(octets):
            events = receive(octets)
            pushed.extend(e for e in events if "Push" in type(e).__name__)
            return events

        connection.h2.receive_data = watch
        sent = session.credentials("GET", "/")
        got = connection.exchange(fields=[("authorization", sent)])
    assert got.status == 200 and got.all("link")
    assert session.proves(got.one("authentication-info"), sent, "/", got.body)
    assert not pushed and len(origin.seen) == 1
