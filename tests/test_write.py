"""What a run does to the output folder: all of it or nothing, the same bytes everywhere, and nothing of the user's lost."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from helpers import Tillspec, snapshot
from tillspec.write import plan as writing

CONTRACT = """\
openapi: 3.1.0
info:
  title: Pet shop
  version: 1.0.0
tags:
  - name: Pets
  - name: Orders
security:
  - Key: []
paths:
  /pets/{id}:
    get:
      operationId: getPet
      tags: [Pets]
      x-behavior: {surface: shop}
      parameters:
        - {name: id, in: path, required: true, schema: {type: integer}}
      responses:
        '200':
          description: The pet.
          content:
            application/json:
              schema:
                $ref: '#/components/schemas/Pet'
        '404':
          $ref: '#/components/responses/NotFound'
  /orders:
    post:
      operationId: createOrder
      tags: [Orders]
      x-behavior: {surface: till}
      requestBody:
        required: true
        content:
          application/json:
            schema:
              $ref: '#/components/schemas/Order'
      responses:
        '201':
          description: The order was made.
webhooks:
  petSold:
    post:
      operationId: petSold
      tags: [Events]
      x-behavior: {surface: till}
      requestBody:
        content:
          application/json:
            schema:
              $ref: '#/components/schemas/Order'
      responses:
        '204':
          description: Thank you.
components:
  securitySchemes:
    Key: {type: apiKey, in: header, name: X-Key}
  responses:
    NotFound:
      description: There is no such pet.
      content:
        application/json:
          schema:
            $ref: '#/components/schemas/Problem'
  schemas:
    Pet:
      type: object
      required: [id]
      properties:
        id: {type: integer}
        owner: {$ref: '#/components/schemas/Owner'}
    Owner:
      type: object
      properties:
        name: {type: string}
        pets: {type: array, items: {$ref: '#/components/schemas/Pet'}}
    Order:
      type: object
      required: [pet]
      properties:
        pet: {type: integer}
    Problem:
      type: object
      properties:
        code: {type: string}
"""
COMMAND = ("generate", "--spec", "openapi.yaml", "--out", "out", "--package", "shop_api")
ORDERS = "out/python/shop_api/server/orders.py"
MODELS = "out/python/shop_api/models.py"


@pytest.fixture(scope="session")
def generated(tmp_path_factory: pytest.TempPathFactory, tillspec_process: Tillspec) -> Path:
    """A project whose output is fresh; not to be changed."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "openapi.yaml").write_text(CONTRACT)
    done = tillspec_process(*COMMAND, cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    return folder


@pytest.fixture
def project(generated: Path, tmp_path: Path) -> Path:
    """A project of one's own whose output is fresh."""
    return Path(shutil.copytree(generated, tmp_path / "project"))


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def times(folder: Path) -> dict[str, int]:
    return {path.relative_to(folder).as_posix(): path.stat().st_mtime_ns for path in folder.rglob("*")}


# -- a run ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "told"),
    [((), "out: up to date\n"), (("--handlers", "src"), " unchanged (")],
    ids=["by the lock", "by comparing"],
)
def test_a_run_with_nothing_to_do_touches_nothing(project: Path, tillspec: Tillspec, more: tuple[str, ...], told: str) -> None:
    before = times(project / "out")
    done = tillspec(*COMMAND, *more, cwd=project)
    assert done.returncode == 0
    assert told in done.stdout
    assert times(project / "out") == before


def test_what_has_not_changed_is_not_touched(project: Path, tillspec: Tillspec) -> None:
    before = times(project / "out")
    change(project / "openapi.yaml", "The order was made.", "The order was taken.")
    assert tillspec(*COMMAND, cwd=project).returncode == 0
    after = times(project / "out")
    changed = {path for path in after if path.endswith((".py", ".json", ".lock")) and after[path] != before[path]}
    responses = "python/shop_api/responses.py"
    assert {responses, "openapi.json", "tillspec.lock"} <= changed
    assert "python/shop_api/models.py" not in changed
    assert "taken" in (project / "out" / responses).read_text()


@pytest.mark.parametrize("more", [("--package", "pet_api"), ("--only", "models"), ("--surface", "shop")])
def test_another_configuration_is_another_output(project: Path, tillspec: Tillspec, more: tuple[str, ...]) -> None:
    done = tillspec(*COMMAND, *more, cwd=project)
    assert (done.returncode, "up to date" in done.stdout) == (0, False)
    assert not (project / ORDERS).exists()


def test_the_same_bytes_everywhere(generated: Path, tmp_path: Path, tillspec_process: Tillspec) -> None:
    elsewhere = tmp_path / "a place with spaces" / "deep"
    elsewhere.mkdir(parents=True)
    (elsewhere / "openapi.yaml").write_text(CONTRACT)
    command = ("generate", "--spec", str(elsewhere / "openapi.yaml"), "--out", "made/here", "--package", "shop_api")
    other = {"PYTHONHASHSEED": "4711", "TZ": "Asia/Tokyo", "LC_ALL": "C", "PYTHONUTF8": "0", "COLUMNS": "40"}
    done = tillspec_process(*command, cwd=tmp_path, **other)
    assert (done.returncode, done.stderr) == (0, "")
    assert snapshot(tmp_path / "made" / "here") == snapshot(generated / "out")


def test_what_nothing_makes_any_more_is_removed(project: Path, tillspec: Tillspec) -> None:
    for path in (ORDERS, "out/python/shop_api/client/orders.py"):
        assert (project / path).exists()
    change(project / "openapi.yaml", "tags: [Orders]", "tags: [Pets]")
    change(project / "openapi.yaml", "  - name: Orders\n", "")
    done = tillspec(*COMMAND, cwd=project)
    assert f"removed {ORDERS}" in done.stdout
    assert not (project / ORDERS).exists()


def test_a_folder_that_has_become_empty_is_removed_with_its_caches(project: Path, tillspec: Tillspec) -> None:
    cache = project / "out/python/shop_api/client/__pycache__"
    cache.mkdir()
    (cache / "orders.cpython-311.pyc").write_bytes(b"")
    assert tillspec(*COMMAND, "--only", "server", cwd=project).returncode == 0
    assert not (project / "out/python/shop_api/client").exists()
    assert (project / "out/python/shop_api/server").exists()


# -- the user's own -------------------------------------------------------------------------------------------------------


def test_an_edited_file_is_refused_and_overwritten_by_force(project: Path, tillspec: Tillspec) -> None:
    fresh = (project / MODELS).read_text()
    change(project / MODELS, "class Order(", "class MyOrder(")
    edited = snapshot(project)
    done = tillspec(*COMMAND, cwd=project)
    assert done.returncode == 1
    assert f"{MODELS} was edited by hand" in done.stderr
    assert snapshot(project) == edited
    assert tillspec(*COMMAND, "--force", cwd=project).returncode == 0
    assert (project / MODELS).read_text() == fresh


def test_an_edit_that_the_contract_would_remove_is_refused_too(project: Path, tillspec: Tillspec) -> None:
    change(project / ORDERS, "class Orders", "# my notes\nclass Orders")
    done = tillspec(*COMMAND, "--only", "models", cwd=project)
    assert f"{ORDERS} was edited by hand" in done.stderr
    assert "# my notes" in (project / ORDERS).read_text()


def test_force_spares_foreign_files(project: Path, tillspec: Tillspec) -> None:
    (project / "out" / "notes.md").write_text("mine")
    change(project / "openapi.yaml", "The order was made.", "The order was taken.")
    done = tillspec(*COMMAND, "--force", cwd=project)
    assert done.returncode == 1
    assert "out/notes.md was not generated" in done.stderr
    assert (project / "out" / "notes.md").read_text() == "mine"


def test_a_broken_lock_is_written_anew_by_force(project: Path, tillspec: Tillspec) -> None:
    lock = project / "out" / "tillspec.lock"
    fresh = lock.read_bytes()
    lock.write_bytes(b"<<<<<<< HEAD\n" + fresh)
    assert tillspec(*COMMAND, cwd=project).returncode == 1
    assert tillspec(*COMMAND, "--force", cwd=project).returncode == 0
    assert lock.read_bytes() == fresh


def test_handlers_are_made_once_and_never_touched_again(project: Path, tillspec: Tillspec) -> None:
    scaffold = (*COMMAND, "--handlers", "src")
    first = tillspec(*scaffold, cwd=project)
    assert "yours from now on: src/app.py" in first.stdout
    made = snapshot(project / "src")
    assert {"app.py", "handlers/pets.py", "handlers/orders.py"} <= made.keys()
    (project / "src/handlers/pets.py").write_text("# all mine\n")
    (project / "src/app.py").unlink()
    change(project / "openapi.yaml", "tags: [Orders]", "tags: [Sales]")
    second = tillspec(*scaffold, "--force", cwd=project)
    assert second.returncode == 0
    after = snapshot(project / "src")
    assert after["handlers/pets.py"] == b"# all mine\n"
    assert after["handlers/orders.py"] == made["handlers/orders.py"]
    assert after.keys() - made.keys() == {"handlers/sales.py"}
    assert "src/app.py" in second.stdout


def test_handlers_that_cannot_be_written_stop_the_rest(tmp_path: Path, tillspec: Tillspec) -> None:
    (tmp_path / "openapi.yaml").write_text(CONTRACT)
    (tmp_path / "src").write_text("a file")
    before = snapshot(tmp_path)
    done = tillspec(*COMMAND, "--handlers", "src", cwd=tmp_path)
    assert done.returncode == 1
    assert "nothing was written" in done.stderr
    assert snapshot(tmp_path) == before


# -- check ----------------------------------------------------------------------------------------------------------------


def check(project: Path, tillspec: Tillspec) -> subprocess.CompletedProcess[str]:
    """`--check`, which never writes."""
    before = snapshot(project)
    done = tillspec(*COMMAND, "--check", cwd=project)
    assert snapshot(project) == before
    return done


def test_check_passes_on_what_is_fresh(project: Path, tillspec: Tillspec) -> None:
    done = check(project, tillspec)
    files = sum(data is not None for data in snapshot(project / "out").values())
    assert (done.returncode, done.stdout, done.stderr) == (0, f"out: {files} files are what the contract says\n", "")


def edit_a_file(project: Path) -> None:
    change(project / MODELS, "class Order(", "class MyOrder(")


def change_the_contract(project: Path) -> None:
    change(project / "openapi.yaml", "The order was made.", "The order was taken.")


def lose_a_file(project: Path) -> None:
    (project / MODELS).unlink()


def drop_a_tag(project: Path) -> None:
    change(project / "openapi.yaml", "tags: [Orders]", "tags: [Pets]")
    change(project / "openapi.yaml", "  - name: Orders\n", "")


MEND = "To mend it, run: tillspec generate --spec openapi.yaml --out out --package shop_api"


@pytest.mark.parametrize(
    ("spoil", "told", "command"),
    [
        (edit_a_file, f"edited by hand: {MODELS}\n", f"{MEND} --force\n"),
        (change_the_contract, "out of date: out/python/shop_api/responses.py\n", f"{MEND}\n"),
        (lose_a_file, f"missing: {MODELS}\n", f"{MEND}\n"),
        (drop_a_tag, f"stale: nothing makes it any more: {ORDERS}\n", f"{MEND}\n"),
    ],
)
def test_check_fails_and_names_the_command_that_mends_it(
    project: Path, tillspec: Tillspec, spoil: Callable[[Path], None], told: str, command: str
) -> None:
    spoil(project)
    done = check(project, tillspec)
    assert done.returncode == 1
    assert told in done.stdout
    assert done.stderr.endswith(command)
    assert tillspec(*done.stderr.split("run: tillspec ")[1].split(), cwd=project).returncode == 0
    assert check(project, tillspec).returncode == 0


def test_check_shows_what_differs(project: Path, tillspec: Tillspec) -> None:
    change_the_contract(project)
    shown = check(project, tillspec).stdout
    assert '-    """The order was made."""\n+    """The order was taken."""\n' in shown


def test_check_fails_for_a_foreign_file_which_no_command_mends(project: Path, tillspec: Tillspec) -> None:
    (project / "out" / "notes.md").write_text("mine")
    done = check(project, tillspec)
    assert done.returncode == 1
    assert done.stdout == "foreign: out/notes.md was not generated; move it away\n"
    assert "run:" not in done.stderr


def test_check_fails_when_it_compared_nothing(project: Path, tillspec: Tillspec) -> None:
    shutil.rmtree(project / "out")
    done = check(project, tillspec)
    assert done.returncode == 1
    assert "out: nothing to compare with\n" in done.stderr


# -- all or nothing -------------------------------------------------------------------------------------------------------


def fail_at(number: int, error: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the file system fail once: when so many files have been put in place."""
    put, count = os.replace, 0

    def replace(source: str, target: Path) -> None:
        nonlocal count
        count += 1
        if count == number:
            raise error
        put(source, target)

    monkeypatch.setattr(writing.os, "replace", replace)


@pytest.mark.parametrize("number", [1, 3])
def test_a_write_that_fails_leaves_all_as_it_was(
    project: Path, tillspec: Tillspec, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    change(project / "openapi.yaml", "tags: [Orders]", "tags: [Sales]")
    change(project / "openapi.yaml", "properties:\n        code", "properties:\n        reason: {type: string}\n        code")
    before = snapshot(project)
    fail_at(number, OSError(28, "No space left on device", "somewhere"), monkeypatch)
    done = tillspec(*COMMAND, cwd=project)
    assert done.returncode == 1
    assert "somewhere cannot be written: No space left on device" in done.stderr
    assert "Traceback" not in done.stderr
    assert snapshot(project) == before


@pytest.mark.parametrize("number", [5, 45])
def test_a_first_write_that_fails_leaves_no_folder(
    tmp_path: Path, tillspec: Tillspec, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    (tmp_path / "openapi.yaml").write_text(CONTRACT)
    before = snapshot(tmp_path)
    fail_at(number, OSError(28, "No space left on device", "somewhere"), monkeypatch)
    done = tillspec(*COMMAND[:4], "build/made/here", "--handlers", "src/shop", cwd=tmp_path)
    assert done.returncode == 1
    assert snapshot(tmp_path) == before


def test_a_run_that_is_interrupted_leaves_all_as_it_was(
    project: Path, tillspec: Tillspec, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(project / "openapi.yaml", "tags: [Orders]", "tags: [Sales]")
    before = snapshot(project)
    fail_at(4, KeyboardInterrupt(), monkeypatch)
    assert tillspec(*COMMAND, cwd=project).returncode == 1
    assert snapshot(project) == before


def test_a_run_after_one_that_was_killed_goes_through(project: Path, tillspec: Tillspec) -> None:
    """Files are put in place one by one, the lock last: new files under an old lock are not taken for edited or foreign."""
    change(project / "openapi.yaml", "tags: [Orders]", "tags: [Sales]")
    old = (project / "out/tillspec.lock").read_bytes()
    assert tillspec(*COMMAND, cwd=project).returncode == 0
    done = snapshot(project)
    (project / "out/tillspec.lock").write_bytes(old)
    assert tillspec(*COMMAND, cwd=project).returncode == 0
    assert snapshot(project) == done


# -- a part of it ---------------------------------------------------------------------------------------------------------


def test_a_surface_alone(project: Path, tillspec: Tillspec) -> None:
    assert tillspec(*COMMAND, "--surface", "shop", cwd=project).returncode == 0
    bundle = json.loads((project / "out/openapi.json").read_bytes())
    assert list(bundle["paths"]) == ["/pets/{id}"]
    assert list(bundle["components"]["schemas"]) == ["Pet", "Owner", "Problem"]
    assert list(bundle["components"]["responses"]) == ["NotFound"]
    assert list(bundle["components"]["securitySchemes"]) == ["Key"]
    assert [tag["name"] for tag in bundle["tags"]] == ["Pets"]
    assert "class Order(" not in (project / MODELS).read_text()


def test_all_surfaces_are_the_whole(project: Path, tillspec: Tillspec) -> None:
    whole = (project / "out/openapi.json").read_bytes()
    assert tillspec(*COMMAND, "--surface", "till", "--surface", "shop", cwd=project).returncode == 0
    assert (project / "out/openapi.json").read_bytes() == whole


@pytest.mark.parametrize(
    ("only", "there", "missing"),
    [
        (["models"], ["models"], ["client", "server", "responses", "webhooks"]),
        (["server"], ["models", "server", "webhooks", "responses"], ["client", "errors"]),
        (["client"], ["models", "client", "errors", "responses", "webhooks"], ["server"]),
        (["server", "client"], ["models", "server", "client", "errors", "webhooks"], []),
    ],
    ids=" and ".join,
)
def test_a_part_imports_by_itself(
    tmp_path: Path, tillspec: Tillspec, only: list[str], there: list[str], missing: list[str]
) -> None:
    (tmp_path / "openapi.yaml").write_text(CONTRACT)
    done = tillspec(*COMMAND, *(word for name in only for word in ("--only", name)), cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    package = tmp_path / "out/python/shop_api"
    modules = [path.relative_to(package.parent).with_suffix("").as_posix().replace("/", ".") for path in package.rglob("*.py")]
    assert {f"shop_api.{name}" for name in there} <= {name.removesuffix(".__init__") for name in modules}
    assert not {f"shop_api.{name}" for name in missing} & {name.removesuffix(".__init__") for name in modules}
    assert not (tmp_path / "out/openapi.json").exists()
    blocked = "import sys; sys.modules['tillspec'] = None; " + "".join(
        f"sys.modules[{name!r}] = None; " for name, side in (("starlette", "server"), ("httpx", "client")) if side not in only
    )
    source = blocked + "; ".join(f"import {name.removesuffix('.__init__')}" for name in modules)
    environment = os.environ | {"PYTHONPATH": str(package.parent), "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run([sys.executable, "-c", source], cwd=tmp_path, env=environment, check=True)


def test_the_bundle_alone(tmp_path: Path, tillspec: Tillspec) -> None:
    (tmp_path / "openapi.yaml").write_text(CONTRACT)
    assert tillspec(*COMMAND, "--only", "bundle", cwd=tmp_path).returncode == 0
    assert snapshot(tmp_path / "out").keys() == {"openapi.json", "tillspec.lock"}


def test_a_package_within_a_package(tmp_path: Path, tillspec: Tillspec) -> None:
    (tmp_path / "openapi.yaml").write_text(CONTRACT)
    command = ("generate", "--spec", "openapi.yaml", "--out", "out", "--package", "my_company.shop.v1")
    assert tillspec(*command, cwd=tmp_path).returncode == 0
    source = "import my_company.shop.v1.client, my_company.shop.v1.server as s; assert s.create_app"
    environment = os.environ | {"PYTHONPATH": str(tmp_path / "out/python")}
    subprocess.run([sys.executable, "-c", source], env=environment, check=True)


# -- another server -------------------------------------------------------------------------------------------------------

FASTAPI = {"out/python/shop_api/fastapi.py", "out/python/shop_api/_runtime/fastapi.py"}


def test_a_server_for_fastapi_comes_beside_the_default(project: Path, tillspec: Tillspec) -> None:
    before = snapshot(project)
    done = tillspec(*COMMAND, "--server", "fastapi", cwd=project)
    assert (done.returncode, done.stderr) == (0, "")
    after = snapshot(project)
    assert after.keys() - before.keys() == FASTAPI
    assert {path for path in before if before[path] != after[path]} == {"out/tillspec.lock"}
    assert "up to date" in tillspec(*COMMAND, "--server", "fastapi", cwd=project).stdout


def test_check_tells_one_server_from_the_other(project: Path, tillspec: Tillspec) -> None:
    done = tillspec(*COMMAND, "--server", "fastapi", "--check", cwd=project)
    assert done.returncode == 1
    assert all(f"missing: {path}\n" in done.stdout for path in FASTAPI)
    assert done.stderr.endswith(f"{MEND} --server fastapi\n")
    assert tillspec(*COMMAND, "--server", "fastapi", cwd=project).returncode == 0
    assert tillspec(*COMMAND, "--server", "fastapi", "--check", cwd=project).returncode == 0
    stale = check(project, tillspec)
    assert stale.returncode == 1
    assert all(f"stale: nothing makes it any more: {path}\n" in stale.stdout for path in FASTAPI)


def test_without_fastapi_nothing_is_written(tmp_path: Path, tillspec: Tillspec, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "openapi.yaml").write_text(CONTRACT)
    for name in [name for name in sys.modules if name.partition(".")[0] == "fastapi"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "fastapi", None)
    done = tillspec(*COMMAND, "--server", "fastapi", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert "tillspec generate needs fastapi, which is not installed" in done.stderr
    assert "pip install 'tillspec[generate,fastapi]'" in done.stderr
    assert not (tmp_path / "out").exists()
    assert tillspec(*COMMAND, cwd=tmp_path).returncode == 0


def test_the_scaffold_is_for_the_server_that_was_asked_for(tmp_path: Path, tillspec: Tillspec) -> None:
    (tmp_path / "openapi.yaml").write_text(CONTRACT)
    assert tillspec(*COMMAND, "--server", "fastapi", "--handlers", "src", cwd=tmp_path).returncode == 0
    source = "import app, fastapi; assert isinstance(app.app, fastapi.FastAPI)"
    path = os.pathsep.join(str(tmp_path / folder) for folder in ("out/python", "src"))
    subprocess.run([sys.executable, "-W", "error", "-c", source], env=os.environ | {"PYTHONPATH": path}, check=True)
