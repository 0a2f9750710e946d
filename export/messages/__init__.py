"""TensorFlow Serving's messages and tensors."""
