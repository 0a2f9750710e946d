"""A local server with TensorFlow Serving's protocol: for development and small loads."""
