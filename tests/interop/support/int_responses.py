# SPDX-License-Identifier: MIT
"""A gateway under auth-int before an origin that answers in every way, for the
tests of a module."""
import pytest

from support import wire
from support.gateway import ORIGIN_REALM, USERS
from support.origin import Last, response
from support.whole import KIB, MIB, chunked, content, login

LIMIT = 64 * KIB
TE = [("TE", "trailers"), ("Connection", "TE")]
LENGTHS = [0, 1, LIMIT - 1, LIMIT, LIMIT + 1, MIB]


def answer(seen):
    """`/KIND/LENGTH`: so framed, that much; a cut one says one more."""
    _, kind, length = seen.target.split("?")[0].split("/")
    body = content(int(length))
    head = b"HTTP/1.1 200 OK\r\n"
    if kind == "chunked":
        return head + b"Transfer-Encoding: chunked\r\n\r\n" + chunked(
            [body[i:i + 4999] for i in range(0, len(body), 4999)])
    if kind == "unframed":
        return Last(head + b"Connection: close\r\n\r\n" + body)
    if kind == "cut-length":
        return Last(head + b"Content-Length: %d\r\n\r\n" % (len(body) + 1) +
                    body)
    if kind == "cut-chunked":
        return Last(head + b"Transfer-Encoding: chunked\r\n\r\n" +
                    chunked([body])[:-5])
    if kind == "bad-chunked":
        return Last(head + b"Transfer-Encoding: chunked\r\n\r\n" +
                    chunked([body])[:-5] + b"zz\r\n")
    return response(200, body, (), seen.method)


@pytest.fixture(scope="module")
def shared(module_gateway, module_origin, authority):
    gate = module_gateway(
        "--qop", "auth,auth-int", "--proof-limit", "64k", "--max-failures",
        "0", "--allow-dest", "127.0.0.0/8", "--algorithm", "SHA-256",
        "--algorithm", "SHA-512-256", "--algorithm", "SHA-256-sess",
        "--listen", "origin=http://127.0.0.1:0",
        "--listen", "origin=https://127.0.0.1:0",
        "--tls-cert", authority.cert, "--tls-key", authority.key,
        origin=module_origin.url, forward=True,
        users=[*USERS, ("alice", ORIGIN_REALM, "secret", "SHA-512-256")])
    engine = gate.engine_pid()
    yield gate, module_origin
    assert gate.engine_pid() == engine, gate.err


@pytest.fixture
def served(shared):
    shared[1].forget()
    shared[1].answer = answer
    return shared


def open_to(gate):
    return wire.Connection(gate.address("origin", 0))


def log_in(gate, **how):
    return login(gate.address("origin", 0), **how)


def proofs(gate):
    return gate.metrics()['countersign_proofs_sent_total{layer="origin"}']
