# SPDX-License-Identifier: MIT
"""TLS and HTTP/2 in front of the gateway."""
import hashlib
import ssl
import subprocess

import pytest

from support import digest, http2, wire


def make_certificate(directory, name):
    """A new key and certificate; replaced as a whole."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/",
         "-addext", f"subjectAltName=DNS:{name}", "-keyout",
         directory / "key.pem", "-out", directory / "cert.pem"],
        check=True, capture_output=True)
    pem = (directory / "cert.pem").read_text()
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()


@pytest.fixture(scope="module")
def shared(module_gateway, module_origin, tmp_path_factory):
    place = tmp_path_factory.mktemp("tls")
    first = make_certificate(place, "localhost")
    gate = module_gateway("--tls-cert", place / "cert.pem", "--tls-key",
                          place / "key.pem", origin=module_origin.url)
    return gate, module_origin, place, first


@pytest.fixture
def served(shared):
    shared[1].forget()
    return shared


def client(protocols=("http/1.1",)):
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(list(protocols))
    return context


def peer(connection):
    return hashlib.sha256(
        connection.socket.getpeercert(binary_form=True)).hexdigest()


def test_https(served):
    """HTTPS/1.1: login, proof, and an absolute uri with https (D-31)."""
    gate, origin, _, first = served
    with wire.Connection(gate.origin, client()) as connection:
        assert peer(connection) == first
        session = digest.Session(
            connection.exchange().one("WWW-Authenticate"))
        for target in ("/a?b", "//c?", "/a;"):
            sent = session.credentials("GET", target)
            got = connection.exchange(target=target,
                                      fields=[("Authorization", sent)])
            assert got.status == 200
            assert session.proves(got.one("Authentication-Info"), sent,
                                  target)
            assert origin.seen[-1].target == target
        host = "%s:%d" % gate.origin
        for scheme, status in (("https", 200), ("http", 400)):
            sent = session.credentials("GET", f"{scheme}://{host}/x")
            got = connection.exchange(target="/x",
                                      fields=[("Authorization", sent)])
            assert got.status == status


def test_plain_http_at_https(served):
    """Plain HTTP at the TLS port gets nowhere."""
    gate, origin, *_ = served
    with wire.Connection(gate.origin) as connection:
        connection.send(wire.request())
        try:
            while connection.more():
                pass
        except ConnectionError:
            pass
        assert b"200 OK" not in connection.buffer
    assert not origin.seen


@pytest.mark.parametrize("path", ["/", "/a?b=c", "/status/404",
                                  "/status/304", "/status/500"])
def test_c_51_http2(served, path):
    """C-19 C-51 E-42: over HTTP/2 uri is :path; the fields mean the same,
    in lower case (A-06)."""
    gate, origin, *_ = served
    with http2.Connection(gate.origin) as connection:
        got = connection.exchange(path=path)
        assert got.status == 401
        assert all(n == n.lower() for n, _ in got.fields)
        session = digest.Session(got.one("www-authenticate"))
        sent = session.credentials("GET", path)
        got = connection.exchange(path=path, fields=[
            ("authorization", sent)])
        assert session.proves(got.one("authentication-info"), sent, path)
        if "/status/" in path:
            assert got.status == int(path.rsplit("/", 1)[1])
    assert origin.seen[0].target == path
    assert origin.seen[0].all("X-Remote-User") == ["alice"]


def test_http2_as_printed(served):
    """Over HTTP/2 the engine's print of :path is what is judged and what is
    passed on: a spelling it changes still logs in."""
    gate, origin, *_ = served
    with http2.Connection(gate.origin) as connection:
        session = digest.Session(
            connection.exchange().one("www-authenticate"))
        for path, seen, uris in (("/a?", "/a", ("/a?", "/a")),
                                 ("//b", "/b", ("//b", "/b")),
                                 ("/a;", "/a", ("/a;",))):
            for uri in uris:
                got = connection.exchange(path=path, fields=[
                    ("authorization", session.credentials("GET", uri))])
                assert got.status == 200, (path, uri)
                assert origin.seen[-1].target == seen
        for uri in ("/b", "/a?c", "https://elsewhere/a"):
            got = connection.exchange(path="/a", fields=[
                ("authorization", session.credentials("GET", uri))])
            assert got.status == 400, uri


def test_http2_parallel_streams(served):
    """Forty streams at once on one nonce: forty times 200, each proved."""
    gate, _, *_ = served
    with http2.Connection(gate.origin) as connection:
        session = digest.Session(
            connection.exchange().one("www-authenticate"))
        sent = {}
        for _ in range(40):
            credentials = session.credentials("GET", "/p")
            sent[connection.send(path="/p", fields=[
                ("authorization", credentials)])] = credentials
        for stream, got in connection.receive(list(sent)).items():
            assert got.status == 200
            assert session.proves(got.one("authentication-info"),
                                  sent[stream], "/p")


def test_http2_two_credentials(served):
    """A-05 over HTTP/2: two authorization fields get 400."""
    gate, origin, *_ = served
    with http2.Connection(gate.origin) as connection:
        session = digest.Session(
            connection.exchange().one("www-authenticate"))
        got = connection.exchange(fields=[
            ("authorization", session.credentials("GET", "/")),
            ("authorization", session.credentials("GET", "/"))])
        assert got.status == 400
    assert not origin.seen


def test_certificate_reload(served):
    """A new certificate is shown after a reload; open connections go on, a
    bad pair changes nothing."""
    gate, _, place, first = served
    with wire.Connection(gate.origin, client()) as old:
        session = digest.Session(old.exchange().one("WWW-Authenticate"))
        second = make_certificate(place, "new.localhost")
        assert gate.reload().returncode == 0
        with wire.Connection(gate.origin, client()) as new:
            assert peer(new) == second != first
            assert new.exchange().status == 401
        assert peer(old) == first
        got = old.exchange(fields=[
            ("Authorization", session.credentials("GET", "/"))])
        assert got.status == 200

    good = (place / "key.pem").read_text()
    make_certificate(place, "third.localhost")
    (place / "key.pem").write_text(good)  # of another pair
    done = gate.reload()
    assert done.returncode == 1
    assert "does not fit" in done.stdout
    with wire.Connection(gate.origin, client()) as connection:
        assert peer(connection) == second
