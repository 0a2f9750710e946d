"""Optical flow: compute, code and store it."""
