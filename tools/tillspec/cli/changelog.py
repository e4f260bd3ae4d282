"""tillspec changelog."""

from __future__ import annotations

from datetime import date, datetime
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tillspec.cli import options
from tillspec.cli.compared import comparison, refusing, today

if TYPE_CHECKING:
    from tillspec.compat.compare import Comparison

_RELEASED = Path("spec/released")


@click.command(
    short_help="Tell users of an API what changed, in sentences or as a feed.",
    epilog="""\b
Examples:
  tillspec changelog git:v1.2.0 spec/openapi.yaml
  tillspec changelog old.yaml new.yaml --format json
  tillspec changelog                       all versions in spec/released, the newest first
  tillspec changelog --format atom > changes.xml
""",
)
@click.argument("old", required=False)
@click.argument("new", required=False)
@click.option("--format", "form", type=click.Choice(("markdown", "json", "atom")), default="markdown", show_default=True,
              help="Prose, one object, or a feed.")  # fmt: skip
@click.option("--released", "folder", type=click.Path(path_type=Path, file_okay=False), default=_RELEASED, show_default=True,
              help="The released contracts, where OLD and NEW are not named.")  # fmt: skip
@click.option("--date", "day", type=click.DateTime(["%Y-%m-%d"]), help="The day of NEW, for a feed.  [default: today]")
@options.allow
def changelog(old: str | None, new: str | None, form: str, folder: Path, day: datetime | None, allowed: tuple[str, ...]) -> None:
    """Turn what changed from OLD to NEW (as in tillspec diff), or from each released version to the next, into prose."""
    with refusing("changelog", "no changelog was made"):
        if old is not None and new is not None:
            made = [(comparison(old, new, allowed), day.date() if day else today())]
        elif old is None:
            made = _released(folder)
        else:
            raise click.UsageError("name two contracts, or none: tillspec changelog OLD NEW")
        _print(made, form)


def _released(folder: Path) -> list[tuple[Comparison, date]]:
    """What changed in each released version but the first, the newest first."""
    from tillspec.compat.released import releases

    known = releases(folder)
    if not known:
        raise click.UsageError(f"{folder} holds no release; name two contracts: tillspec changelog OLD NEW")
    return [(comparison(str(old.contract), str(new.contract), ()), new.day) for old, new in pairwise(known)][::-1]


def _print(made: list[tuple[Comparison, date]], form: str) -> None:
    from tillspec.compat import prose

    if form == "atom":
        click.echo(prose.as_atom(made, made[0][0].title if made else "the API"), nl=False)
    elif form == "json":
        click.echo("[" + ",\n".join(prose.as_json(found) for found, _ in made) + "]")
    elif made:
        click.echo("\n".join(prose.as_markdown(found) for found, _ in made), nl=False)
    else:
        click.echo("There is one released version, and so nothing that changed.")
