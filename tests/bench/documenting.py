"""The site beside the viewers of others: what a browser fetches before the first words, and how long that takes it.

One run of one Chromium, cold caches, 1.6 Mbit/s with 150 ms of latency, a CPU four times slower; every file is compressed
by the same server, and each viewer reads the same contract from it. The first text is the title of the API, painted.
"""

from __future__ import annotations

import gzip
import json
import shutil
import statistics
import subprocess
import sys
import tarfile
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from bench.measure import ROOT, STRIPE, TILLSPEC, heading

CACHE = ROOT / ".cache" / "viewers"
ROUNDS = 3
NETWORK = {"offline": False, "latency": 150, "downloadThroughput": 1_600_000 / 8, "uploadThroughput": 750_000 / 8}
SLOWER = 4
TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".json": "application/json"}
PACKAGES = {
    "Redoc 2": ("redoc@2.5.4", ("package/bundles/redoc.standalone.js",)),
    "Redoc 3": ("redoc@3.0.1", ("package/bundles/redoc.standalone.js",)),
    "Swagger UI": ("swagger-ui-dist@5.35.0", ("package/swagger-ui-bundle.js", "package/swagger-ui.css")),
    "Scalar": ("@scalar/api-reference@1.76.0", ("package/dist/browser/standalone.js",)),
}
_HEAD = "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'><title>API</title>"
PAGES = {
    "Redoc 2": "<body><redoc spec-url=openapi.json></redoc><script src=redoc.standalone.js></script>",
    "Redoc 3": "<body><redoc spec-url=openapi.json disable-telemetry=true></redoc>"
    "<script type=module src=redoc.standalone.js></script>",
    "Swagger UI": "<link rel=stylesheet href=swagger-ui.css><body><div id=ui></div><script src=swagger-ui-bundle.js></script>"
    "<script>SwaggerUIBundle({url: 'openapi.json', dom_id: '#ui'})</script>",
    "Scalar": "<body><div id=app></div><script src=standalone.js></script><script>Scalar.createApiReference('#app', "
    "{url: 'openapi.json', withDefaultFonts: false, telemetry: false})</script>",
}
Reading = tuple[int, float]
"""Bytes, and seconds."""
PATIENCE = 120
"""Seconds after which a viewer counts as having shown nothing."""
_SEEN = """title => {
  const painted = performance.getEntriesByName("first-contentful-paint")[0];
  if (painted && document.body && document.body.innerText.includes(title)) {
    return Math.max(painted.startTime, window.later ? performance.now() : 0);
  }
  window.later ||= Boolean(painted);
  return null;
}"""


def main() -> None:
    """Run in the environment that has a browser, whatever this one is."""
    heading(
        "Docs: first page, fetched and read",
        "a tenth of the bytes of Swagger UI and Redoc; half the time of the best",
    )
    done = subprocess.run([TILLSPEC / "python", "-m", "bench.documenting"], cwd=ROOT / "tests", check=False)
    if done.returncode:
        sys.exit(f"the measurement of docs failed with {done.returncode}")


def measure() -> None:
    """Print what was measured, for our contract and for Stripe's."""
    print(f"  Chromium, {', '.join(package for package, _ in PACKAGES.values())}, medians of {ROUNDS}")
    for spec in (ROOT / "spec/openapi.yaml", *([STRIPE] if STRIPE.is_file() else [])):
        print(f"  {'Stripe' if spec == STRIPE else 'our contract'}", flush=True)
        with tempfile.TemporaryDirectory() as folder:
            title = _prepare(spec, Path(folder))
            with _served(Path(folder)) as base:
                for name in ("ours", *PAGES):
                    _tell(name, [_apart(f"{base}/{quote(name)}/", title) for _ in range(ROUNDS)])


def _apart(url: str, title: str) -> Reading | None:
    """Read a page in a process of its own, which can be ended though the page does not let go of its browser."""
    command = [sys.executable, "-m", "bench.documenting", url, title]
    try:
        done = subprocess.run(command, cwd=ROOT / "tests", stdout=subprocess.PIPE, timeout=PATIENCE, check=True)
    except subprocess.TimeoutExpired:
        return None
    size, seconds = json.loads(done.stdout)
    return int(size), float(seconds)


def _tell(name: str, rows: list[Reading | None]) -> None:
    known = [row for row in rows if row is not None]
    if len(known) < len(rows):
        print(f"    {name:12} no text in {PATIENCE} s", flush=True)
        return
    size, seconds = max(size for size, _ in known), statistics.median(seconds for _, seconds in known)
    print(f"    {name:12} {size / 1000:8.1f} kB   {seconds:6.2f} s to the first text", flush=True)


def _prepare(spec: Path, folder: Path) -> str:
    """A folder for the site, and one for each viewer; the title of the API."""
    subprocess.run(
        [TILLSPEC / "tillspec", "docs", "build", "--spec", spec, "--out", folder / "ours"], check=True, capture_output=True
    )
    document = (folder / "ours/openapi.json").read_bytes()
    for name, page in PAGES.items():
        (folder / name).mkdir()
        (folder / name / "index.html").write_text(_HEAD + page)
        (folder / name / "openapi.json").write_bytes(document)
        for file in _fetched(name):
            shutil.copy(file, folder / name)
    return str(json.loads(document)["info"]["title"])


def _fetched(name: str) -> list[Path]:
    """The files of a viewer, as npm has them."""
    package, members = PACKAGES[name]
    folder = CACHE / name
    if not all((folder / member).is_file() for member in members):
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["npm", "pack", package, "--silent"], cwd=folder, check=True, capture_output=True)
        (archive,) = folder.glob("*.tgz")
        with tarfile.open(archive) as opened:
            for member in members:
                opened.extract(member, folder, filter="data")
    return [folder / member for member in members]


@contextmanager
def _served(folder: Path) -> Iterator[str]:
    @cache
    def compressed(path: Path) -> bytes:
        return gzip.compress(path.read_bytes(), 6)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            name = unquote(self.path.partition("?")[0].lstrip("/"))
            path = folder / (f"{name}index.html" if name.endswith("/") else name)
            if not path.is_file():
                self.send_error(404)
                return
            data = compressed(path)
            self.send_response(200)
            self.send_header("Content-Type", TYPES.get(path.suffix, "application/octet-stream"))
            self.send_header("Content-Encoding", "gzip")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def read(url: str, title: str) -> None:
    """Print how many bytes a page fetches up to a moment after its first text, and after how many seconds that is there."""
    from playwright.sync_api import sync_playwright

    program = shutil.which("chromium") or sys.exit("chromium is not there; install it with: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, chromium_sandbox=False)
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        page = context.new_page()
        session, total = context.new_cdp_session(page), [0]
        session.send("Network.enable")
        session.send("Network.emulateNetworkConditions", NETWORK)
        session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
        session.on("Network.loadingFinished", lambda event: total.__setitem__(0, total[0] + int(event["encodedDataLength"])))
        page.goto(url, wait_until="commit")
        milliseconds = page.wait_for_function(_SEEN, arg=title, timeout=PATIENCE * 1000, polling="raf").json_value()
        page.wait_for_timeout(1500)
        print(json.dumps([total[0], milliseconds / 1000]), flush=True)
        browser.close()


if __name__ == "__main__":
    read(*sys.argv[1:]) if len(sys.argv) > 1 else measure()
