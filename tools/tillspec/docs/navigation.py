"""The groups that operations stand in, and where each page is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tillspec.api.model import Api, Operation
from tillspec.docs.address import slugs

_MOST_IN_ONE = 30
_MOST_IN_NAVIGATION = 70
_FOLDERS = {"path": "operations", "webhook": "webhooks", "callback": "webhooks"}


@dataclass(frozen=True, slots=True)
class Item:
    """A page in the navigation; `note` tells apart what has one title."""

    title: str
    path: str
    method: str = ""
    deprecated: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Some operations under one name, with the page that lists them."""

    name: str
    description: str
    path: str
    operations: tuple[Operation, ...]
    items: tuple[Item, ...]


class Places:
    """Where the pages of an API are, as paths from the root of the site."""

    def __init__(self, api: Api) -> None:
        self.api = api
        names = {folder: [one.id for one in api.operations if _FOLDERS[one.role] == folder] for folder in set(_FOLDERS.values())}
        made = {folder: slugs(ids) for folder, ids in names.items()}
        self.operations = {one.id: f"{_FOLDERS[one.role]}/{made[_FOLDERS[one.role]][one.id]}.html" for one in api.operations}
        self._schemas = slugs(api.types)
        by_group: dict[str, list[Operation]] = {}
        named = self._names(api.operations)
        for operation in sorted(api.operations, key=self._order):
            by_group.setdefault(named[operation.id], []).append(operation)
        about = {tag.name: tag.description for tag in api.tags}
        pages = slugs(by_group)
        self.groups = tuple(
            Group(name, about.get(name, ""), f"groups/{pages[name]}.html", tuple(members), tuple(self._items(members)))
            for name, members in by_group.items()
        )
        self.group_of = {one.id: group for group in self.groups for one in group.operations}
        self.is_large = len(api.operations) > _MOST_IN_NAVIGATION
        """Whether the navigation shows the operations of one group alone, and each group has a page."""

    def schema(self, identifier: str) -> str:
        """The page of a named type."""
        return f"schemas/{self._schemas[identifier]}.html"

    def _items(self, operations: list[Operation]) -> Iterator[Item]:
        many = len({one.surface for one in self.api.operations if one.surface}) > 1
        for one in operations:
            method = one.method if one.role == "path" else "event"
            note = one.surface if many and one.surface else ""
            yield Item(one.summary or one.id, self.operations[one.id], method, one.deprecated, note)

    def _order(self, operation: Operation) -> int:
        """Tags come in their order; a tag that is not declared comes where its first operation does."""
        known = [tag.name for tag in self.api.tags]
        return known.index(operation.tag) if operation.tag in known else len(known)

    def _names(self, operations: tuple[Operation, ...]) -> Mapping[str, str]:
        """The group of each operation: its tag; where one tag has most of them, what their paths have in common."""
        counts: dict[str, int] = {}
        for one in operations:
            counts[one.tag] = counts.get(one.tag, 0) + 1
        crowded = {tag for tag, number in counts.items() if number > _MOST_IN_ONE and number > 0.6 * len(operations)}
        return {one.id: _first_word(one) if one.tag in crowded and one.role == "path" else one.tag for one in operations}


def _first_word(operation: Operation) -> str:
    """The first part of a path that is neither a version nor a parameter."""
    for part in operation.path.split("/"):
        if part and "{" not in part and not (part[0] == "v" and part[1:].replace(".", "").isdigit()) and part != "api":
            return part.replace("_", " ").replace("-", " ").capitalize()
    return operation.tag
