# SPDX-License-Identifier: MIT
"""Fixtures of the wire tests. Everything listens on loopback, on ports the
system chose, and ends with its test or its module."""
import concurrent.futures
import itertools
import signal

import pytest

from support.chain import Chain
from support.fixtures import Authority
from support.gateway import PROGRAM, Gateway
from support.origin import Origin


def pytest_configure():
    """A shell that starts the tests in the background has these ignored, and
    programs inherit that; some tests send them."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)


class Maker:
    """Makes gateways and ends them: make(*options, origin=URL, ...)."""

    def __init__(self, place):
        if not PROGRAM.exists():
            pytest.fail(f"{PROGRAM} is not built")
        self.place = place
        self.made = []
        self.numbers = itertools.count()

    def __call__(self, *arguments, directory=None, **keywords):
        where = directory or self.place / f"gw{next(self.numbers)}"
        where.mkdir(exist_ok=True)
        gate = Gateway(where, *arguments, wait=False, **keywords)
        self.made.append(gate)
        gate.start()
        return gate

    def end(self):
        """All at the same time: each takes a second."""
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda gate: gate.end(), self.made))


@pytest.fixture
def origin():
    """A real origin on 127.0.0.1."""
    server = Origin()
    yield server
    server.close()


@pytest.fixture
def gateway(tmp_path):
    """A Maker whose gateways end with the test."""
    maker = Maker(tmp_path)
    yield maker
    maker.end()


@pytest.fixture(scope="module")
def module_origin():
    """An origin for all tests of a module; `forget` before each."""
    server = Origin()
    yield server
    server.close()


@pytest.fixture(scope="module")
def module_gateway(tmp_path_factory):
    """A Maker whose gateways end with the module."""
    maker = Maker(tmp_path_factory.mktemp("gateway"))
    yield maker
    maker.end()


@pytest.fixture(scope="session")
def whole_chain(tmp_path_factory):
    """A Chain for all tests of all modules; see `chain`."""
    maker = Maker(tmp_path_factory.mktemp("chain"))
    made = Chain(maker, tmp_path_factory.mktemp("logins"),
                 Authority(tmp_path_factory.mktemp("authority")))
    yield made
    made.close()
    maker.end()


@pytest.fixture
def chain(whole_chain):
    """The Chain, with nothing written down and nobody changing anything."""
    whole_chain.forget()
    yield whole_chain
    assert [e for relay in whole_chain.wires for e in relay.errors] == []
