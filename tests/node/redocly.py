"""Redocly's linter, as npm installs it here from `package.json`."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

NODE = Path(__file__).resolve().parent
INSTALL = "Node.js 20.19 or newer with npm (apt-get install nodejs npm; https://nodejs.org)"


def lint(*paths: Path, config: Path, require_engine: Callable[..., str]) -> list[dict[str, Any]]:
    """What the linter says of each document; it is installed first if need be, and the test is left out without Node.js."""
    node, npm = require_engine("node", install=INSTALL), require_engine("npm", install=INSTALL)
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    if tuple(int(part) for part in re.findall(r"\d+", version)[:2]) < (20, 19):
        pytest.skip(f"node {version.strip()} is too old for Redocly; install it with: {INSTALL}")
    environment = os.environ | {"REDOCLY_TELEMETRY": "off", "CI": "true"}
    if not (NODE / "node_modules").is_dir():
        done = subprocess.run([npm, "ci"], cwd=NODE, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            shutil.rmtree(NODE / "node_modules", ignore_errors=True)
            pytest.fail(f"npm ci failed: {done.stderr}")
    redocly, files = str(NODE / "node_modules" / ".bin" / "redocly"), [str(path) for path in paths]
    command = [redocly, "lint", "--format", "json", "--config", str(config), *files]
    done = subprocess.run(command, cwd=config.parent, env=environment, capture_output=True, text=True, check=False)
    found = list(_documents(done.stdout))
    assert len(found) == len(paths), done.stdout + done.stderr
    return found


def _documents(text: str) -> Iterator[dict[str, Any]]:
    """The JSON documents that stand one after another in a text."""
    while text := text.lstrip():
        found, end = json.JSONDecoder().raw_decode(text)
        yield found
        text = text[end:]
