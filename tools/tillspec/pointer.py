"""JSON Pointers (RFC 6901), kept as text: `/paths/~1checkout~1session/post`. The whole document is the empty text."""

from __future__ import annotations

Pointer = str


def join(pointer: Pointer, *tokens: str | int) -> Pointer:
    """The pointer to what lies below `pointer` by the given keys and indexes."""
    return pointer + "".join("/" + escape(token) if isinstance(token, str) else f"/{token}" for token in tokens)


def escape(token: str) -> str:
    """A key as it stands in a pointer."""
    return token.replace("~", "~0").replace("/", "~1") if "~" in token or "/" in token else token


def split(pointer: Pointer) -> list[str]:
    """The keys and indexes of a pointer, unescaped.

    Raises:
        ValueError: the text is neither empty nor begins with `/`.
    """
    if pointer and not pointer.startswith("/"):
        raise ValueError(f"{pointer!r} is no JSON Pointer: it does not begin with /")
    return [token.replace("~1", "/").replace("~0", "~") for token in pointer.split("/")[1:]]


def look_up(value: object, pointer: Pointer) -> object:
    """What stands at a pointer.

    Raises:
        LookupError: nothing stands there.
        ValueError: the text is no pointer.
    """
    for token in split(pointer):
        if isinstance(value, dict):
            value = value[token]
        elif isinstance(value, list) and token.isascii() and token.isdigit():
            value = value[int(token)]
        else:
            raise LookupError(token)
    return value
