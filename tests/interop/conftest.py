# SPDX-License-Identifier: MIT
"""Fixtures of the wire tests. Everything listens on loopback, on ports the
system chose, and ends with its test."""
import pytest

from support.gateway import PROGRAM, Gateway
from support.origin import Origin


@pytest.fixture
def origin():
    """A real origin on 127.0.0.1."""
    server = Origin()
    yield server
    server.close()


@pytest.fixture
def gateway(tmp_path):
    """Makes gateways: gateway(*options, origin=URL, forward=True, ...)."""
    if not PROGRAM.exists():
        pytest.fail(f"{PROGRAM} is not built")
    made = []

    def make(*arguments, directory=None, **keywords):
        place = directory or tmp_path / f"gw{len(made)}"
        place.mkdir(exist_ok=True)
        made.append(Gateway(place, *arguments, **keywords))
        return made[-1]

    yield make
    for one in made:
        one.stop()
