# SPDX-License-Identifier: MIT
"""`countersign passwd` driven as a person or a script drives it."""
import os
import pathlib
import pty
import select
import signal
import sqlite3
import subprocess
import time

from support import digest

TOP = pathlib.Path(__file__).resolve().parents[3]
BUILD = pathlib.Path(os.environ.get("COUNTERSIGN_BUILD", TOP / "build/plain"))
PROGRAM = BUILD / "tools" / "countersign"

PROMPT_S = 20

REALM = "the realm"
STRONG = {"SHA-256", "SHA-512-256"}


def passwd(*arguments, stdin=b"", **keywords):
    """Run to its end, without a terminal; output as octets."""
    keywords.setdefault("timeout", 60)
    return subprocess.run(
        [str(PROGRAM), "passwd", *arguments], input=stdin,
        capture_output=True, check=False, start_new_session=True, **keywords)


def set_password(path, user, password, *options, realm=None, check=True):
    """Add or change through standard input."""
    if realm is not None:
        options += ("--realm", realm)
    done = passwd(path, user, "--stdin", *options,
                  stdin=password.encode() + b"\n")
    if check:
        assert done.returncode == 0, done.stderr
    return done


def verify(path, user, password, *options):
    return passwd("--verify", path, user, "--stdin", *options,
                  stdin=password.encode() + b"\n").returncode


def listed(path, *options):
    """[(user, realm, {algorithms})] as --list prints them."""
    done = passwd("--list", path, *options)
    assert done.returncode == 0, done.stderr
    rows = [line.split("\t") for line in done.stdout.decode().splitlines()]
    return [(user, realm, set(names.split(","))) for user, realm, names
            in rows]


def rows_of(path):
    """{(user, realm, algorithm): H(A1)}, read without the program."""
    content = path.read_bytes()
    if content.startswith(b"SQLite format 3\0"):
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
            return {row[:3]: row[3] for row in database.execute(
                "SELECT user, realm, algorithm, ha1 FROM users")}
    rows = {}
    for line in content.decode().splitlines():
        user, realm, value, *name = line.split(":")
        algorithm = name[0] if name else {32: "MD5", 64: "SHA-256"}[len(value)]
        rows[user, realm, algorithm] = value
    return rows


def expected(user, password, algorithms=STRONG, realm=REALM):
    return {(user, realm, algorithm): digest.ha1(user, realm, password,
                                                 algorithm)
            for algorithm in algorithms}


class Terminal:
    """A program on a terminal of its own."""

    def __init__(self, *command, env=None):
        self.output = b""
        self.looked = 0
        self.code = None
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execvpe(str(command[0]), [str(c) for c in command],
                       {**os.environ, **(env or {})})

    def _read(self, deadline):
        """Some more output; False at its end."""
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([self.fd], [], [], left)[0]:
            raise AssertionError(f"nothing more came after {self.output!r}")
        try:
            got = os.read(self.fd, 4096)
        except OSError:
            got = b""
        self.output += got
        return bool(got)

    def expect(self, text):
        """Wait for `text` behind what was expected before."""
        deadline = time.monotonic() + PROMPT_S
        while (at := self.output.find(text, self.looked)) < 0:
            if not self._read(deadline):
                raise AssertionError(f"{text!r} is not in {self.output!r}")
        self.looked = at + len(text)

    def send(self, text):
        os.write(self.fd, text)

    def finish(self):
        """Wait for the end; the exit code, or minus the signal."""
        deadline = time.monotonic() + PROMPT_S
        while self._read(deadline):
            pass
        self.wait()
        os.close(self.fd)
        return self.code

    def wait(self):
        """Wait for the end without reading; the status as waitpid has it."""
        deadline = time.monotonic() + PROMPT_S
        while True:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid != 0:
                self.code = os.waitstatus_to_exitcode(status)
                return status
            assert time.monotonic() < deadline, "it goes on"
            time.sleep(0.01)

    def stop(self):
        """For a test that failed halfway."""
        if self.code is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            os.close(self.fd)
