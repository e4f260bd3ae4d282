"""Every sample of the site, and every example of a request in it, is sent to the sandbox as it stands and is accepted."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from html import unescape
from pathlib import Path

from docs.live import calls, environment, live, objects, texts
from tillspec.api.model import Api
from tillspec.docs.samples.all import LANGUAGES, Samples
from tillspec.docs.samples.curl import curl
from tillspec.sandbox.testing import CheckoutSandbox

RequireEngine = Callable[..., str]
ROOT = Path(__file__).resolve().parents[2]


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


def test_python(checkout_sandbox: CheckoutSandbox, api: Api, tmp_path: Path) -> None:
    made = objects(checkout_sandbox, api)
    scripts = texts(api, "python", lambda text: live(text, made))
    assert sum("from checkout_api.client import" in text for text in scripts.values()) == len(scripts)
    (tmp_path / "samples.json").write_text(json.dumps(scripts))
    runner = (
        "import json, sys\n"
        "for name, text in json.load(open('samples.json')).items():\n"
        "    print('##', name)\n"
        "    exec(compile(text, name, 'exec'), {})\n"
    )
    path = os.pathsep.join([str(ROOT / "generated/python"), os.environ.get("PYTHONPATH", "")])
    env = os.environ | environment(checkout_sandbox) | {"PYTHONPATH": path}
    done = subprocess.run([sys.executable, "-c", runner], cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-500:] + done.stderr
    assert done.stdout.count("## ") == len(scripts)


def test_javascript(checkout_sandbox: CheckoutSandbox, api: Api, tmp_path: Path, require_engine: RequireEngine) -> None:
    node = require_engine("node", install="apt-get install nodejs")
    made = objects(checkout_sandbox, api)
    scripts = texts(api, "javascript", lambda text: live(text, made))
    lines = []
    for name, text in scripts.items():
        (tmp_path / f"{name}.mjs").write_text(text)
        lines.append(f'console.log("##"); await import("./{name}.mjs");')
    (tmp_path / "all.mjs").write_text("\n".join(lines))
    done = _run([node, "all.mjs"], tmp_path, checkout_sandbox)
    assert _statuses(done.stdout) == len(scripts), done.stdout + done.stderr


def test_java(checkout_sandbox: CheckoutSandbox, api: Api, tmp_path: Path, require_engine: RequireEngine) -> None:
    javac, java = (require_engine(name, install="apt-get install default-jdk-headless") for name in ("javac", "java"))
    made = objects(checkout_sandbox, api)
    scripts = texts(api, "java", lambda text: live(text, made))
    lines = []
    for number, text in enumerate(scripts.values()):
        assert "public class Sample {" in text
        (tmp_path / f"Sample{number}.java").write_text(text.replace("public class Sample {", f"public class Sample{number} {{"))
        lines.append(f'System.out.println("##"); Sample{number}.main(arguments);')
    body = "\n".join(lines)
    (tmp_path / "All.java").write_text(
        f"class All {{ public static void main(String[] arguments) throws Exception {{ {body} }} }}"
    )
    compiled = subprocess.run(
        [javac, *map(str, tmp_path.glob("*.java"))], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert compiled.returncode == 0, compiled.stderr
    done = _run([java, "-cp", str(tmp_path), "All"], tmp_path, checkout_sandbox)
    assert _statuses(done.stdout) == len(scripts), done.stdout + done.stderr


def test_php(checkout_sandbox: CheckoutSandbox, api: Api, tmp_path: Path, require_engine: RequireEngine) -> None:
    php = require_engine("php", install="apt-get install php-cli php-curl")
    made = objects(checkout_sandbox, api)
    for name, text in texts(api, "php", lambda text: live(text, made)).items():
        (tmp_path / "sample.php").write_text(text)
        done = _run([php, "sample.php"], tmp_path, checkout_sandbox)
        assert re.match(r"2\d\d ", done.stdout), (name, done.stdout, done.stderr)


def test_go(checkout_sandbox: CheckoutSandbox, api: Api, tmp_path: Path, require_engine: RequireEngine) -> None:
    go = require_engine("go", install="apt-get install golang-go")
    made = objects(checkout_sandbox, api)
    scripts = texts(api, "go", lambda text: live(text, made))
    lines = []
    for number, text in enumerate(scripts.values()):
        assert text.startswith("package main\n") and text.count("func main() {") == 1
        (tmp_path / f"sample{number}.go").write_text(text.replace("func main() {", f"func sample{number}() {{"))
        lines.append(f'fmt.Println("##"); sample{number}()')
    body = "\n".join(lines)
    (tmp_path / "all.go").write_text(f'package main\nimport "fmt"\nfunc main() {{\n{body}\n}}\n')
    (tmp_path / "go.mod").write_text("module samples\n")
    done = _run([go, "run", "."], tmp_path, checkout_sandbox)
    assert _statuses(done.stdout) == len(scripts), done.stdout + done.stderr


def _run(command: list[str], folder: Path, sandbox: CheckoutSandbox) -> subprocess.CompletedProcess[str]:
    env = os.environ | environment(sandbox)
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, errors="replace", check=False)


def _statuses(output: str) -> int:
    """How many samples printed a success; one that did not is left out."""
    return len(re.findall(r"^##\n2\d\d\b", output, re.MULTILINE))
