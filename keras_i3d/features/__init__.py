"""Features: what a network's layers say of every window of a video."""
