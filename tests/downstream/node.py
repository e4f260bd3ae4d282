"""openapi-typescript and tsc, as npm installs them in the front-end example from its `package-lock.json`."""

from __future__ import annotations

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
    if not folder.is_dir():
        command = [npm, "ci", "--no-audit", "--no-fund"]
        done = subprocess.run(command, cwd=FRONTEND, env=os.environ | {"CI": "true"}, capture_output=True, text=True, check=False)
        if done.returncode:
            shutil.rmtree(folder, ignore_errors=True)
            pytest.fail(f"npm ci failed: {done.stderr}")
    return folder
