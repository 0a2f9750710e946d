"""The classification API's tf.Examples: their context joined to each, within the limits."""

from collections.abc import Sequence

import numpy as np

from keras_i3d.export.served_record import EXAMPLE_FRAMES
from keras_i3d.export.server.options import Limits
from keras_i3d.export.server.refusal import Refusal, too_many_frames


def examples_of(request, limits: Limits) -> np.ndarray:
    """Return a classification request's tf.Examples as bytes; a context is joined to each.

    Raises:
        Refusal: more frames, or more bytes, than one request may have.
    """
    given = request.input
    if given.WhichOneof("kind") == "example_list_with_context":
        given = given.example_list_with_context
        return joined(given.examples, given.context, limits)
    return joined(given.example_list.examples, None, limits)


def joined(examples: Sequence, context, limits: Limits) -> np.ndarray:
    """Return examples as bytes, each with the features of the context that it does not have itself.

    The context is copied into each, so what they take together is told before.
    """
    shared, frames_of_context = 0, 0
    if context is not None:
        shared, frames_of_context = context.ByteSize(), _frames(context)
    frames = sum(_frames(example) or frames_of_context for example in examples)
    # An example without any frame is refused by the model, one by one.
    if max(frames, len(examples)) > limits.frames:
        raise too_many_frames(max(frames, len(examples)), limits.frames)
    size = sum(example.ByteSize() for example in examples) + shared * len(examples)
    if size > limits.message_bytes:
        raise Refusal(
            "RESOURCE_EXHAUSTED",
            f"{len(examples)} examples, each with the context, take {size} bytes; at most "
            f"{limits.message_bytes} are taken in a request",
            http=413,
        )
    found = np.empty(len(examples), object)
    for number, example in enumerate(examples):
        whole = example
        if context is not None:
            whole = type(example)()
            whole.CopyFrom(context)
            whole.MergeFrom(example)
        found[number] = whole.SerializeToString()
    return found


def _frames(example) -> int:
    features = example.features.feature
    return len(features[EXAMPLE_FRAMES].bytes_list.value) if EXAMPLE_FRAMES in features else 0
