"""What a network gives for clips of some size, or one line that says why it gives nothing."""

from collections.abc import Mapping

import keras


def output_shapes(model: keras.Model, clips, whose: str) -> dict[str, tuple]:
    """Return {end point: shape} of what the model gives.

    Args:
        model: from a clip, or {stream: clip}, to {end point: output}.
        clips: their shapes with the batch, in the same form.
        whose: the model's name in messages, such as "teacher d3d/teacher/final.keras".

    Raises:
        ValueError: when it is made for clips of another size, or these are too small.
    """
    taken, pairs = model.input, [(model.input, clips)]
    if isinstance(taken, Mapping):
        pairs = [(tensor, clips[stream]) for stream, tensor in taken.items()]
    for tensor, clip in pairs:
        if any(w not in (None, n) for w, n in zip(tensor.shape, clip, strict=True)):
            raise ValueError(
                f"{whose} should take the student's clips, {clip[1:]}. Received: a network for "
                f"{tensor.shape[1:]}, None where any will do"
            )
    try:
        return model.compute_output_shape(clips)
    except ValueError as error:  # Keras' own is of a layer that nobody has heard of
        sizes = ", ".join(str(clip[1:]) for _, clip in pairs)
        raise ValueError(
            f"{whose} should give {', '.join(model.output)} for the student's clips, {sizes}, "
            f"which are too small for it; take larger ones, or match an end point before "
            f"({str(error).splitlines()[0]})"
        ) from error
