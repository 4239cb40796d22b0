# SPDX-License-Identifier: MIT
"""A gateway under auth-int, with every way in, for the tests of a module."""
import pytest

from support import wire
from support.whole import KIB, login

LIMIT = 64 * KIB
CHUNKED = [("Transfer-Encoding", "chunked")]


@pytest.fixture(scope="module")
def shared(module_gateway, module_origin, authority):
    gate = module_gateway(
        "--qop", "auth,auth-int", "--content-limit", "64k",
        "--max-failures", "0",
        "--allow-dest", "127.0.0.0/8", "--connect-ports",
        str(module_origin.port),
        "--listen", "origin=http://127.0.0.1:0",
        "--listen", "origin=https://127.0.0.1:0",
        "--tls-cert", authority.cert, "--tls-key", authority.key,
        origin=module_origin.url, forward=True)
    engine = gate.engine_pid()
    yield gate, module_origin
    assert gate.engine_pid() == engine, gate.err


@pytest.fixture
def served(shared):
    shared[1].forget()
    return shared


def open_to(gate):
    return wire.Connection(gate.address("origin", 0))


def log_in(gate, **how):
    return login(gate.address("origin", 0), **how)
