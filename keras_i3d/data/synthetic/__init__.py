"""Synthetic videos, whose classes and flow are known."""
