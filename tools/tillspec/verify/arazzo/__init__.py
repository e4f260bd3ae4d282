"""Arazzo 1.0.1: documents, the values of their expressions, their conditions, and how their workflows are run."""
