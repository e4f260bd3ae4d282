"""The random engine: what schemathesis makes of a contract, sent with our credentials, ids and keys."""
