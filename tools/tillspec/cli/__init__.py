"""The command line: the only place that prints, and the only one that exits."""

from __future__ import annotations

import click

from tillspec import __version__
from tillspec.cli.changelog import changelog
from tillspec.cli.completion import completion
from tillspec.cli.diff import diff
from tillspec.cli.docs import docs
from tillspec.cli.generate import generate
from tillspec.cli.lint import lint
from tillspec.cli.prove import prove
from tillspec.cli.release import release
from tillspec.cli.sandbox import sandbox
from tillspec.cli.verify import verify
from tillspec.cli.verify_init import init

_HELP = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


@click.group(
    context_settings=_HELP,
    epilog="""\b
Examples:
  tillspec generate                      from spec/openapi.yaml into generated/
  tillspec generate --check              fail if generated/ is not what the contract says
  tillspec docs build                    a static site from the contract, into site/
  tillspec lint api.yaml                 find what makes a contract untrustworthy
  tillspec prove api.yaml                prove that the models of a contract are exactly the contract
  tillspec verify --url URL --spec api.yaml   prove a live server against its contract
  tillspec diff git:main spec/openapi.yaml   find what changed, and whom it breaks
  tillspec generate --spec api.yaml --out src/api --package shop_api
""",
)
@click.version_option(__version__, "-V", "--version", message="tillspec %(version)s")
def main() -> None:
    """Tillspec generates models, servers and clients from an OpenAPI contract, and holds them to it."""


main.add_command(docs)
main.add_command(generate)
main.add_command(lint)
main.add_command(prove)
main.add_command(diff)
main.add_command(changelog)
main.add_command(release)
main.add_command(sandbox)
verify.add_command(init)
main.add_command(verify)
main.add_command(completion)
