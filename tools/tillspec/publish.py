"""From a contract to its site, on one screen: read → what stands beside it → pages → the folder, replaced whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from pathlib import Path

from tillspec.api.model import Api
from tillspec.compat.compare import compare
from tillspec.compat.contracts import contract
from tillspec.compat.prose import entries
from tillspec.compat.released import Release, releases
from tillspec.compat.rules import Kind, Severity
from tillspec.diagnostics import Diagnostic, Report
from tillspec.docs import sources
from tillspec.docs.added import added, anchors
from tillspec.docs.address import slugs
from tillspec.docs.navigation import Places
from tillspec.docs.options import Entry, Options, Version
from tillspec.docs.site import Site
from tillspec.document.bundle import Bundle
from tillspec.pipeline import read
from tillspec.write import site

_TITLES = {
    Kind.REMOVED: "Removed",
    Kind.CHANGED: "Changed",
    Kind.BEHAVIOR: "Behaviour",
    Kind.DEPRECATED: "Deprecated",
    Kind.ADDED: "Added",
}
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A site that is asked for.

    Attributes:
        spec: the root document.
        out: the folder of the site, which is replaced whole.
        surfaces: the surfaces to keep; empty for all.
        allowed: where references may lead outside the contract's folder.
        overlays: OpenAPI overlays that are applied to the contract.
        package: the import name of the generated client, for samples.
        sandbox: the base URL that the try-it panel sends to; empty for the reader to name one.
        base_url: where the site will be; empty where that is not known.
        guide: further pages of Markdown: files, or folders of them.
        scenarios: Arazzo documents; empty for those in `scenarios/` beside the contract.
        figures: files of Markdown with what was measured.
        changelog: what `tillspec changelog --format json` printed; None for what changed in the released versions.
        scalar: the script of Scalar's viewer (`dist/browser/standalone.js` of its package), for a page with it.
        released: the folder of released versions; None for `released/` beside the contract.
    """

    spec: Path
    out: Path
    surfaces: frozenset[str] = frozenset()
    allowed: tuple[str, ...] = ()
    overlays: tuple[Path, ...] = ()
    package: str = "checkout_api"
    sandbox: str = ""
    base_url: str = ""
    guide: tuple[Path, ...] = ()
    scenarios: tuple[Path, ...] = ()
    figures: tuple[Path, ...] = ()
    changelog: Path | None = None
    scalar: Path | None = None
    released: Path | None = None


@dataclass(frozen=True, slots=True)
class Published:
    """What a run came to: how many files there are, the warnings, and the files that the site was made of."""

    files: int
    warnings: list[Diagnostic]
    sources: tuple[Path, ...]


def publish(wanted: Wanted, *, progress: Progress = lambda _: None) -> Published:
    """Make the site, and put it in the place of what was in the folder before.

    Raises:
        Refused: something is wrong; nothing was written.
        NotOurs: the folder holds something else than a site; nothing was written.
    """
    report = Report()
    progress("reading the contract")
    bundle, api = read(wanted.spec, wanted.surfaces, wanted.allowed, report, wanted.overlays)
    options = _options(wanted, bundle, report)
    report.stop_on_error()
    older = _released(wanted)
    progress(f"writing the pages of {len(api.operations)} operations")
    try:
        number = site.replace(wanted.out, _files(api, older, options))
    except OSError as error:
        message = f"{error.filename or wanted.out} cannot be written: {error.strerror or error}; nothing was changed"
        report.error("output-unwritable", message, hint="look at the folder's owner and free space, or choose another")
    report.stop_on_error()
    beside = (*wanted.guide, *wanted.figures, *wanted.scenarios, *wanted.overlays, *filter(None, [wanted.changelog]))
    read_from = tuple(Path(source.uri) for source in bundle.sources if "://" not in source.uri)
    return Published(number, report.items, (*read_from, *beside))


def _options(wanted: Wanted, whole: Bundle, report: Report) -> Options:
    return Options(
        package=wanted.package,
        sandbox=wanted.sandbox,
        base_url=wanted.base_url,
        guide=sources.documents(wanted.guide, report),
        scenarios=sources.scenarios(wanted.spec, wanted.scenarios, report),
        figures=sources.documents(wanted.figures, report),
        scalar=sources.script(wanted.scalar, report) if wanted.scalar else "",
        entries=sources.changelog(wanted.changelog, report) if wanted.changelog else _entries(wanted, whole),
    )


def _entries(wanted: Wanted, whole: Bundle) -> tuple[Entry, ...]:
    """What changed in each released version, and since the last; the newest first. Of some surfaces alone it is not told."""
    known = [] if wanted.surfaces else releases(_folder(wanted))
    pairs: list[tuple[Bundle, Bundle, date | None]] = [(_contract(old), _contract(new), new.day) for old, new in pairwise(known)]
    if known and known[-1].version != str(whole.value.get("info", {}).get("version")):
        pairs.append((_contract(known[-1]), whole, None))
    return tuple(
        Entry(
            told.new, one.sentence, _TITLES.get(one.kind, "Changed"), one.severity is Severity.BREAKING, one.operations, _day(day)
        )
        for old, new, day in reversed(pairs)
        for told in [compare(old, new, day or date.today())]
        for one in entries(told)
    )


def _contract(release: Release) -> Bundle:
    return contract(str(release.contract))


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""


def _folder(wanted: Wanted) -> Path:
    return wanted.released or wanted.spec.resolve().parent / "released"


def _released(wanted: Wanted) -> list[tuple[str, Api]]:
    """The released versions, the oldest first; warnings about them are of their own time."""
    found = []
    for name, _, root in sources.released(_folder(wanted)):
        found.append((name, read(root, wanted.surfaces, wanted.allowed, Report())[1]))
    return found


def _files(api: Api, older: list[tuple[str, Api]], options: Options) -> Iterator[tuple[str, str]]:
    """The site of the contract, and below `versions/` those of other versions."""
    others = [(name, each) for name, each in older if name != api.version]
    if not others:
        yield from Site(api, options).files()
        return
    folders = {name: f"versions/{slug}" for name, slug in slugs(name for name, _ in others).items()}
    everything = [(api.version, "", api), *((name, folders[name], each) for name, each in reversed(others))]
    versions = tuple(Version(name, path, _pages(each)) for name, path, each in everything)
    told = [(name, anchors(each)) for name, each in (*others, (api.version, api))]
    options = replace(options, versions=versions, added=added(told))
    yield from Site(api, options).files()
    for name, path, each in everything[1:]:
        own = replace(options, version=name, guide=(), figures=(), scenarios=(), entries=(), scalar="")
        for page, text in Site(each, own).files():
            yield f"{path}/{page}", text


def _pages(api: Api) -> frozenset[str]:
    return frozenset((*Places(api).operations.values(), "index.html", "errors.html"))
