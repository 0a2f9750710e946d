"""Features: the output of a network's layers for every window of a video."""
