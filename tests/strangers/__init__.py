"""Servers that have nothing to do with this project's contract, each with a contract of its own, right or with one planted fault.

They are held out: nothing in the tool may know of them, or of their faults.
"""
