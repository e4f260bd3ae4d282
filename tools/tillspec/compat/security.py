"""Who may call: alternatives of schemes that are asked for together, with their scopes; and the schemes themselves."""

from __future__ import annotations

from typing import Any

from tillspec.compat.behavior_schemas import secret
from tillspec.compat.calls import Call
from tillspec.compat.change import Finding, canonical, quoted, shown
from tillspec.compat.collect import Collector
from tillspec.compat.side import Side
from tillspec.compat.view import entries
from tillspec.pointer import Pointer, join

Alternative = dict[str, frozenset[str]]
"""The schemes that are asked for together, each with its scopes."""

_SAID = ("type", "in", "name", "scheme", "openIdConnectUrl")
_URLS = ("authorizationUrl", "tokenUrl", "refreshUrl", "deviceAuthorizationUrl")


class Security:
    """Compares who may call. A scheme that has another name is found by what it is."""

    def __init__(self, collector: Collector) -> None:
        self.collector = collector
        self.old, self.new = (_schemes(side) for side in (collector.old, collector.new))
        self.names = {name: self._renamed(name) for name in self.old}

    def _renamed(self, name: str) -> str:
        if name in self.new:
            return name
        mine = canonical(_plain(self.collector.old, self.old[name]))
        alike = [
            other for other, at in self.new.items() if other not in self.old and canonical(_plain(self.collector.new, at)) == mine
        ]
        return alike[0] if alike else name

    def schemes(self) -> None:
        """The schemes that both contracts have."""
        for name, pointer in self.old.items():
            there = self.new.get(self.names[name])
            if there is not None:
                self._scheme(name, pointer, there)

    def _scheme(self, name: str, old: Pointer, new: Pointer) -> None:
        before, after = entries(self.collector.old.at(old)), entries(self.collector.new.at(new))
        place = f"security scheme {name}"
        for word in _SAID:
            said = [_lower(word, value) for value in (before, after)]
            if said[0] != said[1]:
                words = (
                    f"{quoted(word)} of the scheme {quoted(name)} went from {shown(before.get(word))} to {shown(after.get(word))}"
                )
                self.collector.tell(None, place, Finding("security-scheme-changed", words, f"{word} {said}", old, new))
        secrets = [entries(value.get("x-behavior")).get("secret") for value in (before, after)]
        if secrets[0] != secrets[1]:
            for rule, words, detail in secret("secret", secrets[0], secrets[1]):
                self.collector.tell(None, place, Finding(rule, f"{words}: the credential of {quoted(name)}", detail, old, new))
        flows = [entries(value.get("flows")) for value in (before, after)]
        for flow in dict.fromkeys([*flows[0], *flows[1]]):
            self._flow(f"{place} {flow}", (join(old, "flows", flow), join(new, "flows", flow)), flow)

    def _flow(self, place: str, where: tuple[Pointer, Pointer], name: str) -> None:
        both = [side.at(pointer) for side, pointer in zip((self.collector.old, self.collector.new), where, strict=True)]

        def tell(rule: str, words: str, detail: str = "") -> None:
            spots = [pointer if value is not None else None for pointer, value in zip(where, both, strict=True)]
            self.collector.tell(None, place, Finding(rule, words, detail, spots[0], spots[1]))

        if both[0] is None or both[1] is None:
            added = both[0] is None
            tell(f"security-flow-{'added' if added else 'removed'}", f"the flow {quoted(name)} is {'new' if added else 'gone'}")
            return
        before, after = entries(both[0]), entries(both[1])
        for word in _URLS:
            if before.get(word) != after.get(word):
                words = f"{quoted(word)} went from {shown(before.get(word))} to {shown(after.get(word))}"
                tell("security-url-changed", words, f"{word} {before.get(word)} {after.get(word)}")
        scopes = [entries(value.get("scopes")) for value in (before, after)]
        for scope in sorted(scopes[0].keys() - scopes[1].keys()):
            tell("security-flow-scope-removed", f"the scope {quoted(scope)} can no longer be asked for", scope)
        for scope in sorted(scopes[1].keys() - scopes[0].keys()):
            tell("security-flow-scope-added", f"the scope {quoted(scope)} can be asked for", scope)

    def operation(self, old: Call, new: Call) -> None:
        """What two operations ask for."""
        before = [{self.names.get(name, name): scopes for name, scopes in one.items()} for one in _demands(old)]
        after = _demands(new)
        if not new.is_incoming:
            if canonical([_sorted(before)]) != canonical([_sorted(after)]):
                words = "the credentials that are shown to the receiver are others"
                self._tell(new, Finding("webhook-security-changed", words, "", old.pointer, new.pointer))
            return
        free = [not demands or {} in demands for demands in (before, after)]
        if free[0] and not free[1]:
            names = " or ".join(_named(one) for one in after)
            self._tell(new, Finding("security-required", f"a credential is asked for: {names}", names, old.pointer, new.pointer))
        elif free[1] and not free[0]:
            self._tell(new, Finding("security-dropped", "no credential is asked for any more", "", old.pointer, new.pointer))
        else:
            self._alternatives(before, after, old, new)

    def _alternatives(self, before: list[Alternative], after: list[Alternative], old: Call, new: Call) -> None:
        fresh = [other for other in after if other not in before]
        for one in [one for one in before if one not in after]:
            same = next((other for other in fresh if other.keys() == one.keys()), None)
            if same is not None:
                fresh.remove(same)
                self._scopes(one, same, old, new)
            elif not any(_is_less(other, one) for other in after):
                words = f"{_named(one)} is no longer enough"
                self._tell(new, Finding("security-alternative-removed", words, _named(one), old.pointer, new.pointer))
        for other in fresh:
            if other:
                words = f"{_named(other)} is enough"
                self._tell(new, Finding("security-alternative-added", words, _named(other), old.pointer, new.pointer))

    def _scopes(self, one: Alternative, other: Alternative, old: Call, new: Call) -> None:
        for name in sorted(one):
            for scope in sorted(other[name] - one[name]):
                words = f"the scope {quoted(scope)} of {quoted(name)} is asked for"
                self._tell(new, Finding("security-scope-added", words, f"{name} {scope}", old.pointer, new.pointer))
            for scope in sorted(one[name] - other[name]):
                words = f"the scope {quoted(scope)} of {quoted(name)} is no longer asked for"
                self._tell(new, Finding("security-scope-removed", words, f"{name} {scope}", old.pointer, new.pointer))

    def _tell(self, call: Call, finding: Finding) -> None:
        self.collector.tell(call, "security", finding)


def _demands(call: Call) -> list[Alternative]:
    """What an operation asks for: its own demands, or the document's, which are not made of receivers of webhooks."""
    listed = call.value.get("security")
    if listed is None and call.is_incoming:
        listed = call.side.document.get("security")
    return [
        {name: frozenset(map(str, scopes)) if isinstance(scopes, list) else frozenset() for name, scopes in one.items()}
        for one in (listed if isinstance(listed, list) else ())
        if isinstance(one, dict)
    ]


def _schemes(side: Side) -> dict[str, Pointer]:
    names = entries(entries(side.document.get("components")).get("securitySchemes"))
    return {name: side.follow(join("/components/securitySchemes", name)) for name in names}


def _plain(side: Side, pointer: Pointer) -> Any:
    return {key: value for key, value in entries(side.at(pointer)).items() if key != "description"}


def _lower(word: str, scheme: dict[str, Any]) -> Any:
    """What a scheme says, where the case means nothing in lower case."""
    value = scheme.get(word)
    is_caseless = word == "scheme" or (word == "name" and scheme.get("in") == "header")
    return value.lower() if isinstance(value, str) and is_caseless else value


def _named(alternative: Alternative) -> str:
    """An alternative in words: `Key` with `Bearer` (`read`)."""
    named = []
    for name in sorted(alternative):
        scopes = f" ({', '.join(quoted(scope) for scope in sorted(alternative[name]))})" if alternative[name] else ""
        named.append(quoted(name) + scopes)
    return " with ".join(named) or "nothing"


def _is_less(other: Alternative, one: Alternative) -> bool:
    """Whether who has what one alternative asks for has what the other asks for as well."""
    return all(name in one and scopes <= one[name] for name, scopes in other.items())


def _sorted(demands: list[Alternative]) -> list[str]:
    return sorted(canonical({name: sorted(scopes) for name, scopes in one.items()}) for one in demands)
