"""Configuration for TensorFlow Serving and its containers."""
