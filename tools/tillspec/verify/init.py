"""A profile to start from: what the contract asks for and cannot say, and what a server tells when it is probed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from textwrap import shorten

from tillspec.runtime.behavior import Lifecycle
from tillspec.toml import FILL_ME
from tillspec.verify.contract import ParameterForm, Target
from tillspec.verify.draft import Draft
from tillspec.verify.exchange import Call
from tillspec.verify.profile import FIRST, SECOND
from tillspec.verify.run import Run
from tillspec.verify.world import Unavailable, World

_HEAD = """\
# The profile of a server, for `tillspec verify`: what the contract cannot say of it.
# What holds FILL_ME is taken as not given; what it would be needed for is then reported NOT TESTED.
# {env = "NAME"} stands for the value of an environment variable, so that no secret has to be written here.
"""
_CREDENTIALS = {
    "basic": f'{{username = "{FILL_ME}", password = "{FILL_ME}"}}',
}


@dataclass(frozen=True, slots=True)
class Probed:
    """What a server told: how it answers what it does not know, and which operations it lets in without credentials."""

    unknown_path: int | None = None
    open: tuple[str, ...] = ()
    reached: bool = False


async def probe(run: Run) -> Probed:
    """Ask a server a few things that change nothing."""
    exchange = await run.exchange(None, Call("", "GET", "/tillspec-verify-asks-for-what-is-not-there"))
    if exchange.answer.fault is not None:
        return Probed()
    let_in = []
    world = World(run)
    for target in run.targets:
        if target.is_safe and not target.anonymous:
            draft = _without_credentials(world, target)
            answer = (await run.exchange(None, draft.call())).answer if draft is not None else None
            if answer is not None and answer.succeeded:
                let_in.append(target.id)
    return Probed(exchange.answer.status, tuple(let_in), True)


def _without_credentials(world: World, target: Target) -> Draft | None:
    draft = world.bare(target, world.run.profile.first)
    return None if isinstance(draft, Unavailable) else draft


@dataclass(slots=True)
class Writer:
    """Writes a profile for the operations that a run is about."""

    run: Run
    probed: Probed
    lines: list[str] = field(default_factory=list)

    def text(self) -> str:
        """The profile as TOML."""
        self.lines = [_HEAD]
        self._server()
        self._tenant(FIRST)
        self.lines += ["# Another one, which must not see what is the first's. Delete all of it if there is none."]
        self._tenant(SECOND)
        self._control()
        self._policy()
        return "\n".join(self.lines).rstrip() + "\n"

    def _server(self) -> None:
        self.lines += [
            "[server]",
            "# rate = 100         # requests a second at most",
            '# timeout = "PT10S"  # how long an answer may take',
            '# latency = "PT1S"   # how long an answer should take at most; nothing is promised without it',
            '# wait = "PT30S"     # how long it may take to start',
            "",
        ]

    # -- tenants -----------------------------------------------------------------------------------------------------------

    def _tenant(self, tenant: str) -> None:
        self.lines += [f"[tenants.{tenant}.credentials]", *self._credentials(), ""]
        scoped = [name for name in self._schemes() if self._scopes(name)]
        if scoped and tenant == FIRST:
            self.lines += [f"[tenants.{tenant}.limited]  # good ones that lack scopes"]
            self.lines += [f'{name} = "{FILL_ME}"  # without one of: {", ".join(self._scopes(name))}' for name in scoped] + [""]
        parameters = dict(self._parameters())
        if parameters:
            self.lines += [f"[tenants.{tenant}.parameters]  # values of parameters that nothing in the API gives"]
            self.lines += [f'{_key(name)} = "{FILL_ME}"{note}' for name, note in parameters.items()] + [""]
        outside = list(self._outside())
        if outside:
            self.lines += [f"[tenants.{tenant}.objects]  # ids of what exists already"]
            self.lines += [f'{_key(name)} = ["{FILL_ME}"]  # {told}' for name, told in outside] + [""]

    def _schemes(self) -> list[str]:
        """The schemes that operations ask for, in the order of the document."""
        asked = {name for target in self.run.targets for requirement in target.requirements for name, _ in requirement.schemes}
        return [name for name in self.run.contract.api.security_schemes if name in asked]

    def _scopes(self, scheme: str) -> list[str]:
        found = (
            scope
            for target in self.run.targets
            for requirement in target.requirements
            for name, scopes in requirement.schemes
            if name == scheme
            for scope in scopes
        )
        return list(dict.fromkeys(found))

    def _credentials(self) -> Iterator[str]:
        for name in self._schemes():
            scheme = self.run.contract.api.security_schemes[name]
            note = shorten(scheme.description, 90, placeholder=" …")
            value = _CREDENTIALS.get(scheme.scheme or "", f'"{FILL_ME}"')
            giver = self._giver(name)
            if giver is not None:
                value = f'{{operation = "{giver[0]}", value = "{giver[1]}"}}'
            yield f"{_key(name)} = {value}" + (f"  # {note}" if note else "")

    def _giver(self, scheme: str) -> tuple[str, str] | None:
        """The operation that gives a bearer token, where one of the same surface answers with an `access_token`."""
        if self.run.contract.api.security_schemes[scheme].scheme != "bearer":
            return None
        users = {target.operation.surface for target in self.run.targets for one in target.requirements
                 if any(name == scheme for name, _ in one.schemes)}  # fmt: skip
        for target in self.run.targets:
            if target.method == "POST" and target.operation.surface in users:
                for response in target.operation.responses:
                    for content in response.contents:
                        pointer = self.run.contract.response_schema(target, response, content.media_type)
                        if response.status[:1] == "2" and pointer and "access_token" in self.run.relations.properties(pointer):
                            return target.id, "$response.body#/access_token"
        return None

    def _parameters(self) -> Iterator[tuple[str, str]]:
        for target in self.run.targets:
            for form in target.parameters:
                if form.location == "path" and self._is_asked(target, form):
                    example = f"  # such as {json.dumps(form.examples[0], ensure_ascii=False)}" if form.examples else ""
                    yield form.name, example

    def _is_asked(self, target: Target, form: ParameterForm) -> bool:
        """Whether nothing in the API gives a parameter: no other operation, and no object that is asked for by itself."""
        place = f"$request.path.{form.name}"
        if any(place in relation.values and relation.values[place] != place for relation in self.run.relations.of(target)):
            return False
        return place not in self._named()

    def _named(self) -> set[str | None]:
        """Where requests name objects that are asked for by themselves."""
        outside, relations = {name for name, _ in self._outside()}, self.run.relations
        return {relations.place_of(target) for target in self.run.targets if relations.object_of(target) in outside}

    def _outside(self) -> Iterator[tuple[str, str]]:
        asked = {self.run.relations.object_of(target) for target in self.run.targets}
        for name, outside in self.run.contract.api.outside.items():
            if name in asked:
                yield name, shorten(outside.description, 90, placeholder=" …")

    # -- control and policy ------------------------------------------------------------------------------------------------

    def _control(self) -> None:
        self.lines += [
            "# The server's own test hooks, as requests; leave out what there is not. All are paths on the server.",
            "[control]",
            f'# advance = {{method = "POST", url = "/{FILL_ME}", json = {{seconds = "{{seconds}}"}}}}  # moves the clock on',
            f'# reset = {{method = "POST", url = "/{FILL_ME}"}}  # makes the server as new, before and after the clock is moved',
        ]
        for name, lifecycle in self._lifecycles():
            states = ", ".join(f'{state} = "{state}"' for state in lifecycle.states if state != lifecycle.initial)
            self.lines += [
                f"# [control.move.{name}]  # brings an object to a state",
                f'# method = "POST"\n# url = "/{FILL_ME}/{{id}}"\n# json = {{state = "{{state}}"}}',
                f"# states = {{{states}}}  # the server's own words",
            ]
        self.lines += [""]

    def _lifecycles(self) -> Iterator[tuple[str, Lifecycle]]:
        for name, named in self.run.contract.api.types.items():
            behavior = named.behavior
            if behavior is not None and behavior.object and behavior.lifecycle and name == named.component:
                yield behavior.object, behavior.lifecycle

    def _policy(self) -> None:
        self.lines += ["[policy]  # answers to what the contract leaves open"]
        status = self.probed.unknown_path
        known = status if status is not None and 400 <= status < 500 else 404
        hint = "" if status == known else f"  # the server answered {status}" if status else ""
        self.lines += [f"unknown-paths = [{known}]{hint}"]
        self.lines += [
            "# another tenant's object, where the contract says nothing of it; remove it if tenants share what they have"
        ]
        self.lines += ["foreign = [403, 404]"]
        self.lines += ["# unknown = [404]              # an id that names nothing, where the contract says nothing of it"]
        self.lines += [
            "# undeclared-statuses = [502]  # what a gateway before the server may answer",
            '# ignore = ["…"]              # checks that are not to be run',
        ]
        self.lines += [
            f"# {target} answers without credentials, though the contract asks for them" for target in self.probed.open
        ]


def _key(name: str) -> str:
    return name if name.replace("-", "").replace("_", "").isalnum() and name.isascii() else json.dumps(name)
