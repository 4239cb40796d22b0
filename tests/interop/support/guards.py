# SPDX-License-Identifier: MIT
"""What guards an application: the gateway, or nginx with our module. Tests of
both ask for `guard` or `module_guard` (import them by name), which make one:
guard(*options, origin=URL), with the gateway's options. They run once with
each, and talk to it at `.origin`."""
import re
import subprocess

import pytest

from support.gateway import ORIGIN_REALM, USERS, users_text
from support.nginx import MODULE, Nginx

KINDS = ["gateway", "nginx"]

# The gateway's options in the module's words; None: nothing to say.
DIRECTIVES = {"--nonce-life": "countersign_nonce_life {};",
              "--log": None, "--threads": None, "--allow-dest": None}
FLAGS = {"--one-time": "countersign_one_time on;",
         "--userhash": "countersign_userhash on;"}

HTTP = """
    keepalive_requests 1000000;
    large_client_header_buffers 3 70k;
    client_max_body_size 0;
    upstream application { server 127.0.0.1:%d; keepalive 32; }
"""
SERVER = """
    countersign "%s";
    countersign_keys nonce.keys create;
    %s
    location / {
        proxy_pass http://application;
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_set_header Host $http_host;
        proxy_set_header X-Remote-User $countersign_user;
    }
"""


def directives(options):
    said = []
    algorithms = []
    options = list(map(str, options))
    while options:
        option = options.pop(0)
        if option in FLAGS:
            said.append(FLAGS[option])
            continue
        value = options.pop(0)
        if option == "--algorithm":
            algorithms.append(value)
        elif option == "--max-failures":
            assert value == "0"
            said.append("countersign_throttle off;")
        elif option == "--qop":
            said.append(f"countersign_qop {value.replace(',', ' ')};")
        elif DIRECTIVES[option]:
            said.append(DIRECTIVES[option].format(value))
    if "MD5" in algorithms:
        said.append("countersign_allow_md5 on;")
    if algorithms:
        said.append(f"countersign_algorithms {' '.join(algorithms)};")
    return " ".join(said)


class NginxGuard(Nginx):
    """nginx in the gateway's place, for what tests of both ask of one."""

    REFUSAL = re.compile(r'countersign: ([a-z0-9-]+)(?:, user "(.*)")?, '
                         r"client: ([^,]+)")

    def __init__(self, *options, origin, users=None, forward=False):
        """`forward`: where the gateway is a proxy besides, nginx is none."""
        del forward
        port = int(origin.rsplit(":", 1)[1])
        super().__init__(SERVER % (ORIGIN_REALM, directives(options)),
                         http=HTTP % port,
                         users=users_text(USERS if users is None else users))

    @property
    def origin(self):
        return self.address

    @property
    def users(self):
        return self.folder / "www" / ".users"

    @property
    def err(self):
        return self.said().splitlines()

    def log(self):
        """Refusals logged so far; a user who is not named is `***`."""
        return [{"reason": reason, "user": user or "***", "client": client}
                for reason, user, client in self.REFUSAL.findall(self.said())]

    def refused(self, layer, reason):
        """What the gateway's engine refuses by itself nginx leaves to us."""
        assert layer == "origin"
        reason = {"engine": "malformed"}.get(reason, reason)
        return [entry["reason"] for entry in self.log()].count(reason)

    def refusals(self):
        """The reasons of all refusals so far."""
        return {entry["reason"] for entry in self.log()}

    def wait_log(self, reason, within=5):
        """nginx writes it before it answers."""
        del within
        found = [entry for entry in self.log() if entry["reason"] == reason]
        assert found, self.said()
        return found[0]

    def reload(self):
        before = self.workers()
        done = subprocess.run(
            [self.command[0], "-s", "reload", *self.command[1:]],
            capture_output=True, text=True, timeout=30, check=False)
        self.until(lambda: len(self.workers() - before) == self.count
                   and not self.workers() & before)
        return done

    def pids(self):
        return sorted(map(int, self.workers()))

    def written(self):
        return {name: (self.folder / name).read_bytes()
                for name in ("error", "access", "output")}

    def end(self):
        self.close()


def makers(request, gateways):
    """A maker of the kind that the parameter names."""
    if request.param == "gateway":
        yield request.getfixturevalue(gateways)
        return
    if not MODULE.exists():
        pytest.skip("this build has no nginx module")
    made = []

    def make(*options, **keywords):
        made.append(NginxGuard(*options, **keywords))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture(params=KINDS)
def guard(request):
    """A maker of guards that end with the test."""
    yield from makers(request, "gateway")


@pytest.fixture(scope="module", params=KINDS)
def module_guard(request):
    """A maker of guards that end with the module."""
    yield from makers(request, "module_gateway")


def memory_kib(guarded):
    """What the processes that serve hold in memory."""
    total = 0
    for pid in guarded.pids():
        with open(f"/proc/{pid}/status", encoding="ascii") as file:
            total += sum(int(line.split()[1]) for line in file
                         if line.startswith("VmRSS:"))
    return total
