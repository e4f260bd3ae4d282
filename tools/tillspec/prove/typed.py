"""A generated type, asked as a stranger would: what it makes of a JSON text, and what it gives back."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from tillspec.pointer import join


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an instance: the value that was made of it, or what was said against it.

    `rule` means that nothing but a rule across fields refuses it, `crashed` that another error than one of validation was raised.
    """

    word: Literal["accepted", "refused", "rule", "crashed"]
    value: Any = None
    said: str = ""


@dataclass(frozen=True, slots=True)
class Typed:
    """A type with its adapter, and the context in which clients read answers."""

    adapter: TypeAdapter[Any]
    lenient: Any

    def read(self, text: str, *, leniently: bool = False) -> Outcome:
        """Read a JSON text: strictly, as the stub does, or as a client reads an answer."""
        try:
            if leniently:
                return Outcome("accepted", self.adapter.validate_json(text, context=self.lenient))
            return Outcome("accepted", self.adapter.validate_json(text, strict=True))
        except ValidationError as error:
            found = error.errors(include_url=False, include_context=False, include_input=False)
            said = "; ".join(f"{join('', *one['loc']) or 'the root'}: {one['type']}: {one['msg']}" for one in found[:5])
            return Outcome("rule" if {one["type"] for one in found} == {"rule"} else "refused", said=said)
        except Exception as error:  # whatever else generated code raises is a defect, and told as one
            return Outcome("crashed", said=f"{type(error).__name__}: {error}")

    def written(self, value: Any) -> Outcome:
        """Write what was made, and read it as plain JSON: `accepted` with that, or `crashed`."""
        try:
            return Outcome("accepted", json.loads(self.adapter.dump_json(value, warnings=False)))
        except Exception as error:  # as above
            return Outcome("crashed", said=f"writing it: {type(error).__name__}: {error}")
