"""A whole site: every page of an API, in HTML and in Markdown, with all that belongs to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tillspec import __version__
from tillspec.api.model import Api, Operation
from tillspec.docs import behavior, downloads, errors, render, search, text
from tillspec.docs.address import fragment, relative, slugs
from tillspec.docs.navigation import Item, Places
from tillspec.docs.operation import Operations, View, thing
from tillspec.docs.options import Entry, Options
from tillspec.docs.samples.all import LANGUAGES, Samples
from tillspec.docs.scenarios import Scenario, scenarios
from tillspec.docs.shape import Facts, Shapes
from tillspec.docs.trying import trial
from tillspec.docs.viewer import viewer

Files = Iterator[tuple[str, str]]
"""Files of the site: path from its root, and text."""

MOST_IN_ONE = 4_000_000
"""How many characters `llms-full.txt` has at most; what is more is left to the single pages."""


@dataclass(slots=True)
class _Said:
    """What was said so far, for what is made of all pages."""

    twins: list[tuple[str, str, str]] = field(default_factory=list)
    index: list[search.Found] = field(default_factory=list)
    whole: list[str] = field(default_factory=list)
    size: int = 0


class Site:
    """Makes the files of a site one after another, so that they are never all in memory.

    Args:
        api: the API.
        options: what was asked for.
    """

    def __init__(self, api: Api, options: Options) -> None:
        self.api = api
        self.options = options
        self.places = Places(api)
        self.shapes = Shapes(api.types)
        self.operations = Operations(api, self.shapes, options.package)
        self.samples = Samples(api, options.package)
        self.scenarios = tuple(scenarios(api, options.scenarios))
        self._scenario_pages = slugs(one.id for one in self.scenarios)
        self._guides = slugs(one.name for one in options.guide)
        self._figures = slugs(one.name for one in options.figures)
        self._wanted: dict[str, None] = {}
        self._navigation = self._first_pages(), self._last_pages()
        self._printed: dict[tuple[int, str], tuple[Facts, str]] = {}
        self._said = _Said()

    def files(self) -> Files:
        """All files."""
        yield from self._start()
        for operation in self.api.operations:
            yield from self._operation(operation)
        yield from self._errors()
        for scenario in self.scenarios:
            yield from self._scenario(scenario)
        yield from self._documents()
        if self.options.entries:
            yield from self._changelog()
        yield from self._schemas()
        yield from downloads.contract(self.api)
        if self.options.scalar:
            yield from viewer(self.api, self.options.scalar, self.options.sandbox)
        yield "assets/site.css", render.asset("site.css")
        yield "assets/site.js", render.asset("site.js")
        yield "assets/search.js", search.index(self._said.index)
        yield from self._machines()

    # -- what every page has ---------------------------------------------------------------------------------------------

    def _page(self, template: str, path: str, title: str, about: str, **view: Any) -> Files:
        """A page and its twin; `about` is Markdown that says what it is about."""
        twin_path = path.removesuffix(".html") + ".md"
        root = "../" * path.count("/")
        context = {
            "api": self.api, "tillspec": __version__, "path": path, "root": root, "twin_path": twin_path, "title": title,
            "about": text.sentence(about), "groups": self.places.groups, "is_large": self.places.is_large, "here": None,
            "first_pages": self._navigation[0], "pages": self._navigation[1], "theme": render.theme(),
            "policy": render.policy(self.options.sandbox), "options": self.options,
            "css": render.version_of("site.css"), "js": render.version_of("site.js"),
            "link": self._link, "shown": self.shapes.shown,
            "kept": self._kept, "added": self._added, "versions": list(self._versions(path)), **view,
        }  # fmt: skip
        yield path, render.page(template, context)
        twin = render.twin(template, context)
        self._said.twins.append((twin_path, title, text.sentence(about)))
        if self._said.size + len(twin) <= MOST_IN_ONE:
            self._said.whole.append(twin)
            self._said.size += len(twin)
        yield twin_path, twin

    def _first_pages(self) -> list[Item]:
        """What the navigation begins with."""
        found = [Item(one.name, f"guide/{self._guides[one.name]}.html") for one in self.options.guide]
        if any(self.operations.failures.values()):
            found.append(Item("Errors", "errors.html"))
        return found + ([Item("Changelog", "changelog.html")] if self.options.entries else [])

    def _last_pages(self) -> list[tuple[str, list[Item]]]:
        """What the navigation ends with, under its headings."""
        flows = [Item(one.title, f"scenarios/{self._scenario_pages[one.id]}.html") for one in self.scenarios]
        measured = [Item(one.name, f"figures/{self._figures[one.name]}.html") for one in self.options.figures]
        return [(name, items) for name, items in (("Scenarios", flows), ("Measured", measured)) if items]

    def _link(self, identifier: str, root: str) -> str:
        """The link to a named type; asking for it has its page made."""
        self._wanted[identifier] = None
        return root + self.places.schema(identifier)

    def _kept(self, facts: Facts, printed: Callable[[Facts], str], where: str) -> str:
        """What a template prints of some facts, printed once for each place whose links are the same."""
        found = self._printed.get((id(facts), where))
        if found is None:
            found = self._printed[id(facts), where] = facts, printed(facts)
        return found[1]

    def _added(self, operation: str, anchor: str) -> str:
        """The version in which a field, or an operation, was added; empty where that is not known."""
        return self.options.added.get((operation, anchor), "")

    def _versions(self, page: str) -> Iterator[tuple[str, str, bool]]:
        """All versions: name, link, and whether it is this one. Where a page is not there, the link leads to the start."""
        known = self.options.versions
        own = next((one for one in known if one.name == self.options.version), known[0] if known else None)
        for version in known:
            target = page if version == own or page in version.pages else "index.html"
            yield version.name, relative(_in(own.path if own else "", page), _in(version.path, target)), version == own

    # -- the pages -------------------------------------------------------------------------------------------------------

    def _start(self) -> Files:
        begin = next((one for one in self.api.operations if one.role == "path"), None)
        objects = [thing(name, declared) for name, declared in self.operations.objects.items() if declared.lifecycle]
        outside = [(name, one.description, behavior.owned(one.owner)) for name, one in self.api.outside.items()]
        yield from self._page(
            "index", "index.html", self.api.title, self.api.description or self.api.title,
            outside=outside, first=begin, sample=self.samples.curl(begin) if begin else "", objects=objects,
            operations=self.places.operations, scenarios=[(one, self._scenario_pages[one.id]) for one in self.scenarios],
        )  # fmt: skip
        if self.places.is_large:
            for group in self.places.groups:
                yield from self._page("group", group.path, group.name, group.description or group.name, group=group, here=group)

    def _operation(self, operation: Operation) -> Files:
        path = self.places.operations[operation.id]
        view = self.operations.view(operation)
        group = self.places.group_of[operation.id]
        request = self.samples.request(operation) if operation.role == "path" else None
        yield from self._page(
            "operation", path, view.title, operation.description or view.title, view=view, operation=operation, here=group,
            samples=self.samples.all(request) if request else (), languages=LANGUAGES,
            trial=trial(request, operation) if request else None, pages_of=self.places.operations,
        )  # fmt: skip
        self._remember(path, view, group.name)

    def _remember(self, path: str, view: View, group: str) -> None:
        operation = view.operation
        name = f"{operation.method} {operation.path}" if operation.role == "path" else operation.id
        words = f"{operation.id} {group} {text.sentence(operation.description)}"
        fields = list(dict.fromkeys(row.anchor for row in view.rows))
        self._said.index.append(search.Found(view.title, name, path, words, fields))
        for failure, _, _ in view.failures:
            for code in failure.codes:
                where = f"{failure.status} · {view.title}"
                self._said.index.append(search.Found(code.code, where, f"{path}#{code.anchor}", " ".join(code.when)))

    def _errors(self) -> Files:
        entries = errors.catalogue(self.api.operations, self.operations.failures)
        if not entries:
            return
        tables = {entry.anchor: self._error_body(entry) for entry in entries}
        yield from self._page(
            "errors", "errors.html", "Errors", f"All {len(entries)} errors of {text.literal(self.api.title)}, with their codes.",
            entries=entries, tables=tables, pages_of=self.places.operations,
        )  # fmt: skip

    def _error_body(self, entry: errors.Entry) -> list[Any]:
        contents = entry.failure.response.contents
        return [(one.media_type, self.shapes.table(one.schema, "", most=0)) for one in contents if one.schema is not None]

    def _scenario(self, scenario: Scenario) -> Files:
        path = f"scenarios/{self._scenario_pages[scenario.id]}.html"
        about = scenario.description or scenario.title
        yield from self._page("scenario", path, scenario.title, about, scenario=scenario, pages_of=self.places.operations)
        self._said.index.append(search.Found(scenario.title, "scenario", path, text.sentence(about)))

    def _documents(self) -> Files:
        kinds = (("guide", self.options.guide, self._guides), ("figures", self.options.figures, self._figures))
        links = {one.path: f"../{folder}/{names[one.name]}.html" for folder, documents, names in kinds for one in documents}
        for folder, documents, names in kinds:
            for document in documents:
                path = f"{folder}/{names[document.name]}.html"
                yield from self._page(
                    "document", path, document.name, text.without_title(document.text), document=document,
                    body=text.document(text.without_title(document.text), links),
                )  # fmt: skip
                self._said.index.append(search.Found(document.name, folder, path, text.plain(document.text)[:2000]))

    def _changelog(self) -> Files:
        versions: dict[str, list[Entry]] = {}
        for entry in self.options.entries:
            versions.setdefault(entry.version, []).append(entry)
        yield from self._page(
            "changelog", "changelog.html", "Changelog", f"What changed in {text.literal(self.api.title)}, version by version.",
            changes=[(name, fragment(f"v{name}"), entries) for name, entries in versions.items()], pages_of=self._by_any_name(),
        )  # fmt: skip
        yield "feed.xml", downloads.feed(self.api, self.options)

    def _by_any_name(self) -> dict[str, str]:
        """The pages of operations by their ids, and as `POST /orders`."""
        routes = {f"{one.method} {one.path}": self.places.operations[one.id] for one in self.api.operations if one.role == "path"}
        return {**routes, **self.places.operations}

    def _schemas(self) -> Files:
        """The pages of named types that any page leads to, and of those that these lead to."""
        done: set[str] = set()
        while waiting := [one for one in self._wanted if one not in done]:
            for identifier in waiting:
                done.add(identifier)
                yield from self._schema(identifier)

    def _schema(self, identifier: str) -> Files:
        named = self.api.types[identifier]
        path, name = self.places.schema(identifier), self.shapes.shown(identifier) or identifier
        table = self.shapes.table(named.schema, "", of=identifier)
        declared = thing(named.behavior.object or name, named.behavior) if named.behavior else None
        yield from self._page("schema", path, name, named.description or name, table=table, thing=declared, named=named)
        fields = list(dict.fromkeys(row.anchor for row in table.rows))
        self._said.index.append(search.Found(name, "schema", path, text.sentence(named.description), fields))

    def _machines(self) -> Files:
        """What is made for machines: an index of the Markdown pages, all of them in one, and a map of the site."""
        yield "llms.txt", downloads.llms(self.api, self._said.twins, self.options)
        yield "llms-full.txt", "\n\n---\n\n".join(self._said.whole)
        if self.options.base_url:
            pages = [path.removesuffix(".md") + ".html" for path, _, _ in self._said.twins]
            yield "sitemap.xml", downloads.sitemap(pages, self.options.base_url)


def _in(folder: str, page: str) -> str:
    return f"{folder}/{page}" if folder else page
