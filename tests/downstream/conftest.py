"""The example repos are others' projects: their tests are run there, and not here."""

collect_ignore = ["merchant", "implementer", "frontend"]
