"""From an API to files."""
