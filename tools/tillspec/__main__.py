"""python -m tillspec."""

from tillspec.cli import main

main(prog_name="tillspec")
