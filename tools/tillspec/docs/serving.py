"""A server of a site on loopback, for whoever writes the contract: it is built anew as soon as a file changes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

_HOST = "127.0.0.1"
_TYPES = {".md": "text/markdown; charset=utf-8", ".txt": "text/plain; charset=utf-8", ".yaml": "application/yaml"}


class _Handler(SimpleHTTPRequestHandler):
    """Gives out files, and says nothing about it. Nothing is to be kept by a browser, since it changes."""

    extensions_map = SimpleHTTPRequestHandler.extensions_map | _TYPES

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        super().end_headers()

    def list_directory(self, path: Any) -> None:
        """A folder is no page."""
        self.send_error(404)

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are nothing to tell of."""


def server(folder: Path, port: int) -> ThreadingHTTPServer:
    """A server of the files in a folder, on loopback alone; port 0 takes a free one.

    Raises:
        OSError: the port is taken.
    """
    return ThreadingHTTPServer((_HOST, port), partial(_Handler, directory=str(folder)))


def watch(files: Callable[[], Iterable[Path]], changed: Callable[[], None], ended: threading.Event, every: float = 0.5) -> None:
    """Call `changed` whenever one of the files is another than before, until `ended` is set; look `every` so many seconds."""
    before = _stamps(files())
    while not ended.wait(every):
        now = _stamps(files())
        if now != before:
            changed()
            # a file that changed again meanwhile counts as it was before, so that this is seen as well
            before = {path: now.get(path, stamp) for path, stamp in _stamps(files()).items()}


def _stamps(files: Iterable[Path]) -> Mapping[Path, tuple[int, int]]:
    """What tells a file from what it was: its time and its size. What is not there has neither."""
    found = {}
    for file in files:
        members = sorted(file.iterdir()) if file.is_dir() else [file]
        for each in members:
            try:
                state = each.stat()
            except OSError:
                continue
            found[each] = state.st_mtime_ns, state.st_size
    return found
