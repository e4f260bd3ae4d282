"""One example request, written in six languages. Credentials are read from the environment; no text of a contract is ever code."""
