"""A bookshop: books with CRUD, paging, and bearer keys. Its contract is OpenAPI 3.0."""
