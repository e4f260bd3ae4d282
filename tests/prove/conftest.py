"""What the tests of the proof share: documents as they are read, and packages generated from them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tillspec.diagnostics import Report
from tillspec.document.bundle import Bundle
from tillspec.pipeline import contract, generate
from tillspec.prove.dialects import Schemas
from tillspec.prove.judge import Judge
from tillspec.request import Request

HERE = Path(__file__).resolve().parent


def judge_of(schemas: dict[str, Any], version: str = "3.1") -> Judge:
    """A judge of the components of a document."""
    return Judge(Schemas({"openapi": f"{version}.0", "components": {"schemas": schemas}}, version))


def component(judge: Judge, name: str = "A", direction: Any = "both") -> Any:
    """A translated component."""
    return judge.schemas.at(f"/components/schemas/{name}", direction)


@pytest.fixture(scope="session")
def constructs() -> Bundle:
    """A document with every keyword of draft 2020-12."""
    return contract(HERE / "constructs.yaml", (), Report())


@pytest.fixture(scope="session")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Path]:
    """`generated(spec)`: the folder of a package made from it, `<name>_proved`; made once."""
    made: dict[Path, Path] = {}

    def folder(spec: Path) -> Path:
        if spec not in made:
            out, package = tmp_path_factory.mktemp("proved"), f"{spec.stem.replace('-', '_')}_proved"
            generate(Request(spec, out / "out", package))
            made[spec] = out / "out" / "python" / package
        return made[spec]

    return folder
