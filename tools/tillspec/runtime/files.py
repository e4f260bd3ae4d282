"""Files as values: what a part of a multipart body is that carries raw bytes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, PydanticKnownError, SchemaSerializer, core_schema

from . import media


@dataclass(frozen=True, slots=True)
class FilePart:
    """A file in a multipart body.

    Attributes:
        content: its bytes.
        filename: the name that it was sent with. It is the sender's text, never to be used as a path. A file without one is sent
            under the name of its part, since many servers tell files from texts by it.
        content_type: its media type; what is sent without one has the first that the contract declares for the part, or
            `application/octet-stream`.
        headers: further header fields of the part (names in lower case where they were received).
    """

    content: bytes = field(repr=False)
    filename: str | None = None
    content_type: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False, hash=False)

    __pydantic_serializer__: ClassVar[SchemaSerializer]

    def __str__(self) -> str:
        return f"{self.filename or 'a file'} ({self.content_type or 'application/octet-stream'}, {len(self.content)} bytes)"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return _SCHEMA


@dataclass(frozen=True, slots=True)
class Carries:
    """What a file may be: of one of some media types (`image/*` is a range), and of a length between two bounds, in octets."""

    media_types: tuple[str, ...] = ()
    min_length: int | None = None
    max_length: int | None = None

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def _check(self, value: FilePart) -> FilePart:
        if self.min_length is not None and len(value.content) < self.min_length:
            raise PydanticKnownError("bytes_too_short", {"min_length": self.min_length})
        if self.max_length is not None and len(value.content) > self.max_length:
            raise PydanticKnownError("bytes_too_long", {"max_length": self.max_length})
        known = value.content_type is None or not self.media_types
        if not known and media.find(dict.fromkeys(self.media_types), value.content_type or "") is None:
            expected = " or ".join(self.media_types)
            raise PydanticCustomError("media_type", "The media type should be {expected}", {"expected": expected})
        return value


def _file(value: Any) -> FilePart:
    if not isinstance(value, FilePart):
        raise PydanticCustomError("file_type", "Input should be a file")
    return value


_SCHEMA: Final = core_schema.no_info_plain_validator_function(
    # JSON has no place for raw bytes: a file is told there, not carried.
    _file,
    serialization=core_schema.to_string_ser_schema(when_used="json"),
)
# Where nothing says what stands in a field, pydantic would take a dataclass apart.
FilePart.__pydantic_serializer__ = SchemaSerializer(_SCHEMA)
