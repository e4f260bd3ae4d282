"""How an object looks: read by the operations that show it, before and after, and what differs."""
