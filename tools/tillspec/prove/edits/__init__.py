"""Edits by keyword: each function takes the maker of values, the schema, what its keyword says, and the value to edit."""
