"""One document came out of seven files: what is shared is one class, and a book may lead to another book."""

from __future__ import annotations

import json
from importlib import resources

from pydantic import ValidationError
from split_api import models, operations, responses

TEXT = (
    '{"isbn":"9780261102361","title":"The Two Towers","authors":[{"name":"J. R. R. Tolkien","address":{"city":"Oxford"}}],'
    '"shelf":{"name":"T","within":{"name":"Fantasy"}},'
    '"sequel":{"isbn":"9780261102378","title":"The Return of the King","shelf":{"name":"T"}}}'
)

book = models.Book.model_validate_json(TEXT)
assert isinstance(book.sequel, models.Book)
assert isinstance(book.shelf.within, models.Shelf)
assert book.model_dump_json(by_alias=True) == TEXT

try:
    models.Book.model_validate({"isbn": "1", "title": "No shelf"})
except ValidationError as error:
    assert [one["loc"] for one in error.errors()] == [("shelf",)]
else:
    raise AssertionError("a book stands nowhere")

assert operations.GET_BOOK.path == "/books/{isbn}"
assert operations.GET_BOOK.responses["404"] is responses.Refused404
assert operations.FIND_BOOKS.responses["400"] is responses.Refused400

bundle = json.loads((resources.files("split_api") / "openapi.json").read_bytes())
assert set(bundle["components"]["schemas"]) == {"Book", "shelf", "Person", "Error"}
assert "yaml" not in json.dumps(bundle)
