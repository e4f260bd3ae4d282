"""The profile with which a sandbox with a fault is verified: both merchants, what they have, and the sandbox's control plane."""

from __future__ import annotations

from pathlib import Path

import httpx

from tillspec.sandbox.verify_profile import profile


def write(url: str, secret: str, path: Path, budget: float | None = None) -> None:
    """Writes it into a file that its owner alone can read; `budget` is the seconds in which every answer is to come."""
    answer = httpx.get(f"{url}/_sandbox/merchants", headers={"Authorization": f"Bearer {secret}"}, trust_env=False)
    path.touch(mode=0o600)
    server = f"[server]\nlatency = {budget}\n\n" if budget is not None else ""
    path.write_text(server + profile(answer.json()["merchants"], secret), encoding="utf-8")
