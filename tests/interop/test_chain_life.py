# SPDX-License-Identifier: MIT
"""A chain of three gateways under load: nonces roll over, keys change, each
hop in turn is restarted and killed."""
import pytest

from support.chain_life import (NAMES, LifeChain, Load, crash, kill, restart,
                                rotate)

BEHIND = {"B": 1, "C": 2}


@pytest.fixture(scope="module")
def chain(module_gateway, tmp_path_factory):
    made = LifeChain(module_gateway, tmp_path_factory.mktemp("logins"))
    yield made
    made.close()


def check(load, statuses):
    """Nothing that may be sent again is lost; nothing else is sent again.
    `statuses`: what a POST may get besides 200."""
    assert load.not_answered() == []
    assert {one[2] for one in load.not_answered(repeatable=False)} <= statuses
    assert load.done_twice() == []
    assert load.done_in_vain() == []


@pytest.mark.parametrize("name", NAMES)
def test_new_key(chain, name):
    """D-17 H-04: a hop's nonce key is changed under load: nobody notices."""
    gate = chain.gates[NAMES[name]]
    with Load(chain) as load:
        for _ in range(2):
            rotate(gate)
            load.wait()
    check(load, set())


@pytest.mark.parametrize("name", BEHIND)
def test_restart(chain, name):
    """D-17: a hop that is restarted finishes what it has, and the hop before
    it waits for it: no request is lost, a POST neither."""
    with Load(chain) as load:
        restart(chain.gates[BEHIND[name]])
        load.wait()
    check(load, set())


@pytest.mark.parametrize("name", BEHIND)
def test_kill(chain, name):
    """A hop that is killed loses nothing but what it was just doing, of what
    must not be sent again."""
    with Load(chain) as load:
        kill(chain.gates[BEHIND[name]])
        load.wait()
    check(load, {502})


def test_crash(chain):
    """So does one whose engine dies alone, behind open doors."""
    with Load(chain) as load:
        crash(chain.gates[1])
        load.wait()
    check(load, {502})


@pytest.mark.parametrize("how, more", [
    (restart, set()), (kill, {"ConnectionError"})])
def test_first_hop(chain, how, more):
    """The first hop's clients connect again, and repeat what they may; what
    they do not repeat is done once or not at all. A restart ends in silence
    no request that it took; one may meet the close of its idle connection."""
    with Load(chain) as load:
        how(chain.gates[0])
        load.wait()
    check(load, {"ConnectionResetError", "BrokenPipeError"} | more)


@pytest.mark.parametrize("life", ["1s", "one-time"])
def test_short_lives(gateway, tmp_path, life):
    """F-10 F-15: nonces that end while they are used, at every hop."""
    options = ["--one-time"] if life == "one-time" else ["--nonce-life", life]
    chain = LifeChain(gateway, tmp_path, *options)
    with Load(chain) as load:
        load.wait(30)
    check(load, set())
    chain.close()
