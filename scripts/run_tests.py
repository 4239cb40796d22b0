#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Build Countersign in several ways, run its tests, count them.

Called by ./test. A test is one row: a cmocka test or a pytest case. A row
that runs in several builds is one test; it passed when it passed in each.
"""
import argparse
import fcntl
import os
import pathlib
import shutil
import subprocess
import sys
import threading
import time

import tally

TOP = pathlib.Path(__file__).resolve().parent.parent
OUT = TOP / "build"
LOGS = OUT / "log"
MESON = "/usr/bin/meson"
PYTHON = "/usr/bin/python3"

# Suites of C tests (meson) and of Python tests (folders below tests/).
# `threads` marks those of the others that run threads.
C_SUITES = ["unit", "vectors", "engine", "attack", "store", "fuzz-replay",
            "interop", "threads"]
PY_SUITES = ["project", "interop"]

# No sanitizer may let a test go on, and none may be quiet.
SANITIZE = {
    "ASAN_OPTIONS": "detect_leaks=1:detect_stack_use_after_return=1",
    "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
    "TSAN_OPTIONS": "halt_on_error=1:second_deadlock_stack=1",
}


class Build:
    """One way to build: its folder's name, meson's options, its tests."""

    def __init__(self, name, what, cc, options, suites, slower=1, prefix=()):
        self.name = name
        self.what = what
        self.cc = cc
        self.options = options
        self.suites = suites
        self.slower = slower
        self.prefix = list(prefix)
        self.dir = OUT / name


def without_aslr():
    """ThreadSanitizer of gcc 12 cannot place its memory under some kernels'
    address randomization; without it, it can."""
    command = ["setarch", os.uname().machine, "-R"]
    works = subprocess.run([*command, "true"], stderr=subprocess.DEVNULL,
                           check=False).returncode == 0
    return command if works else []


# Warnings are errors where nothing is instrumented: under a sanitizer gcc
# warns of what cannot happen.
BUILDS = [
    Build("plain", "gcc", "gcc", ["--werror"], C_SUITES),
    Build("asan", "gcc, AddressSanitizer and UndefinedBehaviorSanitizer",
          "gcc", ["-Db_sanitize=address,undefined"], C_SUITES, slower=4),
    Build("clang", "clang", "clang", ["--werror"], C_SUITES),
    Build("tsan", "gcc, ThreadSanitizer", "gcc", ["-Db_sanitize=thread"],
          ["store", "threads"], slower=8, prefix=without_aslr()),
]


def say(text):
    print(text, flush=True)


def run(command, log, env=None, timeout=3600, show=False):
    """Run with its output in `log` (and shown, if asked); the status.
    After `timeout` seconds it is told to end."""
    with open(log, "wb") as out, subprocess.Popen(
            command, cwd=TOP, env={**os.environ, **(env or {})},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        timer = threading.Timer(timeout, process.terminate)
        timer.start()
        for line in process.stdout:
            out.write(line)
            if show:
                sys.stdout.buffer.write(line)
                sys.stdout.flush()
        timer.cancel()
    return process.returncode


def compile_build(build):
    """Configure and build. False when that failed; says why."""
    stamp = build.dir / "options.txt"
    wanted = " ".join([build.cc, *build.options])
    log = LOGS / f"{build.name}-build.txt"
    if not stamp.exists() or stamp.read_text() != wanted:
        shutil.rmtree(build.dir, ignore_errors=True)
        if run([MESON, "setup", *build.options, str(build.dir)], log,
               env={"CC": build.cc}) != 0:
            return show_failure(build, "configure", log)
        stamp.write_text(wanted)
    if run(["ninja", "-C", str(build.dir)], log) != 0:
        return show_failure(build, "build", log)
    return True


def show_failure(build, what, log):
    lines = log.read_text(errors="replace").splitlines()
    first = next((i for i, line in enumerate(lines)
                  if line.startswith("FAILED: ")), max(len(lines) - 40, 0))
    say(f"{build.name}: could not {what}; from {log.relative_to(TOP)}:")
    say("\n".join(lines[first:first + 40]))
    return False


def meson_tests(build, suites, results):
    """Run the C tests of a build and count their rows."""
    command = [*build.prefix, MESON, "test", "-C", str(build.dir),
               "--no-rebuild", "--timeout-multiplier", str(build.slower)]
    for suite in suites:
        command += ["--suite", suite]
    report = build.dir / "meson-logs" / "testlog.json"
    report.unlink(missing_ok=True)
    status = run(command, LOGS / f"{build.name}-test.txt",
                 env={**SANITIZE, "CMOCKA_MESSAGE_OUTPUT": "TAP",
                      "MALLOC_PERTURB_": "85"})
    counted = tally.read_meson(report) if report.exists() else []
    if status != 0 and not any(r.outcome == tally.FAILED for r in counted):
        log = LOGS / f"{build.name}-test.txt"
        counted.append(tally.Row("meson test", tally.FAILED,
                                 log.read_text(errors="replace")[-2000:]))
    results.add(build.name, counted)


def python_tests(suite, results):
    """Run the Python tests of a folder against the plain build: a file on
    each processor, since they wait more than they compute."""
    folder = TOP / "tests" / suite
    if not any(folder.glob("test_*.py")):
        return
    xml = LOGS / f"{suite}-python.xml"
    xml.unlink(missing_ok=True)
    log = LOGS / f"{suite}-python.txt"
    status = run([PYTHON, "-m", "pytest", "-q", "-p",
                  "no:cacheprovider", "--timeout=180",
                  f"--numprocesses={os.cpu_count() or 1}", "--dist=loadfile",
                  f"--basetemp={OUT / 'tmp' / suite}", "-o",
                  "junit_family=xunit1", f"--junitxml={xml}", str(folder)],
                 log, show=True, timeout=1500,
                 env={"COUNTERSIGN_BUILD": str(OUT / "plain"),
                      "TMPDIR": str(OUT / "tmp"),
                      "PYTHONHASHSEED": "0",  # rows in one order for all
                      "PYTHONDONTWRITEBYTECODE": "1"})
    counted = tally.read_junit(xml) if xml.exists() else []
    if status != 0 and not any(r.outcome == tally.FAILED for r in counted):
        counted.append(tally.Row(f"pytest {suite}", tally.FAILED,
                                 log.read_text(errors="replace")[-2000:]))
    results.add("python", counted, show_details=False)


def suites_of(build_dir):
    """The suites a configured build has; meson minds one it does not know."""
    listing = subprocess.run(
        [MESON, "introspect", "--tests", str(build_dir)], check=True,
        stdout=subprocess.PIPE).stdout
    return tally.suite_names(listing)


def do_build(build, suites, results):
    started = time.monotonic()
    say(f"== {build.name}: {build.what}")
    if not compile_build(build):
        results.add(build.name, [tally.Row("build", tally.FAILED, "")])
        return False
    say(f"   built in {time.monotonic() - started:.0f} s; testing")
    present = suites_of(build.dir)
    chosen = [s for s in build.suites if s in present and s in suites]
    if chosen:
        started = time.monotonic()
        meson_tests(build, chosen, results)
        say(f"   {results.line(build.name)} in "
            f"{time.monotonic() - started:.0f} s")
    return True


def main():
    parser = argparse.ArgumentParser(prog="./test")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("suites", nargs="*", metavar="SUITE")
    args = parser.parse_args()
    known = [*C_SUITES, *(s for s in PY_SUITES if s not in C_SUITES)]
    for suite in args.suites:
        if suite not in known:
            parser.error(f"no suite '{suite}'; there are {' '.join(known)}")
    suites = args.suites or known

    LOGS.mkdir(parents=True, exist_ok=True)
    (OUT / "tmp").mkdir(exist_ok=True)
    lock = open(OUT / "test.lock", "w", encoding="ascii")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        parser.error("another ./test runs in this checkout")

    started = time.monotonic()
    results = tally.Results(say)
    for build in BUILDS:
        if build.name != "plain" and (
                args.quick or not set(build.suites) & set(suites)):
            continue
        built = do_build(build, suites, results)
        if build.name != "plain" or not built or args.quick:
            continue
        for suite in PY_SUITES:
            if suite in suites:
                say(f"== python: tests/{suite}")
                python_tests(suite, results)
    say(f"\nall of it took {time.monotonic() - started:.0f} s; "
        "logs are in build/log")
    return results.finish()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        say("\ninterrupted")
        sys.exit(130)
