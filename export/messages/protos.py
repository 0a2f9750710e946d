"""TensorFlow Serving's messages, for machines without TensorFlow.

tensorflow-serving-api's modules import `tensorflow.core...`, and with it all of TensorFlow. Here
the same descriptors are read from a file beside this one, into a pool of their own, so that they do
not meet TensorFlow's where that is loaded too. On the wire both are the same.

`python -m keras_i3d.export.messages.protos` writes the file anew from the installed
tensorflow-serving-api.

Source: tensorflow-serving-api 2.21.0, Apache-2.0.
"""

import functools
import zlib
from importlib import import_module, resources

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import Message

FILE = "serving_protos.zlib"
PACKAGE = "tensorflow.serving"
# The messages that clients send and receive; those inside them come along.
MODULES = ("predict_pb2", "classification_pb2", "get_model_metadata_pb2", "get_model_status_pb2")


@functools.cache
def message_class(name: str) -> type[Message]:
    """Return the class of a message: "PredictRequest", or with its package "tensorflow.Example"."""
    full_name = name if "." in name else f"{PACKAGE}.{name}"
    return message_factory.GetMessageClass(_pool().FindMessageTypeByName(full_name))


@functools.cache
def _pool() -> descriptor_pool.DescriptorPool:
    pool = descriptor_pool.DescriptorPool()
    data = resources.files("keras_i3d.export.messages").joinpath(FILE).read_bytes()
    for file in descriptor_pb2.FileDescriptorSet.FromString(zlib.decompress(data)).file:
        pool.Add(file)
    return pool


def described() -> bytes:
    """Return the file's content, from tensorflow-serving-api; imports before importers."""
    found: dict[str, descriptor_pb2.FileDescriptorProto] = {}

    def add(file) -> None:
        if file.name not in found:
            for dependency in file.dependencies:
                add(dependency)
            found[file.name] = descriptor_pb2.FileDescriptorProto()
            file.CopyToProto(found[file.name])

    for name in MODULES:
        add(import_module(f"tensorflow_serving.apis.{name}").DESCRIPTOR)
    files = descriptor_pb2.FileDescriptorSet(file=found.values())
    return zlib.compress(files.SerializeToString(deterministic=True), 9)


if __name__ == "__main__":
    resources.files("keras_i3d.export.messages").joinpath(FILE).write_bytes(described())
