"""What every answer is held to, whatever it answers. One oracle a file; each is a plain function of an exchange."""

from __future__ import annotations

from tillspec.verify.oracles.behavior import behavior
from tillspec.verify.oracles.codings import codings
from tillspec.verify.oracles.http import http
from tillspec.verify.oracles.images import images
from tillspec.verify.oracles.responses import responses
from tillspec.verify.oracles.secrets import secrets
from tillspec.verify.oracles.tokens import tokens
from tillspec.verify.run import Oracle

ORACLES: tuple[Oracle, ...] = (responses, behavior, secrets, tokens, images, http, codings)
