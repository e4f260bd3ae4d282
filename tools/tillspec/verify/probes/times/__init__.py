"""What ends with time: objects, keys and tokens, looked at just before and just after."""
