# SPDX-License-Identifier: MIT
"""The metrics page as Prometheus reads it, and as docs/gateway.md lists it."""
import re

import pytest

from support import wire
from support.gateway import TOP, enters, login, send

SAMPLE = re.compile(r'([a-z_]+)(\{[a-z]+="[a-z-]+"(?:,[a-z]+="[a-z-]+")*\})?'
                    r" (\d+(?:\.\d+)?)")


def page(gate):
    with wire.Connection(gate.admin) as connection:
        return connection.exchange(target="/metrics").body.decode()


@pytest.fixture(scope="module")
def busy(module_gateway, module_origin):
    """A gateway of both ways that something has happened to."""
    gate = module_gateway(origin=module_origin.url, forward=True)
    assert enters(gate) == 200
    session = login(gate.origin, password="wrong")
    assert send(gate.origin, session.credentials("GET", "/")).status == 401
    return gate


def test_the_page_is_well_formed(busy):
    """Each metric has one HELP and one TYPE, then its samples and no others;
    no sample stands twice; counters are named as such."""
    helps, types, samples, current = {}, {}, set(), None
    for line in page(busy).splitlines():
        if line.startswith("# HELP "):
            current, text = line[7:].split(" ", 1)
            assert current not in helps and text.endswith("."), line
            helps[current] = text
        elif line.startswith("# TYPE "):
            name, kind = line[7:].split(" ")
            assert name == current and name not in types
            types[name] = kind
            assert (kind == "counter") == name.endswith("_total"), line
        else:
            match = SAMPLE.fullmatch(line)
            assert match and match[1] == current, line
            assert line.rsplit(" ", 1)[0] not in samples, line
            samples.add(line.rsplit(" ", 1)[0])
    assert set(helps) == set(types) and len(types) > 15


def test_every_metric_is_documented(busy):
    """docs/gateway.md names each metric with its labels, and no other."""
    said = set()
    for line in page(busy).splitlines():
        if not line.startswith("#"):
            match = SAMPLE.fullmatch(line)
            labels = re.findall(r'([a-z]+)=', match[2] or "")
            said.add(match[1] + ("{%s}" % ",".join(labels) if labels else ""))
    text = (TOP / "docs" / "gateway.md").read_text(encoding="utf-8")
    rows = [line.split(" | ")[0] for line in text.splitlines()
            if line.startswith("| `countersign_")]
    listed = set(re.findall(r"`(countersign_[a-z_]+(?:\{[a-z,]+\})?)`",
                            " ".join(rows)))
    assert said - listed == set(), "on the page, not in the manual"
    assert listed - said == set(), "in the manual, not on the page"


def test_counters_only_grow(busy):
    """Between two looks no counter falls, whatever is asked for."""
    def counters():
        return {name: value for name, value in busy.metrics().items()
                if "_total" in name}

    before = counters()
    assert enters(busy) == 200
    after = counters()
    assert all(after[name] >= before[name] for name in before)
    name = ('countersign_decisions_total{layer="origin",result="allow",'
            'reason="none"}')
    assert after[name] == before[name] + 1
