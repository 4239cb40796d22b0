# SPDX-License-Identifier: MIT
"""Other people's clients: running them, and what they were answered."""
import os
import subprocess

TIMEOUT = 60


def run(*command, cwd=None, env=None, **keywords):
    """Run a client without the tester's own proxies, logins and settings."""
    clean = {name: value for name, value in os.environ.items()
             if not name.lower().endswith("_proxy")}
    clean["LC_ALL"] = "C.UTF-8"
    if cwd is not None:
        clean["HOME"] = str(cwd)
    clean.update(env or {})
    return subprocess.run([str(c) for c in command], cwd=cwd, env=clean,
                          text=True, capture_output=True, timeout=TIMEOUT,
                          check=False, **keywords)


def url(address, path="/", scheme="http"):
    return f"{scheme}://{address[0]}:{address[1]}{path}"
