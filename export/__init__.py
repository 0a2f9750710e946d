"""SavedModels, TensorFlow Serving configuration, servers and clients."""
