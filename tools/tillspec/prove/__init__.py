"""Proof that generated models are the contract: valid instances and one-edit mutants, judged by a validator of its own.

Nothing here is shared with the emitters: schemas are read, instances made and verdicts given anew.
"""
