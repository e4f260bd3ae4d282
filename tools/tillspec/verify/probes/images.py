"""Images: every form and size is asked for, and all forms of one code are to say the same."""

from __future__ import annotations

from contextlib import suppress
from itertools import pairwise

from tillspec.verify.checks import Kind
from tillspec.verify.contract import Target
from tillspec.verify.decoding import pictures
from tillspec.verify.decoding.pictures import BadImage
from tillspec.verify.draft import Draft
from tillspec.verify.exchange import NOTHING, Exchange
from tillspec.verify.findings import Severity
from tillspec.verify.oracles.images import Shown, names_code, shown_in, size_parameters
from tillspec.verify.oracles.images import images as looked_at
from tillspec.verify.run import Run, Told, passed, shown
from tillspec.verify.world import Unavailable, World

_UNUSUAL = 317
"""A size that nobody has for a default."""


async def images(run: Run, world: World, target: Target) -> None:
    """Ask for every form and size of the images that an operation answers; each answer is looked at as it comes."""
    forms = media_types(run, target)
    if not forms:
        return
    if (package := pictures.missing()) is not None:
        reason = f"{package} is not installed, without which images cannot be looked at"
        run.skip(target, Kind.IMAGES, reason, "pip install 'tillspec[verify]'")
        return
    standing = await world.standing(target, run.profile.first)
    if isinstance(standing, Unavailable):
        run.skip(target, Kind.IMAGES, standing.reason, standing.fill)
        return
    draft = standing.draft.parameter("header", "If-None-Match", NOTHING)
    seen = [await run.send(draft.header("Accept", form)) for form in forms]
    if not any(one.answer.succeeded for one in seen):
        run.skip(target, Kind.IMAGES, "no request for the image succeeds", f"tenants.{run.profile.first.name}.parameters")
        return
    await _sizes(run, target, draft, forms)
    _same(run, target, seen, Severity.MUST)
    if (first := await _sibling(run, world, target, draft)) is not None:
        _same(run, target, [first, *seen[:1]], Severity.SHOULD)


def media_types(run: Run, target: Target) -> list[str]:
    """The media types of images that an operation answers, or of JSON with codes in it."""
    found = []
    for response in target.operation.responses:
        for content in response.contents if response.status[:1] == "2" else ():
            pointer = run.contract.response_schema(target, response, content.media_type)
            has_codes = pointer is not None and "json" in content.media_type and run.declared.reaches(pointer, "encodes")
            is_image = content.media_type.startswith("image/") and "*" not in content.media_type
            if is_image or (has_codes and target.is_safe):
                found.append(content.media_type)
    return list(dict.fromkeys(found))


async def _sizes(run: Run, target: Target, draft: Draft, forms: list[str]) -> None:
    """Both bounds of a size, and one between; and none at all."""
    for form, _ in size_parameters(target):
        assert isinstance(form.schema, dict)
        bounds = [form.schema.get("minimum"), form.schema.get("maximum"), _UNUSUAL]
        sizes = [
            size for size in dict.fromkeys(bounds) if isinstance(size, int) and run.contract.judge.is_valid(form.schema, size)
        ]
        for size in [NOTHING, *sizes]:
            for media_type in forms:
                await run.send(draft.parameter("query", form.name, size).header("Accept", media_type))


async def _sibling(run: Run, world: World, target: Target, draft: Draft) -> Exchange | None:
    """The same object's code as the first other operation gives it that declares the same of it."""
    for other in run.contract.targets.values():
        if other.id == target.id:
            return None
        alike = run.relations.object_of(other) == run.relations.object_of(target) is not None
        if not alike or not media_types(run, other) or not _declares_same(run, other, target):
            continue
        bare = world.bare(other, run.profile.first)
        if isinstance(bare, Unavailable):
            continue
        for (location, name), value in draft.parameters.items():
            if location == "path":
                bare = bare.parameter(location, name, value)
        exchange = await run.send(bare.parameter("header", "If-None-Match", NOTHING))
        return exchange if exchange.answer.succeeded else None
    return None


def _declares_same(run: Run, one: Target, other: Target) -> bool:
    ours, theirs = (target.operation.behavior for target in (one, other))
    declared = [{repr(item) for item in words.encodes.values()} if words else set() for words in (ours, theirs)]
    return declared[0] == declared[1] and (bool(declared[0]) or (names_code(one) and names_code(other)))


def _same(run: Run, target: Target, exchanges: list[Exchange], severity: Severity) -> None:
    """The codes of several answers say the same."""
    read = [(exchange, codes) for exchange in exchanges if (codes := _codes(run, exchange))]
    for (before, codes), (exchange, others) in pairwise(read):
        if set(codes) != set(others) and not any(_is_told(run, one) for one in (before, exchange)):
            one = next(iter(others.values()))
            what, severity = "a code says another text in another form", Severity.SHOULD if one.guessed else severity
            told = Told("image-same", what, one.pointer, shown(sorted(codes)), shown(sorted(others)), severity=severity)
            run.tell(target, told, before, exchange)
            return
    if len(read) > 1:
        run.tell(target, passed("image-same"))


def _is_told(run: Run, exchange: Exchange) -> bool:
    """Whether what is wrong with a code was told already, by what is declared of it."""
    target = run.contract.targets[exchange.call.operation]
    return any(told.check == "image-encodes" and told.what for told in looked_at(run, target, exchange))


def _codes(run: Run, exchange: Exchange) -> dict[str, Shown]:
    """The texts of the codes of an answer, each with the image that it stands on."""
    found = {}
    for one in shown_in(run, run.contract.targets[exchange.call.operation], exchange):
        if isinstance(one, Shown) and one.encodes is not None and pictures.is_known(one.media_type):
            with suppress(BadImage):
                found.update(dict.fromkeys(pictures.seen(one.media_type, one.data).codes, one))
    return found
