"""The control plane: what tests set and see from outside, under `/_sandbox`. JSON, and a page that shows the same."""

from __future__ import annotations

from typing import Final

ROOT: Final = "/_sandbox"
"""Where it is."""
