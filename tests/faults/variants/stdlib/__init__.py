"""Gr4vy by its contract, on the standard library's own HTTP server."""
