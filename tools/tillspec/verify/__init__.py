"""Proving a live server against its contract, over HTTP and in whatever language it is written."""
