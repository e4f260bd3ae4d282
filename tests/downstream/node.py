"""openapi-typescript and tsc, as npm installs them in the front-end example from its `package-lock.json`."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

FRONTEND = Path(__file__).resolve().parent / "frontend"
INSTALL = "Node.js 20 or newer with npm (apt-get install nodejs npm; https://nodejs.org)"


def node_modules(require_engine: Callable[..., str]) -> Path:
    """The folder with what is installed; it is installed first if need be, and the test is left out without Node.js."""
    require_engine("node", install=INSTALL)
    npm = require_engine("npm", install=INSTALL)
    folder = FRONTEND / "node_modules"
    with (FRONTEND / "package-lock.json").open() as held:  # tests run in several processes, and one of them installs
        fcntl.flock(held, fcntl.LOCK_EX)
        if not (folder / ".package-lock.json").is_file():  # which npm writes at its end
            command, environment = [npm, "ci", "--no-audit", "--no-fund"], os.environ | {"CI": "true"}
            done = subprocess.run(command, cwd=FRONTEND, env=environment, capture_output=True, text=True, check=False)
            if done.returncode:
                shutil.rmtree(folder, ignore_errors=True)
                pytest.fail(f"npm ci failed: {done.stderr}")
    return folder
