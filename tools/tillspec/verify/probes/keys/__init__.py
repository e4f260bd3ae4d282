"""Idempotency keys: what an operation declares of them, and whether the server keeps to it."""
