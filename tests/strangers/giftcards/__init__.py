"""Gift cards: money, and a key that makes retries safe, which its contract tells in prose alone."""
