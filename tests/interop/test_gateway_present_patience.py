# SPDX-License-Identifier: MIT
"""The gateway before an origin that it logs in to, and that goes away, and
comes back."""
import threading

import pytest

from support.fickle import Fickle
from support.gateway import until
from support.presenting import BODY, METHODS, WAYS, Caller, make

WAITS = "countersign_hop_waits_total"


@pytest.mark.parametrize("method, body, status, times", [
    ("GET", b"", 200, 2), ("PUT", BODY, 200, 2), ("DELETE", b"", 200, 2),
    ("POST", BODY, 502, 1)])
@pytest.mark.parametrize("way", WAYS)
def test_broken_connection(gateway, tmp_path, way, method, body, status,
                           times):
    """RFC 9110, 9.2.2: what is idempotent is sent again, and nothing else."""
    hop = Fickle(layer="origin")
    gate = make(gateway, hop, tmp_path)
    caller = Caller(gate, way, hop)
    assert caller.ask()[0].status == 200
    hop.done.clear()
    hop.cuts = 1
    got, proved = caller.ask(method, body=body)
    assert (got.status, proved) == (status, True)
    assert [(seen.method, seen.body) for seen in hop.done] == [
        (method, body)] * times
    hop.close()


@pytest.mark.parametrize("way", WAYS)
def test_origin_that_comes_back(gateway, tmp_path, way):
    """C-28: nothing is lost while nobody listens there, and who comes back
    is asked once."""
    hop = Fickle(layer="origin")
    gate = make(gateway, hop, tmp_path, "--via-patience", "10")
    callers = [Caller(gate, way, hop) for _ in METHODS * 3]
    assert callers[0].ask()[0].status == 200
    hop.close()
    found = []
    threads = [threading.Thread(
        target=lambda c=caller, m=method: found.append(c.ask(m)[0].status))
        for caller, method in zip(callers, METHODS * 3)]
    for thread in threads:
        thread.start()
    until(lambda: gate.metrics()[WAITS] >= 4, 10)
    back = Fickle(layer="origin", port=hop.port)
    for thread in threads:
        thread.join(20)
    assert found == [200] * len(threads)
    assert back.challenged == 1
    back.close()
