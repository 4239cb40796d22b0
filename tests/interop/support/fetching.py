# SPDX-License-Identifier: MIT
"""Running `countersign fetch`."""
import json
import os
import pathlib
import subprocess

TOP = pathlib.Path(__file__).resolve().parents[3]
BUILD = pathlib.Path(os.environ.get("COUNTERSIGN_BUILD", TOP / "build/plain"))
PROGRAM = BUILD / "tools" / "countersign"

OK, USAGE, HTTP, LOGIN, PROOF = 0, 2, 22, 67, 90


def clean_env(**more):
    """An environment without proxies and logins."""
    env = {k: v for k, v in os.environ.items()
           if not k.lower().endswith("_proxy")
           and not k.startswith("COUNTERSIGN_")}
    env["LC_ALL"] = "C.UTF-8"
    env.update(more)
    return env


class Done:
    """What a run left behind; `report` is its JSON."""

    def __init__(self, done, report):
        self.code = done.returncode
        self.out = done.stdout
        self.err = done.stderr.decode(errors="replace")
        self.report = report

    @property
    def first(self):
        return self.report["transfers"][0]

    def __repr__(self):
        return f"<{self.code} {self.out[:200]!r} {self.err}>"


def fetch(*args, env=None, stdin=b"", timeout=60, report=None, check=None):
    """Run it. `report`: a path for --report; `check`: the code it must end
    with."""
    command = [str(PROGRAM), "fetch", *map(str, args)]
    if report is not None:
        command += ["--report", str(report)]
    done = subprocess.run(command, input=stdin, capture_output=True,
                          env=clean_env(**(env or {})), timeout=timeout,
                          check=False)
    made = None
    if report is not None and pathlib.Path(report).exists():
        made = json.loads(pathlib.Path(report).read_text("utf-8"))
    done = Done(done, made)
    if check is not None:
        assert done.code == check, done
    return done
