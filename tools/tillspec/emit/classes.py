"""Classes as datamodel-code-generator lays them out: names, aliases and presence of their fields.

Annotations and defaults are not its business: it is given a placeholder for each, and of the contract's text nothing but the
names of fields. So little that a document says can become code here, and its part of the work stays small.
"""

from __future__ import annotations

import ast
import json
import re
import warnings
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tillspec.api.model import Field, Presence, Type
from tillspec.emit.docstring import docstring, literal
from tillspec.emit.names import snake, unique

_MODULE = "tillspec_placeholders"
_WRITTEN = frozenset({"bool", "bytes", "dict", "float", "int", "list", "object", "str"})
"""Builtins that annotations are written with."""


@dataclass(frozen=True, slots=True)
class Class:
    """A class to lay out. `marks` are what it says of itself beside its fields, each a statement; `additional` is what undeclared
    fields are, None for anything.
    """

    fields: tuple[Field, ...]
    closed: bool
    description: str
    marks: tuple[str, ...] = ()
    additional: Type | None = None

    @property
    def base(self) -> str:
        return "DefaultedModel" if any(each.default is not None for each in self.fields) else "ContractModel"


@dataclass(frozen=True, slots=True)
class Placeholders:
    """What stands for the types and the defaults of fields: names that no field has."""

    mark: str
    types: dict[Type, int] = field(default_factory=dict)
    defaults: dict[str, int] = field(default_factory=dict)

    def type(self, type_: Type) -> str:
        return f"{self.mark}Type{self.types.setdefault(type_, len(self.types))}"

    def default(self, text: str) -> str:
        return f"{self.mark}Default{self.defaults.setdefault(text, len(self.defaults))}"

    def filled(self, line: str, annotations: Sequence[str], defaults: Sequence[str]) -> str:
        """A line of source with what the placeholders in it stand for."""
        if self.mark not in line:
            return line
        line = re.sub(rf"(['\"]){self.mark}Default(\d+)\1", lambda match: defaults[int(match[2])], line)
        return re.sub(rf"\b{self.mark}Type(\d+)\b", lambda match: annotations[int(match[1])], line)


def lay_out(classes: Mapping[str, Class], base: str) -> Layout:
    """Have the classes laid out, below a base class that is named by its import path."""
    mark = "Placeholder"
    while any(mark in each.name for plan in classes.values() for each in plan.fields) or any(mark in name for name in classes):
        mark += "X"
    placeholders = Placeholders(mark)
    schemas = {name: _schema(plan, placeholders) for name, plan in classes.items()}
    source = _generate(schemas, base) if schemas else ""
    return Layout(source, classes, placeholders)


class Layout:
    """Classes with placeholders for the annotations of their fields.

    Attributes:
        attributes: the Python name of each field, by class and by name on the wire.
        missing: the classes that were not laid out as asked.
    """

    def __init__(self, source: str, classes: Mapping[str, Class], placeholders: Placeholders) -> None:
        self._lines = source.splitlines()
        self._placeholders = placeholders
        self._after: dict[int, str] = {}
        self._additional: dict[int, Type] = {}
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
        """The source of the classes, with docstrings, and with annotations and defaults in the place of the placeholders."""
        annotations = [annotation(type_) for type_ in self._placeholders.types]
        defaults = [literal(json.loads(text)) for text in self._placeholders.defaults]
        rows = []
        for number, line in enumerate(self._lines[self._begin :], self._begin + 1):
            rows.append(self._placeholders.filled(line, annotations, defaults))
            rows += [self._after[number]] if number in self._after else []
            if number in self._additional:
                rows.append(f"\n    __pydantic_extra__: dict[str, {annotation(self._additional[number])}] = Field(init=False)")
        return "\n".join(rows)

    def _describe(self, node: ast.ClassDef | None, plan: Class) -> bool:
        """Put the docstrings of a class and its fields in place; False where its fields are not those of the plan."""
        attributes = [child for child in node.body if isinstance(child, ast.AnnAssign)] if node else []
        if node is None or len(attributes) != len(plan.fields):
            return False
        for attribute, each in zip(attributes, plan.fields, strict=True):
            self._put(attribute.end_lineno, each.description)
            if isinstance(attribute.target, ast.Name):
                self.attributes[(node.name, each.name)] = attribute.target.id
        self._tidy(node)
        self._put(node.body[0].lineno - 1, plan.description)
        line, last = node.lineno - 1, node.end_lineno or node.lineno
        self._lines[line] = self._lines[line].replace("(ContractModel)", f"({plan.base})")
        if plan.marks:
            self._after[last] = self._after.get(last, "") + "".join(f"\n    {mark}" for mark in plan.marks)
        if plan.additional is not None:
            self._additional[last] = plan.additional
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


def _schema(plan: Class, placeholders: Placeholders) -> dict[str, Any]:
    properties = {}
    for each in plan.fields:
        schema = {"type": "string", "customTypePath": f"{_MODULE}.{placeholders.type(each.type)}"}
        default = {} if each.default is None else {"default": placeholders.default(each.default)}
        properties[each.name] = {**schema, **default}
    required = [each.name for each in plan.fields if each.presence is Presence.REQUIRED]
    closed = {"additionalProperties": False} if plan.closed else {}
    return {"type": "object", "properties": properties, "required": required, **closed}


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
            remove_special_field_name_prefix=True,
            use_missing_sentinel=True,
            use_annotated=True,
            field_constraints=True,
            aliases=_aliases(schemas),
        )
    return str(result)


def _aliases(schemas: Mapping[str, Any]) -> dict[str, str]:
    """Names for some fields, by class and name on the wire.

    A field may not hide a type from the annotations beside it (`list`, `str`); and of two fields that would get one name, the one
    that already bears it keeps it.
    """
    aliases: dict[str, str] = {}
    for owner, schema in schemas.items():
        wanted = {name: snake(name).rstrip("_") for name in schema["properties"]}
        shared = {python for python, count in Counter(wanted.values()).items() if count > 1}
        exact_first = sorted(wanted, key=lambda name: name != wanted[name])
        hiding = [name for name in exact_first if wanted[name] in _WRITTEN or wanted[name] in schemas or wanted[name] in shared]
        given = unique([wanted[name] if wanted[name] in shared else f"{wanted[name]}_" for name in hiding])
        aliases |= {f"{owner}.{name}": python for name, python in zip(hiding, given, strict=True) if python != name}
    return aliases
