"""Servers that keep the contract and are not like the sandbox: on none of them may `tillspec verify` raise an alarm."""
