"""Planted faults: what a team gets wrong in a checkout server, each by itself, over the sandbox that is right."""
