"""One example request, written in six languages. Credentials come from the environment; no text of a contract is code."""
