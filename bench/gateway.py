#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What the gateway adds to Traffic Server: paired runs with and without it.

    COUNTERSIGN_BUILD=build/plain /usr/bin/python3 bench/gateway.py

Both are the same Traffic Server with the same records.config before the same
origin (nginx, 1 KiB), asked by the same client (wrk, 32 connections) the same
authenticated requests, each with a count of its own; one has the plugin. Runs
take turns, so that what else the machine does falls on both. Without the plugin the
credentials travel as X-uthorization: the engine gives a request that has an
Authorization a connection to the origin of its own, which costs far more than
the plugin does. Told are requests per second and CPU time of the engine's process for each request.
Needs nginx and wrk (Debian: nginx-light, wrk).
"""
import argparse
import os
import pathlib
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TOP / "tests" / "interop"))

from support import digest  # noqa: E402
from support.gateway import (ORIGIN_REALM, Gateway, login)  # noqa: E402

SCRIPT = """
local lines = {}
local at = 0
local name
function init(args)
  name = args[2]
  for line in io.lines(args[1]) do lines[#lines + 1] = line end
end
function request()
  at = at % #lines + 1
  return "GET /page HTTP/1.1\\r\\nHost: localhost\\r\\n" .. name .. ": " ..
    lines[at] .. "\\r\\n\\r\\n"
end
"""

NGINX = """
daemon off; worker_processes 1; pid {place}/nginx.pid;
error_log {place}/error.log; events {{ worker_connections 1024; }}
http {{ access_log off; keepalive_requests 10000000;
  client_body_temp_path {place}/t1; proxy_temp_path {place}/t2;
  fastcgi_temp_path {place}/t3; uwsgi_temp_path {place}/t4;
  scgi_temp_path {place}/t5;
  server {{ listen 127.0.0.1:{port};
    location / {{ return 200 "{page}"; }} }} }}
"""


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def wait_port(port, host="127.0.0.1"):
    for _ in range(200):
        try:
            socket.create_connection((host, port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise SystemExit(f"nothing listens on port {port}")


def start_origin(place):
    port = free_port()
    (place / "nginx.conf").write_text(
        NGINX.format(place=place, port=port, page="x" * 1024))
    process = subprocess.Popen(
        ["nginx", "-p", str(place), "-c", str(place / "nginx.conf")],
        stderr=subprocess.DEVNULL)
    wait_port(port)
    return process, port


def start_bare(gate, place, origin_port):
    """The engine as the gateway runs it, the plugin left out."""
    state = place / "bare"
    shutil.copytree(gate.state, state,
                    ignore=lambda _, names: [n for n in names if n in (
                        "control", "lock", "server.lock")])
    port = free_port()
    old, new = str(gate.state), str(state)
    for name in ("runroot.yaml", "etc/records.config"):
        text = (state / name).read_text().replace(old, new)
        text = re.sub(r"(server_ports STRING).*", rf"\1 {port}:ip-in=127.0.0.1",
                      text)
        (state / name).write_text(text)
    (state / "etc/plugin.config").write_text("")
    (state / "etc/remap.config").write_text(
        f"map / http://127.0.0.1:{origin_port}/\n")
    process = subprocess.Popen(
        ["traffic_server", f"--run-root={state}"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_port(port)
    return process, port


def cpu_s(pid):
    text = pathlib.Path(f"/proc/{pid}/stat").read_text()
    fields = text.rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def write_credentials(path, address, count):
    """`count` Authorization values: few nonces, every count once."""
    with open(path, "w", encoding="ascii") as file:
        left = count
        while left > 0:
            session = login(address)
            for _ in range(min(left, 2000)):
                file.write(session.credentials("GET", "/page") + "\n")
            left -= 2000


def load(place, port, credentials, name, seconds):
    done = subprocess.run(
        ["wrk", "-t1", "-c32", f"-d{seconds}s", "-s", str(place / "load.lua"),
         f"http://127.0.0.1:{port}/", "--", str(credentials),
         name],
        capture_output=True, text=True, check=True)
    requests = int(re.search(r"(\d+) requests in", done.stdout)[1])
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", done.stdout)
    rate = float(re.search(r"Requests/sec: +([\d.]+)", done.stdout)[1])
    return requests, int(bad[1]) if bad else 0, rate


def measure(place, pid, port, credentials, name, seconds):
    before = cpu_s(pid)
    requests, bad, rate = load(place, port, credentials, name, seconds)
    used = cpu_s(pid) - before
    if bad:
        raise SystemExit(f"{bad} of {requests} requests were refused")
    return used / requests * 1e6, rate


def write_users(path, count):
    rows = [f"alice:{ORIGIN_REALM}:"
            f"{digest.ha1('alice', ORIGIN_REALM, 'secret')}\n"]
    rows += [f"user{n}:{ORIGIN_REALM}:{n:064x}\n" for n in range(count - 1)]
    path.write_text("".join(rows))
    path.chmod(0o600)


def compare(place, users, options):
    origin, origin_port = start_origin(place)
    gate = bare = None
    try:
        write_users(place / "users", users)
        gate = Gateway(place, "--threads", str(options.threads), "--log",
                       "/dev/null", "--nonce-life", "1h",
                       origin=f"http://127.0.0.1:{origin_port}")
        bare, bare_port = start_bare(gate, place, origin_port)
        (place / "load.lua").write_text(SCRIPT)
        credentials = place / "credentials"
        with_us, without = [], []
        for number in range(options.runs + 1):
            write_credentials(credentials, gate.origin, options.requests)
            one = measure(place, bare.pid, bare_port, credentials,
                          "X-uthorization", options.seconds)
            two = measure(place, gate.engine_pid(), gate.origin[1],
                          credentials, "Authorization", options.seconds)
            if number == 0:
                continue  # warms up both
            without.append(one)
            with_us.append(two)
            print(f"  {number}: without {one[0]:6.2f} us {one[1]:7.0f}/s   "
                  f"with {two[0]:6.2f} us {two[1]:7.0f}/s   "
                  f"added {two[0] - one[0]:5.2f} us", flush=True)
        added = [t[0] - o[0] for t, o in zip(with_us, without)]
        least = min(t[0] for t in with_us) - min(o[0] for o in without)
        print(f"{users} users: added CPU per request "
              f"{statistics.median(added):.2f} us, between the least "
              f"disturbed runs {least:.2f} us (median of {len(added)}; "
              f"{statistics.median(o[0] for o in without):.2f} us without); "
              f"throughput {statistics.median(t[1] for t in with_us):.0f}/s "
              f"with, {statistics.median(o[1] for o in without):.0f}/s without")
    finally:
        if gate is not None:
            gate.end()
        for process in (bare, origin):
            if process is not None:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(5)
                except subprocess.TimeoutExpired:
                    process.kill()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--users", type=int, nargs="+", default=[2, 100000])
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--requests", type=int, default=100000,
                        help="credentials made for each run; more than a "
                        "run can use")
    options = parser.parse_args()
    for program in ("nginx", "wrk", "traffic_server"):
        if shutil.which(program) is None:
            raise SystemExit(f"{program} is not installed")
    for users in options.users:
        with tempfile.TemporaryDirectory(prefix="countersign-bench-") as name:
            compare(pathlib.Path(name), users, options)


if __name__ == "__main__":
    main()
