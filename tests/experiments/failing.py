"""What a process of its own can do in a test: it needs neither Keras nor TensorFlow."""


def fail(job):
    raise RuntimeError(f"no {job.folder.name} today")
