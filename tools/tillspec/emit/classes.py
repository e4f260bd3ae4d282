"""Classes as datamodel-code-generator lays them out: names, aliases, presence and defaults of their fields.

Annotations are not its business: it is given a placeholder for each type of field, and no text of the contract at all. So nothing
that a document says can become code here, and its part of the work stays small.
"""

from __future__ import annotations

import ast
import json
import re
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tillspec.api import model
from tillspec.api.model import Field, Presence, Type
from tillspec.emit.docstring import docstring

_PLACEHOLDERS = "tillspec_placeholders"
_PLACEHOLDER = re.compile(r"\bTillspecPlaceholder(\d+)\b")
_PLAIN_FORMATS = frozenset({"date-time", "date", "uuid"})


@dataclass(frozen=True, slots=True)
class Class:
    """A class to lay out."""

    fields: tuple[Field, ...]
    closed: bool
    description: str


def lay_out(classes: Mapping[str, Class], base: str) -> Layout:
    """Have the classes laid out, below a base class that is named by its import path."""
    types: dict[Type, int] = {}
    schemas = {name: _schema(plan, types) for name, plan in classes.items()}
    source = _generate(schemas, base) if schemas else ""
    return Layout(source, classes, list(types))


class Layout:
    """Classes with placeholders for the annotations of their fields.

    Attributes:
        attributes: the Python name of each field, by class and by name on the wire.
        missing: the classes that were not laid out as asked.
    """

    def __init__(self, source: str, classes: Mapping[str, Class], types: list[Type]) -> None:
        self._lines = source.splitlines()
        self._types = types
        self._after: dict[int, str] = {}
        self.attributes: dict[tuple[str, str], str] = {}
        body = ast.parse(source).body
        found = {node.name: node for node in body if isinstance(node, ast.ClassDef)}
        self.missing = [name for name, plan in classes.items() if not self._describe(found.get(name), plan)]
        self._begin = min((node.lineno for node in found.values()), default=1) - 1
        for node in body:
            if not isinstance(node, ast.ClassDef) and node.lineno > self._begin:
                # X.model_rebuild(): models build themselves at first use
                self._lines[node.lineno - 1 : node.end_lineno] = [""] * ((node.end_lineno or node.lineno) - node.lineno + 1)

    def text(self, annotation: Callable[[Type], str]) -> str:
        """The source of the classes, with docstrings and with annotations in the place of the placeholders."""
        rows = [
            line + ("\n" + self._after[number] if number in self._after else "")
            for number, line in enumerate(self._lines[self._begin :], self._begin + 1)
        ]
        texts = [annotation(type_) for type_ in self._types]
        return _PLACEHOLDER.sub(lambda match: texts[int(match[1])], "\n".join(rows))

    def _describe(self, node: ast.ClassDef | None, plan: Class) -> bool:
        """Put the docstrings of a class and its fields in place; False where its fields are not those of the plan."""
        attributes = [child for child in node.body if isinstance(child, ast.AnnAssign)] if node else []
        if node is None or len(attributes) != len(plan.fields):
            return False
        for attribute, field in zip(attributes, plan.fields, strict=True):
            self._put(attribute.end_lineno, field.description)
            if isinstance(attribute.target, ast.Name):
                self.attributes[(node.name, field.name)] = attribute.target.id
        self._tidy(node)
        self._put(node.body[0].lineno - 1, plan.description)
        return True

    def _tidy(self, node: ast.ClassDef) -> None:
        """A configuration says only whether a class is closed; the rest stands in the base class."""
        for child in node.body:
            match child:
                case ast.Assign(targets=[ast.Name(id="model_config")], value=ast.Call(keywords=keywords)):
                    kept = ", ".join(ast.unparse(keyword) for keyword in keywords if keyword.arg == "extra")
                    bare = "    pass" if len(node.body) == 1 else ""
                    rest = [""] * ((child.end_lineno or child.lineno) - child.lineno)
                    first = f"    model_config = ConfigDict({kept})" if kept else bare
                    self._lines[child.lineno - 1 : child.end_lineno] = [first, *rest]

    def _put(self, line: int | None, description: str) -> None:
        source = docstring(description, 4)
        if source and line is not None:
            self._after[line] = f"    {source}"


def _schema(plan: Class, types: dict[Type, int]) -> dict[str, Any]:
    properties = {}
    for field in plan.fields:
        number = types.setdefault(field.type, len(types))
        properties[field.name] = {
            "type": "string",
            "customTypePath": f"{_PLACEHOLDERS}.TillspecPlaceholder{number}",
            **_default(field),
        }
    required = [field.name for field in plan.fields if field.presence is Presence.REQUIRED]
    schema: dict[str, Any] = {"type": "object", "properties": properties, "required": required}
    return {**schema, "additionalProperties": False} if plan.closed else schema


def _default(field: Field) -> dict[str, Any]:
    """The default, where it can stand in a class as it is."""
    if field.default is None or field.presence is Presence.REQUIRED:
        return {}
    value = json.loads(field.default)
    match field.type:
        case model.Scalar(kind=kind, format=form):
            kinds: dict[str, tuple[type, ...]] = {"string": (str,), "integer": (int,), "number": (int, float), "boolean": (bool,)}
            fits = isinstance(value, kinds.get(kind, ())) and (kind == "boolean" or not isinstance(value, bool))
            return {"default": value} if fits and not (kind == "string" and form in _PLAIN_FORMATS) else {}
        case model.Enum(values=values):
            return {"default": value} if json.dumps(value, ensure_ascii=False, sort_keys=True) in values else {}
        case _:
            return {}


def _generate(schemas: Mapping[str, Any], base: str) -> str:
    from datamodel_code_generator import DataModelType, InputFileType, generate
    from datamodel_code_generator.format import PythonVersion

    document = {"openapi": "3.1.0", "info": {"title": "", "version": ""}, "paths": {}, "components": {"schemas": schemas}}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = generate(
            document,
            input_file_type=InputFileType.OpenAPI,
            output_model_type=DataModelType.PydanticV2BaseModel,
            target_python_version=PythonVersion.PY_311,
            target_pydantic_version="2.14",
            base_class=base,
            custom_class_name_generator=lambda name: name,
            disable_timestamp=True,
            treat_dot_as_module=False,
            strict_refs=True,
            strict_nullable=True,
            formatters=[],
            snake_case_field=True,
            use_missing_sentinel=True,
            use_annotated=True,
            field_constraints=True,
        )
    return str(result)
