"""The samples of an operation, in every language."""

from __future__ import annotations

from tillspec.api.model import Api, Example, Operation
from tillspec.docs.samples.curl import curl
from tillspec.docs.samples.go import go
from tillspec.docs.samples.java import java
from tillspec.docs.samples.javascript import javascript
from tillspec.docs.samples.php import php
from tillspec.docs.samples.python import Calls
from tillspec.docs.samples.request import Sample, sample

LANGUAGES = {"curl": "curl", "python": "Python", "javascript": "JavaScript", "go": "Go", "php": "PHP", "java": "Java"}
"""The languages by the names that files and links give them."""


class Samples:
    """Writes the example requests of an API down.

    Args:
        api: the API.
        package: the import name of the generated client.
    """

    def __init__(self, api: Api, package: str) -> None:
        self.api = api
        self._python = Calls(api, package).python

    def request(self, operation: Operation, chosen: Example | None = None) -> Sample:
        """The example request of an operation, with the first example of its body or the one that is chosen."""
        return sample(self.api, operation, chosen)

    def curl(self, operation: Operation) -> str:
        """The request as a curl line."""
        return curl(self.request(operation))

    def all(self, request: Sample) -> tuple[tuple[str, str], ...]:
        """A request in every language."""
        writers = {"curl": curl, "python": self._python, "javascript": javascript, "go": go, "php": php, "java": java}
        return tuple((key, writers[key](request)) for key in LANGUAGES)
