"""A static site from an API: pages that are readable without JavaScript, work from a file path and load nothing from elsewhere."""
