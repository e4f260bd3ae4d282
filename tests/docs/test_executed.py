"""Every sample of the site, and every example of a request in it, is sent to the sandbox as it stands and is accepted."""

from __future__ import annotations

import os
import re
import subprocess
from html import unescape
from pathlib import Path

import pytest

from docs.live import calls, environment, live, objects, texts
from docs.running import MARK, RequireEngine, run
from tillspec.api.model import Api
from tillspec.docs.samples.all import LANGUAGES, Samples
from tillspec.docs.samples.curl import curl
from tillspec.sandbox.testing import CheckoutSandbox


def test_the_site_shows_the_samples_that_are_executed(site: Path, api: Api) -> None:
    pages = {path.stem: path.read_text() for path in (site / "operations").glob("*.html")}
    for language in LANGUAGES:
        for operation, text in texts(api, language, str).items():
            page = pages[re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", operation).lower()]
            shown = re.search(
                rf'data-language="{language}"[^>]*><summary>[^<]+</summary><pre[^>]*><code>(.*?)</code>', page, re.DOTALL
            )
            assert shown and unescape(shown[1]) == text, (operation, language)


def test_every_example_of_a_request_is_accepted(
    checkout_sandbox: CheckoutSandbox, api: Api, require_engine: RequireEngine
) -> None:
    require_engine("curl", install="apt-get install curl")
    env = os.environ | environment(checkout_sandbox)
    samples, sent = Samples(api, "checkout_api"), 0
    made = objects(checkout_sandbox, api)
    for operation in calls(api):
        contents = operation.body.contents if operation.body else ()
        for example in contents[0].examples if contents else (None,):
            text = (
                live(curl(samples.request(operation, example)), made)
                + " --silent --show-error --output /dev/null --write-out '%{http_code}'"
            )
            done = subprocess.run(["sh", "-c", text], env=env, capture_output=True, text=True, check=False)
            name = operation.id, example.name if example else ""
            assert re.fullmatch(r"2\d\d", done.stdout), (name, done.stdout, done.stderr)
            sent += 1
    assert sent >= 30


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sample_is_accepted(
    language: str, checkout_sandbox: CheckoutSandbox, api: Api, tmp_path: Path, require_engine: RequireEngine
) -> None:
    made = objects(checkout_sandbox, api)
    scripts = texts(api, language, lambda text: live(text, made))
    done = run(language, scripts, tmp_path, environment(checkout_sandbox), require_engine)
    outputs = done.stdout.split(f"{MARK}\n")[1:]
    assert len(outputs) == len(scripts), done.stdout[-2000:] + done.stderr
    for operation, output in zip(scripts, outputs, strict=True):
        # the client of Python raises what is no success; the others print the status, first or last
        assert language == "python" or re.match(r"2\d\d\b", output) or re.search(r"(^|\n)2\d\d$", output.strip()), (
            operation,
            output,
        )
    assert done.returncode == 0, done.stderr


def test_the_samples_of_python_use_the_generated_client(api: Api) -> None:
    scripts = texts(api, "python", str)
    assert [name for name, text in scripts.items() if "from checkout_api.client import" not in text] == []
