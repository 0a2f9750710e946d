"""Pixels of frames: resize, crop and scale them."""
