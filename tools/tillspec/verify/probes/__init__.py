"""What is sent to find out. One kind of probe a file; each is a plain coroutine over a run and its world."""
