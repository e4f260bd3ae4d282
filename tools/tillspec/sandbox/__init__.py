"""The sandbox: the contract, running. A stateful implementation of all its operations, on the generated server stub.

What it knows of times, states and keys it reads from `checkout_api.behavior`. All state is in one database, so that any number of
workers may share it.
"""
