"""A repo that generates from a contract that it does not own: its settings, its pin, what it is set up with, its upgrades."""
