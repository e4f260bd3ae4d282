"""What all workers of one program are started with."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from typing import Any, Final, Self

_ENVIRONMENT: Final = "TILLSPEC_SANDBOX"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What one may choose, as far as workers have to know it.

    `base_url` is where browsers reach it. A client has `request_timeout` seconds to send a request. `seed_data`, `freeze` and
    `switches` (as `Switches.written` has them) are what a reset goes back to. With `control_from_anywhere` the control plane
    answers other machines as well. Pages of `origins` may ask from a browser.
    """

    database: str
    base_url: str
    request_timeout: float = 30.0
    control_from_anywhere: bool = False
    seed_data: str | None = None
    freeze: bool = False
    switches: str = "{}"
    origins: tuple[str, ...] = ()

    def hand_over(self) -> None:
        """Puts them where the workers find them."""
        os.environ[_ENVIRONMENT] = json.dumps(asdict(self))

    @classmethod
    def found(cls) -> Self:
        """The settings that were handed over."""
        plain: dict[str, Any] = json.loads(os.environ[_ENVIRONMENT])
        return cls(**plain | {"origins": tuple(plain.get("origins", ()))})
