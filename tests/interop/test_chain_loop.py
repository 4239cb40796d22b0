# SPDX-License-Identifier: MIT
"""Chains that lead back to themselves: noticed, and not followed."""
import pytest

from support import wire
from support.chain import LOGIN, Client, via
from support.fetching import OK, fetch
from support.gateway import PROXY_REALM, USERS, login
from support.impostor import PZ
from support.relay import Relay
from support.via import WAYS

NAMES = ["office", "region"]


@pytest.fixture(scope="module")
def ring(module_gateway, tmp_path_factory):
    """Three gateways and the wires into them; where the wires lead is up to
    the test. Each knows `office` and `region` besides alice."""
    folder = tmp_path_factory.mktemp("logins")
    users = USERS + [("office", PROXY_REALM, "office-secret"),
                     ("region", PROXY_REALM, "region-secret")]
    wires = [Relay() for _ in range(3)]
    gates = [via(module_gateway, folder, wires[(i + 1) % 3].port,
                 NAMES[i % 2], users=users) for i in range(3)]
    yield gates, wires
    for one in wires:
        one.close()


def ask(gate, method="GET", fields=()):
    """One request of alice's, with a new login."""
    target, body = WAYS[method]
    own = login(gate.proxy, target, method=method, layer="proxy")
    sent = own.credentials(method, target)
    with wire.Connection(gate.proxy) as connection:
        got = connection.exchange(method, target, [(PZ, sent), *fields], body)
    assert own.proves(got.one("Proxy-Authentication-Info"), sent, target)
    return got


def bend(ring, length):
    """Let the first `length` of them stand in a ring: A, AB or ABC."""
    gates, wires = ring
    for i, one in enumerate(wires):
        one.drop()
        one.to = gates[i if i < length else 0].proxy
    for _ in gates:
        ask(gates[0])  # a session with who stood there before ends in 502
    for one in wires:
        one.forget()
    return gates[0], wires


@pytest.mark.parametrize("method", WAYS)
@pytest.mark.parametrize("length", [1, 2, 3])
def test_a_request_that_comes_back(ring, length, method):
    """A request that comes back is answered 508, by the gateway that sent it
    on before; each hop proves that answer to the one before it, and nobody
    sends it on a second time."""
    first, wires = bend(ring, length)
    before = first.refused("proxy", "loop")
    assert ask(first, method).status == 508
    assert first.refused("proxy", "loop") == before + 1
    answered = [e.response.status for one in wires for e in one.exchanges]
    assert answered.count(508) == length
    assert set(answered) <= {407, 508}


def test_a_lie_about_the_way(ring):
    """What stands in Via is anybody's word: a mark of another, or a shorter
    one, stops nothing, and the gateway's own is not to be guessed."""
    first, wires = bend(ring, 2)
    lie = "1.1 countersign, http/1.1 countersign[] (countersign)"
    assert ask(first, fields=[("Via", lie)]).status == 508
    marks = {value for e in wires[1].exchanges
             for value in e.request.all("Via")[0].split(", ")}
    assert len(marks) == 3  # the two that were sent, and the first's own
    assert [e.response.status for e in wires[2].exchanges] == [508]


def test_the_client_is_told(ring, tmp_path):
    """The reason stands in the first's log; the client has its proof."""
    first, _ = bend(ring, 3)
    done = fetch("--proxy-proof", "require", "-x",
                 "http://127.0.0.1:%d" % first.proxy[1],
                 "http://example.test/", env=LOGIN, check=OK,
                 report=tmp_path / "report").first
    assert (done["status"], done["proxy"]["proof"]) == (508, "proved")
    assert first.wait_log("loop")["status"] == 508


@pytest.mark.parametrize("lines, status", [(15, 200), (16, 508)])
def test_more_lines_than_any_chain_has(chain, lines, status):
    """What cannot be looked through is taken for a loop, at once."""
    client = Client(chain, chain.behind.url)
    got = client.ask(fields=[("Via", f"1.1 hop{i}") for i in range(lines)])
    assert (got.status, got.proved) == (status, True)
    assert bool(chain.wires[1].exchanges) == (status == 200)
