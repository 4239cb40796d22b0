# SPDX-License-Identifier: MIT
"""Fixtures for tests against raw peers; import them by name."""
import ssl
import subprocess

import pytest

from support import raw
from support.h2_peer import H2Peer


@pytest.fixture
def peers():
    """Make raw peers; they end with the test, and none may have failed."""
    made = []

    def make(handler, **keywords):
        made.append(raw.Peer(handler, **keywords))
        return made[-1]

    yield make
    for peer in made:
        peer.close()
    assert [e for peer in made for e in peer.errors] == []


class Authority:
    """A certificate authority of a moment, and a certificate of its."""

    def __init__(self, folder, names=None):
        self.ca = folder / "ca.pem"
        self.cert = folder / "cert.pem"
        self.key = folder / "key.pem"
        ext = folder / "ext"
        ext.write_text("subjectAltName=IP:127.0.0.1,IP:127.0.0.2,"
                       "DNS:localhost,"
                       "DNS:a.example,DNS:b.example\n")
        if names is not None:
            ext.write_text(f"subjectAltName={names}\n")
        ca_key = folder / "ca-key.pem"
        for args in (
            ["req", "-x509", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:P-256", "-nodes", "-keyout", ca_key, "-out",
             self.ca, "-subj", "/CN=test authority", "-days", "2"],
            ["req", "-new", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:P-256", "-nodes", "-keyout", self.key, "-out",
             folder / "csr", "-subj",
             "/CN=localhost" if names is None else "/CN=another"],
            ["x509", "-req", "-in", folder / "csr", "-CA", self.ca, "-CAkey",
             ca_key, "-CAcreateserial", "-out", self.cert, "-days", "2",
             "-extfile", ext],
        ):
            subprocess.run(["openssl", *map(str, args)], check=True,
                           capture_output=True)

    def server(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.cert, self.key)
        return context


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def h2_peers(authority):
    """Make HTTP/2 peers; they end with the test, and none may have failed."""
    made = []

    def make(*args, **keywords):
        made.append(H2Peer(authority.server(), *args, **keywords))
        return made[-1]

    yield make
    for peer in made:
        peer.close()
    assert [e for peer in made for e in peer.errors] == []
