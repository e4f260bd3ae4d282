"""Tillspec: an OpenAPI-first contract and code-generation toolkit for hosted checkouts."""

__version__ = "0.1.0"

__all__ = ["__version__"]
