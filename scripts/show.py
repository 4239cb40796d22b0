#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Build Countersign and show one exchange in which everybody proves himself.

Called by ./run. Everything listens on free ports of 127.0.0.1, everything
written lies below build/run, and both are gone at the end.
"""
import argparse
import os
import pathlib
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import time

import relay

TOP = pathlib.Path(__file__).resolve().parent.parent
BUILD = TOP / "build" / "product"
RUN = TOP / "build" / "run"
PROGRAM = BUILD / "tools" / "countersign"

ORIGIN_REALM = "the application"
PROXY_REALM = "the way out"
READY_S = 60


class Failure(Exception):
    """Something that a person should read; no traceback."""


def say(text=""):
    print(text, flush=True)


def build():
    log = TOP / "build" / "log" / "product-build.txt"
    log.parent.mkdir(parents=True, exist_ok=True)
    commands = [["/usr/bin/ninja", "-C", str(BUILD)]]
    if not (BUILD / "build.ninja").exists():
        say("Building Countersign below build/ (a minute or so, once) ...")
        shutil.rmtree(BUILD, ignore_errors=True)
        commands.insert(0, ["/usr/bin/meson", "setup", "-Dtests=false",
                            "-Dtrafficserver=enabled", "-Dcurl=enabled",
                            str(BUILD)])
    with open(log, "wb") as out:
        for command in commands:
            if subprocess.run(command, cwd=TOP, stdout=out,
                              stderr=subprocess.STDOUT,
                              check=False).returncode != 0:
                lines = log.read_text(errors="replace").splitlines()
                raise Failure("the build failed:\n" + "\n".join(lines[-30:]))


class Child:
    """A process that prints a line once it is ready."""

    def __init__(self, what, command, log):
        self.what = what
        self.log = log
        # A group of its own: Ctrl-C reaches this script alone, which then
        # ends everything in order.
        self.process = subprocess.Popen(
            [str(c) for c in command], stdin=subprocess.DEVNULL,
            stdout=open(log, "wb"), stderr=subprocess.STDOUT,
            start_new_session=True)

    def wait_for(self, mark):
        """The first line of output that begins with `mark`."""
        end = time.monotonic() + READY_S
        while time.monotonic() < end:
            text = self.log.read_text(errors="replace")
            for line in text.splitlines(keepends=True):
                if line.strip().startswith(mark) and line.endswith("\n"):
                    return line.strip()
            if self.process.poll() is not None:
                raise Failure(f"{self.what} ended:\n{text}")
            time.sleep(0.05)
        raise Failure(f"{self.what} is not ready after {READY_S} s")

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


class Stage:
    """Origin, gateway in front of it, and forward proxy."""

    def __init__(self, folder):
        self.folder = folder
        self.children = []
        self.user = "ada"
        self.passwords = {ORIGIN_REALM: secrets.token_urlsafe(9),
                          PROXY_REALM: secrets.token_urlsafe(9)}
        self.origin = self.gateway = self.proxy = None

    def add_user(self, realm, users):
        done = subprocess.run(
            [PROGRAM, "passwd", "--realm", realm, "--stdin", users,
             self.user], input=self.passwords[realm] + "\n", text=True,
            capture_output=True, check=False)
        if done.returncode != 0:
            raise Failure(f"countersign passwd: {done.stderr}")

    def start(self, what, mark, *command):
        child = Child(what, command, self.folder / f"{what}.txt")
        self.children.append(child)
        return child.wait_for(mark)

    def start_gateway(self, what, mark, realm_option, realm, *options):
        users = self.folder / f"{what}.users"
        self.add_user(realm, users)
        line = self.start(
            what, mark, PROGRAM, "gateway", "--state", self.folder / what,
            "--users", users, realm_option, realm, "--listen",
            "127.0.0.1:0", *options)
        return line.split()[1].rstrip(",")

    def open(self):
        self.origin = self.start("origin", "http://", "/usr/bin/python3",
                                 TOP / "examples" / "origin.py")
        self.gateway = self.start_gateway(
            "gateway", "origin ", "--realm", ORIGIN_REALM,
            "--origin", self.origin)
        # A forward proxy is no way into the network: loopback has to be
        # allowed, and only this one port is.
        self.proxy = self.start_gateway(
            "proxy", "forward ", "--realm", PROXY_REALM, "--forward",
            "--allow-dest", self.gateway.removeprefix("http://"))

    def close(self):
        for child in reversed(self.children):
            child.stop()

    def serve(self):
        """Until Ctrl-C, or until one of them ends by itself."""
        while True:
            time.sleep(1)
            for child in self.children:
                if child.process.poll() is not None:
                    raise Failure(f"{child.what} ended:\n"
                                  + child.log.read_text(errors="replace"))

    def login(self, realm):
        return f"{self.user}:{self.passwords[realm]}"


# --- showing -----------------------------------------------------------------

LAYERS = [
    ("The proxy", PROXY_REALM, "407", "Proxy-Authenticate",
     "Proxy-Authorization", "Proxy-Authentication-Info"),
    ("The origin", ORIGIN_REALM, "401", "WWW-Authenticate", "Authorization",
     "Authentication-Info"),
]


def fold(text, width=77, indent="  "):
    """A field's lines, broken between parameters."""
    lines = [""]
    for part in re.split(r"(?<=,) (?=[a-z]+=)", text):
        if len(lines[-1]) + len(part) < width:
            lines[-1] += f" {part}" if lines[-1] else part
        else:
            lines.append(indent + part)
    return lines


def show_field(label, message, name):
    """A field of a message, folded for reading; False when it is not there."""
    value = message.fields.get(name.lower()) if message else None
    if value is None:
        return False
    say(f"  {label:12} {message.start}")
    for line in fold(f"{name}: {value}"):
        say(f"    {line}")
    return True


def show_layers(pairs):
    """The first challenge, answer and countersign of each layer."""
    whole = True
    for who, realm, status, challenge, answer, info in LAYERS:
        say(f'{who}, realm "{realm}"')
        asked = next((r for _, r in pairs if r.status == status), None)
        accepted = next(((q, r) for q, r in pairs
                         if info.lower() in r.fields), (None, None))
        whole &= show_field("challenge", asked, challenge)
        whole &= show_field("answer", accepted[0], answer)
        whole &= show_field("countersign", accepted[1], info)
        say()
    return whole


def exchange(stage):
    """One exchange through both; fetch's own exit status."""
    # Logins by the environment, where nobody else on the machine sees them;
    # and no proxy but ours, whatever the user's own environment says.
    environment = {name: value for name, value in os.environ.items()
                   if not name.lower().endswith("_proxy")}
    environment["COUNTERSIGN_USER"] = stage.login(ORIGIN_REALM)
    environment["COUNTERSIGN_PROXY_USER"] = stage.login(PROXY_REALM)
    with relay.Relay(stage.proxy) as tap:
        done = subprocess.run(
            [PROGRAM, "fetch", "-v", "--proof", "require", "--proxy-proof",
             "require", "-x", tap.url, stage.gateway + "/hello"],
            env=environment, capture_output=True, text=True, timeout=60,
            check=False)
        pairs = tap.exchanges()
    say("What went over the wire, seen by a listener between client and "
        "proxy:\n")
    whole = show_layers(pairs)
    say("What the client says (countersign fetch -v --proof require "
        "--proxy-proof require):\n")
    say(textwrap.indent(done.stderr, "  "))
    if done.returncode == 0 and whole:
        say("Proxy and origin both proved that they know the password, so "
            "the client took\nthe page:\n")
        say(textwrap.indent(done.stdout, "  "))
        return 0
    say(f"That did not work: fetch ended with {done.returncode}.")
    return done.returncode or 1


def show_stage(stage):
    say("Everything listens on this machine alone, on free ports:\n")
    say(f"  origin   {stage.origin}   a small application "
        "(examples/origin.py)")
    say(f"  gateway  {stage.gateway}   in front of it: asks, checks, proves "
        "itself")
    say(f"  proxy    {stage.proxy}   a forward proxy that does so too")
    say(f"  user     {stage.user}, made for this run, with a password for "
        "each of the two\n")


def show_how_to_use(stage):
    origin, proxy = stage.login(ORIGIN_REALM), stage.login(PROXY_REALM)
    program = PROGRAM.relative_to(TOP)
    say(textwrap.dedent(f"""\
        Try it yourself while this runs.

        Both must prove themselves, or no page (-v says how it goes):
          {program} fetch --proof require --proxy-proof require \\
            -x {stage.proxy} -U {proxy} \\
            -u {origin} {stage.gateway}/

        With curl, which logs in but checks no proof:
          curl --digest -u {origin} {stage.gateway}/
          curl -x {stage.proxy} --proxy-digest -U {proxy} \\
            --digest -u {origin} {stage.gateway}/

        With a browser: open {stage.gateway}/
        and log in as {stage.user} with {stage.passwords[ORIGIN_REALM]}
        Through the proxy as well, whose password is {stage.passwords[PROXY_REALM]}:
          chromium --proxy-server={stage.proxy} \\
            --proxy-bypass-list='<-loopback>' {stage.gateway}/

        Ctrl-C ends it.
        """))


def end_by_signal(number, frame):
    """Leave by an exception, so that everything is cleaned up; a second
    signal, as timeout(1) sends one, must not cut that short."""
    del number, frame
    for each in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(each, signal.SIG_IGN)
    sys.exit(143)


def main():
    parser = argparse.ArgumentParser(prog="./run")
    parser.add_argument("--once", action="store_true")
    once = parser.parse_args().once
    build()
    RUN.mkdir(parents=True, exist_ok=True)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="state-", dir=RUN))
    stage = Stage(folder)
    try:
        stage.open()
        show_stage(stage)
        code = exchange(stage)
        if code == 0 and not once:
            show_how_to_use(stage)
            stage.serve()
        return code
    finally:
        stage.close()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    # Ended by a signal it still cleans up: all come as an exception.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end_by_signal)
    try:
        sys.exit(main())
    except Failure as failure:
        sys.exit(f"run: {failure}")
    except KeyboardInterrupt:
        say("\nEnded.")
        sys.exit(130)
