"""Valid instances to start from: examples, the largest, the smallest, and one for every branch met on the way."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from tillspec.prove.dialects import Schema
from tillspec.prove.places import Ground, Place, replaced
from tillspec.prove.shapes import Choice
from tillspec.prove.synthesise import Impossible, Synthesiser


@dataclass(slots=True)
class Grounds:
    """The grounds of one schema, at most so many. `left` counts those that there was no room for."""

    synthesiser: Synthesiser
    schema: Schema
    most: int
    found: list[Ground] = field(default_factory=list)
    left: int = 0
    _texts: set[str] = field(default_factory=set)
    _tried: set[int] = field(default_factory=set)

    def add(self, value: Any) -> None:
        """One more, unless there is one that is equal."""
        text = json.dumps(value, ensure_ascii=False, sort_keys=True)
        if text in self._texts:
            return
        if len(self.found) >= self.most:
            self.left += 1
            return
        self._texts.add(text)
        self.found.append(Ground(self.synthesiser.judge, self.schema, value))

    def grow(self) -> None:
        """Add synthesised ones."""
        for wide in (True, False):
            try:
                self.add(self.synthesiser.make([self.schema], wide=wide))
            except Impossible:
                continue
        index = 0
        while index < len(self.found):
            ground = self.found[index]
            index += 1
            for place in ground.places:
                if place.depth <= self.synthesiser.reach and id(place.schema) not in self._tried:
                    self._tried.add(id(place.schema))
                    self._branch(ground, place)

    def _branch(self, ground: Ground, place: Place) -> None:
        """An instance for each branch of a place."""
        for keyword in ("anyOf", "oneOf", "if", "type"):
            said = place.schema.get(keyword)
            if said is None or isinstance(said, str):
                continue
            for number in range(2 if keyword == "if" else len(said)):
                try:
                    value = self.synthesiser.choose(place.schema, Choice(id(place.schema), keyword), number)
                except Impossible:
                    continue
                if ground.allows(place, place.path, value):
                    self.add(replaced(ground.value, place.path, value))
