"""From a contract to its site, on one screen: read → what stands beside it → pages → the folder, replaced whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from tillspec.api.model import Api
from tillspec.diagnostics import Diagnostic, Report
from tillspec.docs import sources
from tillspec.docs.added import added, anchors
from tillspec.docs.address import slugs
from tillspec.docs.navigation import Places
from tillspec.docs.options import Options, Version
from tillspec.docs.site import Site
from tillspec.pipeline import read
from tillspec.write import site

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
        changelog: what `tillspec changelog --format json` printed, if there is any.
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
    options = _options(wanted, report)
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


def _options(wanted: Wanted, report: Report) -> Options:
    return Options(
        package=wanted.package,
        sandbox=wanted.sandbox,
        base_url=wanted.base_url,
        guide=sources.documents(wanted.guide, report),
        scenarios=sources.scenarios(wanted.spec, wanted.scenarios, report),
        figures=sources.documents(wanted.figures, report),
        scalar=sources.script(wanted.scalar, report) if wanted.scalar else "",
        entries=sources.changelog(wanted.changelog, report) if wanted.changelog else (),
    )


def _released(wanted: Wanted) -> list[tuple[str, Api]]:
    """The released versions, the oldest first; warnings about them are of their own time."""
    folder = wanted.released or wanted.spec.resolve().parent / "released"
    found = []
    for name, _, root in sources.released(folder):
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
