"""The four surfaces, one module each: the shapes of its errors, and the handlers of its operations."""
