"""The viewers that the site is measured beside, each as a page of its own, as its makers tell to make one."""

from __future__ import annotations

import base64
import hashlib
import shutil
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path

from .measure import ROOT

FOLDER = ROOT / ".venv" / "rivals" / "viewers"
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>API</title>
<link rel="icon" href="data:,">
{head}</head>
<body>
{body}
</body>
</html>
"""


@dataclass(frozen=True)
class Viewer:
    """A package of npm, what of it a page needs, and the page's body, which reads `openapi.json` beside it."""

    title: str
    package: str
    version: str
    integrity: str
    """The digest of the package, as npm's lock files write it."""
    files: tuple[str, ...]
    body: str

    @property
    def name(self) -> str:
        return f"{self.title} {self.version}"

    @property
    def home(self) -> Path:
        return FOLDER / f"{self.package.rpartition('/')[2]}-{self.version}"

    def page(self) -> str:
        sheets = [f'<link rel="stylesheet" href="{Path(file).name}">\n' for file in self.files if file.endswith(".css")]
        return PAGE.format(head="".join(sheets), body=self.body)


VIEWERS = (
    Viewer(
        "Redoc",
        "redoc",
        "2.5.4",
        "sha512-M6jWhG1qoBnH6TFmzJnstyCZ87HmOY/UzDm78mHiYihEdlV/YcS9ogOo1NlElnJMeLsyxHFe2yFc4sNjHTrABQ==",
        ("bundles/redoc.standalone.js",),
        '<redoc spec-url="openapi.json"></redoc>\n<script src="redoc.standalone.js"></script>',
    ),
    Viewer(
        "Swagger UI",
        "swagger-ui-dist",
        "5.35.0",
        "sha512-U06rpMtW9V3XPGOBeamTUSr0Z09jMX4IJuANpE/EZbAhw0G8CgwrzU4YmXkn/h0wCDNsXdGarTNNHC3sU8yVUQ==",
        ("swagger-ui.css", "swagger-ui-bundle.js"),
        '<div id="swagger-ui"></div>\n<script src="swagger-ui-bundle.js"></script>\n'
        '<script>SwaggerUIBundle({url: "openapi.json", dom_id: "#swagger-ui"})</script>',
    ),
    Viewer(
        "Scalar",
        "@scalar/api-reference",
        "1.76.0",
        "sha512-pjqwnzmA9YK3ZX+IZSICMsywm4qI6HLSngR2py9H6TvFApHHuJjkTAd+gFJfnqJDzJuro8k7ji6JCtJ2U+Byng==",
        ("dist/browser/standalone.js",),
        '<div id="app"></div>\n<script src="standalone.js"></script>\n'
        '<script>Scalar.createApiReference("#app", {url: "openapi.json"})</script>',
    ),
)


def install(viewer: Viewer) -> str | None:
    """What is missing for a viewer; gets its files from npm where they are not there yet.

    Only the package itself: its files for the browser have all they need in them, and no script of a package is run.
    """
    folder = viewer.home
    if all((folder / file).is_file() for file in viewer.files):
        return None
    if not shutil.which("npm"):
        return "npm not found; on Debian: apt-get install npm"
    folder.mkdir(parents=True, exist_ok=True)
    command = ["npm", "pack", "--silent", f"{viewer.package}@{viewer.version}"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        return f"npm could not get {viewer.package}: {done.stderr.strip()[-300:]}"
    archive = folder / done.stdout.split()[-1]
    found = "sha512-" + base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if found != viewer.integrity:
        archive.unlink()
        return f"{viewer.package}@{viewer.version} is not what was measured before: {found}"
    with tarfile.open(archive) as opened:
        for file in viewer.files:
            member = opened.getmember(f"package/{file}")
            member.name = file
            opened.extract(member, folder, filter="data")
    archive.unlink()
    return None


def lay_out(viewer: Viewer, document: Path, folder: Path) -> None:
    """Puts the viewer's page, its files and the document into a new folder."""
    folder.mkdir()
    for file in viewer.files:
        shutil.copy(viewer.home / file, folder)
    shutil.copy(document, folder / "openapi.json")
    (folder / "index.html").write_text(viewer.page(), encoding="utf-8")
