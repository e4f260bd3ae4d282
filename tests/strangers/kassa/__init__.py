"""A till of another vendor, whose contract declares behaviour under names of its own."""
