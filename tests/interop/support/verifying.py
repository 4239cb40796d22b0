# SPDX-License-Identifier: MIT
"""Running `countersign verify`."""
import json
import subprocess

from support.fetching import PROGRAM, clean_env

OK, FAILED, USAGE, LOGIN = 0, 1, 2, 67


class Report:
    """One run: the exit code, and what --json said."""

    def __init__(self, done):
        self.code = done.returncode
        self.text = done.stdout.decode()
        self.err = done.stderr.decode(errors="replace")
        self.json = json.loads(self.text) if self.text.startswith("{") \
            else None

    @property
    def checks(self):
        return {check["name"]: check for check in self.json["checks"]}

    def named(self, *verdicts):
        """Names of the checks that ended so."""
        return {name for name, check in self.checks.items()
                if check["verdict"] in verdicts}

    def said(self, *verdicts):
        """{name: text} of them, for messages."""
        return {name: check["text"] for name, check in self.checks.items()
                if check["verdict"] in verdicts}

    def __repr__(self):
        return f"<{self.code} {self.text} {self.err}>"


def run(*options, user=None, proxy_user=None, **keywords):
    """Run to the end; logins (USER:PASSWORD) by the environment."""
    env = {}
    if user is not None:
        env["COUNTERSIGN_USER"] = user
    if proxy_user is not None:
        env["COUNTERSIGN_PROXY_USER"] = proxy_user
    return Report(subprocess.run(
        [str(PROGRAM), "verify", *map(str, options)], env=clean_env(**env),
        stdin=subprocess.DEVNULL, capture_output=True,
        timeout=keywords.pop("timeout", 60), check=False, **keywords))


def verify(*options, **keywords):
    """The same as JSON."""
    return run("--json", *options, **keywords)


def listed():
    """All checks, in their order."""
    return run("--list", "--json").json["checks"]
