# SPDX-License-Identifier: MIT
"""./run as a new user meets it."""
import os
import pathlib
import re
import shlex
import signal
import subprocess
import time

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
STATES = TOP / "build" / "run"

# The first one builds, which takes a minute on a small machine.
pytestmark = pytest.mark.timeout(600)


def processes_of(state):
    """Command lines of processes that belong to a run's state folder."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = path.read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if state.as_posix() in command:
            found.append(command)
    return found


def states():
    return set(STATES.glob("state-*"))


@pytest.fixture
def leaves_nothing():
    """Neither a state folder nor a process is there afterwards."""
    before = states()
    yield
    assert states() <= before
    left = [line for line in processes_of(STATES)
            if not any(s.as_posix() in line for s in before)]
    assert not left


def test_once_shows_both_layers_and_ends(leaves_nothing):
    done = subprocess.run(["./run", "--once"], cwd=TOP, capture_output=True,
                          text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    for field in ("Proxy-Authenticate: Digest", "Proxy-Authorization: Digest",
                  "Proxy-Authentication-Info:", "WWW-Authenticate: Digest",
                  " Authorization: Digest", " Authentication-Info:"):
        assert field in done.stdout
    assert len(re.findall(r"rspauth=\"[0-9a-f]{64}\"", done.stdout)) == 2
    assert done.stdout.count("proved itself") >= 3
    assert "Hello, ada" in done.stdout


class Running:
    """A ./run that serves; `text` is what it has said."""

    def __init__(self, output):
        self.output = output
        # A group of its own, so that an interrupt reaches it as from a
        # terminal and reaches nobody else.
        with open(output, "wb") as out:
            self.process = subprocess.Popen(
                ["./run"], cwd=TOP, stdout=out, stderr=subprocess.STDOUT,
                start_new_session=True)

    @property
    def text(self):
        return self.output.read_text()

    def wait_serving(self):
        end = time.monotonic() + 300
        while "Ctrl-C ends it." not in self.text:
            assert self.process.poll() is None, self.text
            assert time.monotonic() < end, self.text
            time.sleep(0.1)

    def end(self, number):
        os.killpg(self.process.pid, number)
        return self.process.wait(60)


def shown_commands(text):
    """The commands it tells one to use, each a list of words."""
    joined = text.replace("\\\n", " ")
    return [shlex.split(line) for line in joined.splitlines()
            if re.match(r"\s+(curl|build/product/tools/countersign) ", line)]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_told_to_end(number, tmp_path, leaves_nothing):
    run = Running(tmp_path / "out.txt")
    try:
        run.wait_serving()
        commands = shown_commands(run.text)
        assert len(commands) == 3
        for command in commands:
            # Whatever proxies the tester's own environment names.
            env = {n: v for n, v in os.environ.items()
                   if not n.lower().endswith("_proxy")}
            done = subprocess.run(command, cwd=TOP, env=env, text=True,
                                  capture_output=True, timeout=60,
                                  check=False)
            assert done.returncode == 0, (command, done.stderr)
            assert "Hello, ada" in done.stdout, command
    finally:
        status = run.end(number)
    assert status == {signal.SIGINT: 130, signal.SIGTERM: 143}[number]
    assert "Traceback" not in run.text


def test_a_wrong_option_is_refused():
    done = subprocess.run(["./run", "--twice"], cwd=TOP, capture_output=True,
                          text=True, check=False)
    assert done.returncode == 2
    assert "--twice" in done.stderr
