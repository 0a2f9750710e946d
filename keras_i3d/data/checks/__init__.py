"""Check whether every listed video can be read."""
