"""Handler methods as source lines: what the server's protocols, the webhooks and the scaffold have in common."""

from __future__ import annotations

from dataclasses import dataclass

from tillspec.emit.calls import Call
from tillspec.emit.docstring import docstring, literal


@dataclass(frozen=True, slots=True)
class MethodView:
    """A handler method: its keyword arguments with their annotations, and what it may return."""

    name: str
    arguments: tuple[str, ...]
    returns: str
    docstring: str
    operation_id: str

    @property
    def parameters(self) -> tuple[str, ...]:
        """All of the signature: what is asked for stands behind the star."""
        return ("self", "request: Request", *(("*", *self.arguments) if self.arguments else ()))


def method(call: Call, *, documented: bool = True, unknown: str | None = None) -> MethodView:
    """The method that an owner implements for an operation. `unknown` is a type that its body may have besides."""
    answers = dict.fromkeys(f"responses.{answer.name}" for answer in call.answers)
    return MethodView(
        call.method,
        _arguments(call, unknown),
        " | ".join(answers) or "Response",
        _docstring(call) if documented else "",
        literal(call.operation.id),
    )


def sources(view: MethodView) -> tuple[str, ...]:
    """What a method's imports follow from."""
    return (*view.arguments, view.returns)


def optional(annotation: str) -> str:
    """An annotation that allows None, once."""
    return annotation if annotation == "Any" or annotation.endswith("None") else f"{annotation} | None"


def _arguments(call: Call, unknown: str | None) -> tuple[str, ...]:
    result = []
    if call.body is not None:
        body = call.body
        annotation = body.annotation if unknown is None else f"{body.annotation} | {unknown}"
        result.append(f"body: {annotation if body.required else optional(annotation)}")
        if body.media_type is not None:
            result.append(f"media_type: {body.media_type if body.required else optional(body.media_type)}")
    if call.credentials is not None:
        result.append(f"credentials: {call.credentials}")
    if call.accept:
        result.append(f"accept: Literal[{', '.join(map(literal, call.accept))}]")
    for argument in call.arguments:
        given = argument.parameter.required or argument.parameter.default is not None
        result.append(f"{argument.keyword}: {argument.annotation if given else optional(argument.annotation)}")
    return tuple(result)


def _docstring(call: Call) -> str:
    operation = call.operation
    about = {argument.keyword: argument.parameter.description for argument in call.arguments}
    lines = [f"    {keyword}: {' '.join(text.split())}" for keyword, text in about.items() if text.strip()]
    parts = [
        operation.summary or f"{operation.method.upper()} {operation.path}",
        operation.description if operation.description.strip() != operation.summary.strip() else "",
        "Deprecated." if operation.deprecated else "",
        "Args:\n" + "\n".join(lines) if lines else "",
    ]
    return docstring("\n\n".join(part.strip("\n") for part in parts if part.strip()), 8)
