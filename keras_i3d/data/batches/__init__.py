"""Batches of clips for training and evaluation."""
