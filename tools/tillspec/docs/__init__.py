"""A static site from an API: readable without JavaScript, from a file path too, with nothing loaded from elsewhere."""
