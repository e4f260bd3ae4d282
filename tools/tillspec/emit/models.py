"""models.py: a pydantic model for every named type, by datamodel-code-generator.

It is given plain schemas, one for each type and under the type's own id: what a type takes from others (`allOf`) is written out,
constraints that no annotation can say are left to the JSON Schema. So names are ours, and a class shows all its fields.
"""

from __future__ import annotations

import ast
import json
import warnings
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, assert_never

from tillspec.api import model
from tillspec.api.model import Api, Field, Object, Presence, Ref, Type
from tillspec.diagnostics import Report
from tillspec.emit.docstring import docstring
from tillspec.emit.names import class_name
from tillspec.emit.options import Options
from tillspec.emit.patterns import engine

PINNED = "0.89.0"
"""The version of datamodel-code-generator that the output belongs to; any other may print something else."""

_REF = "#/components/schemas/"
_FORMATS = {"date-time": "Rfc3339DateTime", "date": "Rfc3339Date", "uuid": "Rfc9562Uuid"}
_RANGES = {"int32": (-(2**31), 2**31 - 1), "int64": (-(2**63), 2**63 - 1)}


def models(api: Api, options: Options, report: Report) -> dict[str, str]:
    """`models.py`, with a class or a type alias for every id in `api.types`. What was not made is reported.

    No text of the contract passes through datamodel-code-generator: descriptions are put in afterwards, as docstrings.
    """
    feed = _Feed(api, options)
    source = _Printed(_generate(feed.document(), options) if api.types else "")
    for identifier, named in api.types.items():
        if identifier in feed.same:
            continue
        if not source.describe(class_name(identifier), named.description, [field.description for field in feed.fields(named.type)]):
            report.error("models", f"no type was made for the schema {identifier}", named.span, "rename it")
    same = "".join(f"{class_name(identifier)} = {class_name(first)}\n" for identifier, first in feed.same.items())
    return {"models.py": f'"""The types of the contract."""\n\n{source.text()}\n\n{same}'}


def _generate(document: dict[str, Any], options: Options) -> str:
    from datamodel_code_generator import DataModelType, InputFileType, generate
    from datamodel_code_generator.format import PythonVersion

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = generate(
            document,
            input_file_type=InputFileType.OpenAPI,
            output_model_type=DataModelType.PydanticV2BaseModel,
            target_python_version=PythonVersion.PY_311,
            target_pydantic_version="2.14",
            base_class=f"{options.package}._runtime.model.ContractModel",
            custom_class_name_generator=lambda name: name,
            disable_timestamp=True,
            treat_dot_as_module=False,
            strict_refs=True,
            strict_nullable=True,
            formatters=[],
            keep_model_order=True,
            snake_case_field=True,
            use_missing_sentinel=True,
            use_type_alias=True,
            use_type_alias_type=True,
            use_annotated=True,
            field_constraints=True,
            enum_field_as_literal="all",
        )
    return str(result)


class _Printed:
    """What was printed, with places for docstrings."""

    def __init__(self, source: str) -> None:
        self.lines = source.splitlines()
        body = ast.parse(source).body
        self.begin = body[0].lineno - 1 if body else 0
        self.nodes = {name: node for node in body if (name := _name_of(node))}
        for node in body:
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):  # X.model_rebuild(): models build themselves at first use
                self.lines[node.lineno - 1] = ""
        self.after: dict[int, str] = {}

    def describe(self, name: str, description: str, fields: list[str]) -> bool:
        """Put the docstrings of a class and its fields, or of an alias, in place; False where there is no such thing."""
        node = self.nodes.get(name)
        if node is None:
            return False
        if isinstance(node, ast.ClassDef):
            attributes = [child for child in node.body if isinstance(child, ast.AnnAssign)]
            if len(attributes) != len(fields):
                return False
            for attribute, text in zip(attributes, fields, strict=True):
                self._put(attribute.end_lineno, text, 4)
            self._tidy(node)
            self._put(node.body[0].lineno - 1, description, 4)
        else:
            self._put(node.end_lineno, description, 0)
        return True

    def text(self) -> str:
        """The whole source, from its first statement on."""
        rows: list[str] = []
        for number, line in enumerate(self.lines[self.begin :], self.begin + 1):
            rows.append(line)
            if number in self.after:
                rows.append(self.after[number])
        return "\n".join(rows)

    def _tidy(self, node: ast.ClassDef) -> None:
        """A configuration says only whether a class is closed; the rest stands in the base class."""
        for child in node.body:
            match child:
                case ast.Assign(targets=[ast.Name(id="model_config")], value=ast.Call(keywords=keywords)):
                    kept = ", ".join(ast.unparse(keyword) for keyword in keywords if keyword.arg == "extra")
                    last = (child.end_lineno or child.lineno) - 1
                    bare = "    pass" if len(node.body) == 1 else ""
                    self.lines[child.lineno - 1 : last + 1] = [
                        f"    model_config = ConfigDict({kept})" if kept else bare,
                        *[""] * (last + 1 - child.lineno),
                    ]

    def _put(self, line: int | None, text: str, indent: int) -> None:
        source = docstring(text, indent)
        if source and line is not None:
            self.after[line] = " " * indent + source


def _name_of(node: ast.stmt) -> str | None:
    match node:
        case ast.ClassDef(name=name) | ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            return name
        case _:
            return None


class _Feed:
    """The plain schemas."""

    def __init__(self, api: Api, options: Options) -> None:
        self.api = api
        self.formats = f"{options.package}._runtime.formats"
        self.same = {named.id: self._meant(named.id) for named in api.types.values() if named.inline and isinstance(named.type, Ref)}
        """Inline types that another one stands for."""

    def document(self) -> dict[str, Any]:
        schemas = {
            class_name(identifier): self._schema(named.type)
            for identifier, named in self.api.types.items()
            if identifier not in self.same
        }
        return {"openapi": "3.1.0", "info": {"title": "", "version": ""}, "paths": {}, "components": {"schemas": schemas}}

    def _meant(self, identifier: str) -> str:
        while (named := self.api.types[identifier]).inline and isinstance(named.type, Ref):
            identifier = named.type.id
        return identifier

    def fields(self, type_: Type) -> list[Field]:
        """The fields that the class of a type has; none where it is no class."""
        return list(self._fields(type_)) if isinstance(type_, Object) else []

    def _schema(self, type_: Type) -> dict[str, Any]:
        made = self._bare(type_)
        if not type_.nullable or not made:
            return made
        kind = made.get("type")
        if isinstance(kind, str) and not {"enum", "const", "customTypePath"} & set(made):
            return {**made, "type": [kind, "null"]}
        if "anyOf" in made:
            return {**made, "anyOf": [*made["anyOf"], {"type": "null"}]}
        return {"anyOf": [made, {"type": "null"}]}

    def _bare(self, type_: Type) -> dict[str, Any]:
        match type_:
            case model.Scalar():
                return self._scalar(type_)
            case model.Enum():
                return {"enum": [json.loads(text) for text in type_.values]}
            case model.Array():
                return _without_none(
                    type="array", items=self._schema(type_.items), minItems=type_.min_items, maxItems=type_.max_items
                )
            case model.Map():
                return {"type": "object", "additionalProperties": self._schema(type_.values)}
            case model.Object():
                return self._object(type_)
            case model.Union():
                return self._union(type_)
            case model.Ref():
                return {"$ref": _REF + class_name(self.same.get(type_.id, type_.id))}
            case model.Any():
                return {}
            case _:
                assert_never(type_)

    def _scalar(self, type_: model.Scalar) -> dict[str, Any]:
        if type_.kind == "string":
            if type_.format in _FORMATS:
                return {"type": "string", "customTypePath": f"{self.formats}.{_FORMATS[type_.format]}"}
            rust = engine(type_.pattern) if type_.pattern is not None else None
            pattern = rust[1] if rust and rust[0] == "rust" else None
            return _without_none(type="string", minLength=type_.min_length, maxLength=type_.max_length, pattern=pattern)
        low, high = _RANGES.get(type_.format or "", (None, None)) if type_.kind == "integer" else (None, None)
        return _without_none(
            type=type_.kind,
            minimum=type_.minimum if type_.minimum is not None or type_.exclusive_minimum is not None else low,
            maximum=type_.maximum if type_.maximum is not None or type_.exclusive_maximum is not None else high,
            exclusiveMinimum=type_.exclusive_minimum,
            exclusiveMaximum=type_.exclusive_maximum,
            multipleOf=type_.multiple_of,
        )

    def _union(self, type_: model.Union) -> dict[str, Any]:
        schema: dict[str, Any] = {"anyOf": [self._schema(option) for option in type_.options]}
        found = type_.discriminator
        if found and all(self._tells(option, found.property) for option in type_.options):
            schema["oneOf"] = schema.pop("anyOf")
            schema["discriminator"] = {"propertyName": found.property}
        return schema

    def _tells(self, option: Type, name: str) -> bool:
        """Whether an option requires the property and fixes its value, which pydantic asks of a discriminated union."""
        named = self.api.types.get(option.id) if isinstance(option, Ref) else None
        if named is None or not isinstance(named.type, Object):
            return False
        return any(
            field.name == name and field.presence is Presence.REQUIRED and isinstance(field.type, model.Enum) and not field.type.nullable
            for field in self._fields(named.type)
        )

    def _object(self, type_: Object) -> dict[str, Any]:
        fields = {field.name: field for field in self._fields(type_)}
        schema: dict[str, Any] = {
            "type": "object",
            "properties": {name: self._property(field) for name, field in fields.items()},
        }
        required = [name for name, field in fields.items() if field.presence is Presence.REQUIRED or name in type_.required]
        if required:
            schema["required"] = required
        if type_.closed:
            schema["additionalProperties"] = False
        return schema

    def _property(self, field: Field) -> dict[str, Any]:
        schema = self._schema(field.type)
        if field.default is not None:
            value = json.loads(field.default)
            if isinstance(value, str | int | float | bool) or value is None or value == []:
                schema["default"] = value
        return schema

    def _fields(self, type_: Object, seen: frozenset[str] = frozenset()) -> Iterator[Field]:
        """All fields, those of the bases first. A field that occurs again is the later one; required anywhere is required."""
        found: dict[str, Field] = {}
        for base in type_.bases:
            target, path = self._object_of(base, seen)
            for field in self._fields(target, path) if target else ():
                found[field.name] = _stricter(found.get(field.name), field)
            for name in target.required if target else ():
                if name in found:
                    found[name] = _required(found[name])
        for field in type_.fields:
            found[field.name] = _stricter(found.get(field.name), field)
        yield from (_required(field) if field.name in type_.required else field for field in found.values())

    def _object_of(self, type_: Type, seen: frozenset[str]) -> tuple[Object | None, frozenset[str]]:
        while isinstance(type_, Ref) and type_.id in self.api.types and type_.id not in seen:
            seen |= {type_.id}
            type_ = self.api.types[type_.id].type
        return (type_ if isinstance(type_, Object) else None), seen


def _stricter(before: Field | None, field: Field) -> Field:
    if before is None:
        return field
    type_ = before.type if isinstance(field.type, model.Any) else field.type
    made = replace(field, type=type_, description=field.description or before.description)
    return _required(made) if before.presence is Presence.REQUIRED else made


def _required(field: Field) -> Field:
    return replace(field, presence=Presence.REQUIRED)


def _without_none(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
