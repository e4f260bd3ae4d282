"""The pictures of README: `make pictures` takes them, of the site, the hosted page and a report, in a real Chromium."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
from pathlib import Path

import httpx
from PIL import Image
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "spec" / "guide" / "pictures"
WIDTH, HEIGHT, COLOURS = 1100, 720, 96
ORDER = {
    "amount": 8900, "currency": "EUR", "successUrl": "https://shop.example/done", "cancelUrl": "https://shop.example/cart",
    "cartItems": [
        {"id": "mug", "name": "Mug", "price": 1500, "quantity": 2},
        {"id": "lamp", "name": "Lamp", "price": 5900, "quantity": 1},
    ],
    "metadata": {"merchantName": "Harbor Goods", "promoCode": {"enabled": True, "availableCodes": []}},
}  # fmt: skip


def take(page: Page, url: str, name: str) -> None:
    """Keep what a page shows first, in few colours."""
    page.goto(url)
    page.wait_for_load_state("networkidle")
    image = Image.open(io.BytesIO(page.screenshot()))
    PICTURES.mkdir(parents=True, exist_ok=True)
    image.convert("RGB").quantize(COLOURS).save(PICTURES / f"{name}.png", optimize=True)


def hosted() -> str:
    """The page of a new session of the sandbox that runs."""
    url, profile = os.environ["TILLSPEC_SANDBOX_URL"], os.environ["TILLSPEC_SANDBOX_PROFILE"]
    key = next(
        line.split('"')[1] for line in Path(profile).read_text(encoding="utf-8").splitlines() if line.startswith("VinrApiKey")
    )
    made = httpx.post(f"{url}/checkout/session", json=ORDER, headers={"X-Api-Key": key})
    return str(made.raise_for_status().json()["checkoutUrl"])


def main() -> None:
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("no Chromium; run: apt-get install chromium")
    tillspec = [sys.executable, "-m", "tillspec"]
    report = ROOT / "verify-report.html"
    url, profile = os.environ["TILLSPEC_SANDBOX_URL"], os.environ["TILLSPEC_SANDBOX_PROFILE"]
    subprocess.run([*tillspec, "docs", "build", "--out", str(ROOT / "site"), "--sandbox", url], check=True, cwd=ROOT)
    verify = ["verify", "--url", url, "--profile", profile, "--no-random", "--surface", "vinr", "--html", str(report)]
    subprocess.run([*tillspec, *verify], check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        take(page, (ROOT / "site/operations/create-vinr-session.html").as_uri(), "docs")
        take(page, hosted(), "hosted")
        take(page, report.as_uri(), "verify")
        browser.close()


if __name__ == "__main__":
    main()
