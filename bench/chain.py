#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What a chain of three gateways costs, and what it loses.

    COUNTERSIGN_BUILD=build /usr/bin/python3 bench/chain.py

The chain: A asks alice and is office at B, B asks office and is region at C,
C asks region; every proof is demanded. Behind it is nginx with a page of
1 KiB; before it the load (bench/load), which judges A's proofs.

1. Latency and processor time of each hop, beside the same three Traffic Servers
   with the plugin left out and a parent in its place. The two chains take
   turns, so that what else the machine does falls on both; told are medians of
   the runs, and of the differences between the runs of a turn.
2. Challenges, of the hops and of the load, among the requests of several
   connections while nonces live five seconds. A nonce life costs each login
   one at most, and none where nextnonce is followed.
3. Requests lost while a hop gets a new key, is restarted, is killed, or loses its
   engine, under eight clients with GET, HEAD, PUT, DELETE and POST. What was not
   answered, though it may be sent again, is lost. A POST may become 502 where
   its hop was killed; done twice it must never be. At A, whose clients are no
   gateways, connections break besides: those clients repeat for themselves.

Ends with 1 when a request was lost or a POST was done twice.
Needs nginx-light and trafficserver.
"""
import argparse
import json
import pathlib
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TOP / "tests" / "interop"))
sys.path.insert(0, str(TOP / "bench"))

from gateway import NGINX, free_port, wait_port  # noqa: E402
from support.chain_life import (NAMES, LifeChain, Load,  # noqa: E402
                                crash, kill, restart, rotate)
from support.gateway import BUILD, Gateway  # noqa: E402

LOAD = BUILD / "bench" / "load"
ORIGIN = "127.0.0.2"
LOGIN = "alice:proxy-secret"
EVENTS = {"new key": rotate, "restart": restart, "kill": kill,
          "engine killed": crash}


def start_origin(place):
    port = free_port()
    (place / "nginx.conf").write_text(
        NGINX.format(place=place, port=port, page="x" * 1024).replace(
            f"127.0.0.1:{port}", f"{ORIGIN}:{port}"))
    process = subprocess.Popen(
        ["nginx", "-p", str(place), "-c", str(place / "nginx.conf")],
        stderr=subprocess.DEVNULL)
    wait_port(port, ORIGIN)
    return process, f"http://{ORIGIN}:{port}/page"


class Maker:
    """Gateways in a folder, to be ended together."""

    def __init__(self, place):
        self.place = place
        self.made = []

    def __call__(self, *arguments, **keywords):
        where = self.place / f"gateway{len(self.made)}"
        where.mkdir()
        self.made.append(Gateway(where, "--threads", "1", "--log",
                                 "/dev/null", *arguments, wait=False,
                                 **keywords))
        self.made[-1].start()
        return self.made[-1]

    def end(self):
        for gate in self.made:
            gate.end()


class Bare:
    """The engines of a chain once more, without the plugin."""

    def __init__(self, gates, place):
        self.processes = []
        self.door = None
        for number, gate in enumerate(reversed(gates)):
            self.start(gate, place / f"bare{number}")

    def start(self, gate, state):
        shutil.copytree(gate.state, state, ignore=lambda _, names: [
            n for n in names if n in ("control", "lock", "server.lock")])
        port = free_port()
        for name in ("runroot.yaml", "etc/records.config"):
            text = (state / name).read_text().replace(str(gate.state),
                                                      str(state))
            text = re.sub(r"(server_ports STRING).*",
                          rf"\1 {port}:ip-in=127.0.0.1", text)
            (state / name).write_text(text)
        (state / "etc/plugin.config").write_text("")
        if self.door is not None:
            (state / "etc/parent.config").write_text(
                f'dest_domain=. parent="{self.door}" go_direct=false\n')
        self.processes.insert(0, subprocess.Popen(
            ["traffic_server", f"--run-root={state}"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        wait_port(port)
        self.door = f"127.0.0.1:{port}"

    def pids(self):
        return [process.pid for process in self.processes]

    def end(self):
        for process in self.processes:
            process.kill()
            process.wait()


def used_s(pid):
    """Processor time of all its threads."""
    return sum(int((task / "schedstat").read_text().split()[0])
               for task in pathlib.Path(f"/proc/{pid}/task").iterdir()) / 1e9


def ask(door, way, url, connections, seconds):
    done = subprocess.run(
        [LOAD, "-a", way, "-u", LOGIN, "-c", str(connections), "-s",
         str(seconds), "-x", door, url], capture_output=True, text=True,
        check=False)
    if done.returncode != 0:
        raise SystemExit(f"load: {done.stderr}")
    told = json.loads(done.stdout)
    if told["other"] or way != "none" and told["proved"] < told["requests"]:
        raise SystemExit(f"not all was answered and proved: {told}")
    return told


def measure(pids, *what):
    before = [used_s(pid) for pid in pids]
    told = ask(*what)
    told["cpu"] = [(used_s(pid) - b) / told["requests"] * 1e6
                   for pid, b in zip(pids, before)]
    return told


def median(rounds, get):
    return statistics.median(get(one) for one in rounds)


def compare(chain, bare, url, connections, options):
    """Interleaved runs, and the rows of their table."""
    door = "%s:%d" % chain.gates[0].proxy
    pids = [gate.engine_pid() for gate in chain.gates]
    rounds = []
    for number in range(options.runs + 1):
        seconds = options.seconds if number else 0.3
        without = measure(bare.pids(), bare.door, "none", url, connections,
                          seconds)
        rounds.append((without, measure(pids, door, "digest", url,
                                        connections, seconds)))
    del rounds[0]  # that warmed them up

    def row(name, get):
        plain = median(rounds, lambda pair: get(pair[0]))
        ours = median(rounds, lambda pair: get(pair[1]))
        added = median(rounds, lambda pair: get(pair[1]) - get(pair[0]))
        print(f"{connections:11} {name:26} {plain:9.1f} {ours:9.1f} "
              f"{added:9.1f} {ours / plain:6.2f}")

    row("median answer, us", lambda one: one["median_us"])
    row("  a hop's share, us", lambda one: one["median_us"] / 3)
    row("99 in 100, us", lambda one: one["p99_us"])
    row("slowest, us", lambda one: one["slowest_us"])
    for number, name in enumerate("ABC"):
        row(f"processor of {name}, us", lambda one: one["cpu"][number])
    row("requests a second", lambda one: one["requests"] / one["seconds"])


def cost(place, options):
    origin, url = start_origin(place)
    maker = Maker(place)
    bare = None
    try:
        chain = LifeChain(maker, place, "--nonce-life", "1h")
        bare = Bare(chain.gates, place)
        print("connections                            without      with     "
              "added  ratio")
        for connections in (1, 32):
            compare(chain, bare, url, connections, options)
        chain.close()
    finally:
        if bare is not None:
            bare.end()
        maker.end()
        origin.send_signal(signal.SIGTERM)
        origin.wait()


def challenges(place, options):
    origin, url = start_origin(place)
    maker = Maker(place)
    life_s = 5
    try:
        chain = LifeChain(maker, place, "--nonce-life", f"{life_s}s")
        door = "%s:%d" % chain.gates[0].proxy
        print("\nconnections  requests  nonce lives  challenges of A to its "
              "client, B to A, C to B  a 100,000 requests")
        for connections in (1, 32, 128):
            before = [gate.metrics()["countersign_via_challenges_total"]
                      for gate in chain.gates[:2]]
            told = ask(door, "digest", url, connections, options.long)
            after = [gate.metrics()["countersign_via_challenges_total"]
                     for gate in chain.gates[:2]]
            count = [told["refused"] + 1,
                     *(int(a - b) for a, b in zip(after, before))]
            print(f"{connections:11} {told['requests']:9} "
                  f"{told['seconds'] / life_s:12.1f} {count[0]:33} "
                  f"{count[1]:7} {count[2]:7} "
                  f"{sum(count) / told['requests'] * 1e5:23.1f}")
        chain.close()
    finally:
        maker.end()
        origin.send_signal(signal.SIGTERM)
        origin.wait()


class Losses:
    """What became of the requests around some events at one hop."""

    def __init__(self):
        self.count = self.lost = self.refused = self.twice = 0
        self.broken = 0

    def add(self, load):
        told = load.told()
        self.count += len(told)
        self.lost += len(load.not_answered())
        posts = load.not_answered(repeatable=False)
        self.refused += sum(1 for one in posts if one[2] == 502)
        self.broken += sum(1 for one in posts if one[2] != 502)
        self.twice += len(load.done_twice()) + len(load.done_in_vain())


def losses(place, options):
    maker = Maker(place)
    good = True
    try:
        chain = LifeChain(maker, place)
        print("\nhop  event          rounds  requests  lost  POST: 502  "
              "broken  twice")
        for hop in NAMES:
            for event, happen in EVENTS.items():
                found = Losses()
                for _ in range(options.rounds):
                    with Load(chain) as load:
                        happen(chain.gates[NAMES[hop]])
                        load.wait(10)
                    found.add(load)
                print(f"{hop:4} {event:14} {options.rounds:6} "
                      f"{found.count:9} {found.lost:5} {found.refused:10} "
                      f"{found.broken:7} {found.twice:6}", flush=True)
                good = good and found.lost + found.twice == 0
        chain.close()
    finally:
        maker.end()
    return good


PARTS = {"cost": cost, "challenges": challenges, "losses": losses}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("part", nargs="*", help="cost, challenges, losses")
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=1.5)
    parser.add_argument("--long", type=float, default=15,
                        help="seconds of each run that counts challenges")
    parser.add_argument("--rounds", type=int, default=4)
    options = parser.parse_args()
    for program in ("nginx", "traffic_server"):
        if shutil.which(program) is None:
            raise SystemExit(f"{program} is not installed")
    for part in options.part or PARTS:
        with tempfile.TemporaryDirectory(prefix="countersign-bench-") as name:
            if PARTS[part](pathlib.Path(name), options) is False:
                raise SystemExit("requests were lost, or done twice")


if __name__ == "__main__":
    main()
