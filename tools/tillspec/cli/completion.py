"""tillspec completion: the script that lets a shell complete commands and options."""

from __future__ import annotations

import click


@click.command(
    epilog="""\b
Examples:
  eval "$(tillspec completion bash)"
  tillspec completion zsh > ~/.zfunc/_tillspec
  tillspec completion fish > ~/.config/fish/completions/tillspec.fish
"""
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the completion script of a shell."""
    from click.shell_completion import get_completion_class

    made = get_completion_class(shell)
    root = context.find_root()
    if made is None:
        raise click.UsageError(f"there is no completion for {shell}")
    click.echo(made(root.command, {}, "tillspec", "_TILLSPEC_COMPLETE").source())
