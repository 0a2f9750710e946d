"""An image network as a video network in a file: inflated, checked, written, read back."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np

import keras_i3d
from keras_i3d.applications.from_file import record_of_inflated
from keras_i3d.applications.image_networks import image_network, preprocessing_of
from keras_i3d.files.hashes import sha256
from keras_i3d.files.places import check_room
from keras_i3d.files.whole import whole_path, write_whole
from keras_i3d.inflation import BoringVideo, boring_video_check, inflate
from keras_i3d.shown_options import options_of
from keras_i3d.weights.integrity import weights_hash
from keras_i3d.weights.trained import TrainedRecord, write_record

# Largest difference from the image network's activations on a still clip.
TOLERANCE = 1e-4


@options_of(inflate, without=("model_2d", "name"))
def inflate_to_file(
    source: str,
    out: str | os.PathLike,
    *,
    weights: str = "imagenet",
    preprocessing: str | None = None,
    check_frames: int = 16,
    check_side: int = 224,
    watch: Callable[[], object] = lambda: None,
    **options,
) -> BoringVideo:
    """Inflate an image network and write it, with a record beside it, if the check is passed.

    Args:
        source: inception_v1, a network of keras.applications, or a .keras file.
        out: the .keras or .weights.h5 file.
        weights: of a named source: "imagenet", "none" or a file.
        preprocessing: what the image network wants of its pixels, by keras.applications' mode; by
            default its own, and "tf" of a file.
        check_frames, check_side: of the still clip, where the network leaves them free.
        watch: called after each of three steps, for a progress bar.
        options: as for `inflate`: schedule, frames, kernel, temporal_padding.

    Returns:
        How the check came out. Nothing is written where its difference is above TOLERANCE.

    Raises:
        ValueError: there is no such network, or it cannot be inflated.
        OSError: its weights could not be fetched, or the file not be written.
    """
    model_2d = image_network(source, weights)
    watch()
    model_3d = inflate(model_2d, **options)
    watch()
    height, width, channels = (n or check_side for n in model_2d.input_shape[1:])
    image = np.random.default_rng(0).uniform(-1, 1, (height, width, channels))
    result = boring_video_check(model_2d, model_3d, image.astype(np.float32), check_frames)
    watch()
    if result.difference <= TOLERANCE:
        made = {"source": source, "weights": weights, **options, "check_frames": check_frames}
        seen = preprocessing or preprocessing_of(source)
        record = record_of_inflated(model_3d, seen, made)
        about = {**made, "source_weights_sha256": weights_hash(model_2d)}
        _write(model_3d, Path(out), about, result, record)
    return result


def _write(
    model: keras.Model, out: Path, about: dict, result: BoringVideo, record: TrainedRecord | None
) -> None:
    """Write the network and its sidecar; both are there only after they were read back equal."""
    with whole_path(out) as path:
        if out.name.endswith(".keras"):
            model.save(path)
            if record is not None:
                write_record(path, record)
            again = keras.saving.load_model(path, compile=False)
        else:
            check_room(path, sum(array.nbytes for array in model.get_weights()))
            model.save_weights(path)
            again = keras.models.clone_model(model)
            again.load_weights(path)
        for ours, theirs in zip(model.get_weights(), again.get_weights(), strict=True):
            if not np.array_equal(ours, theirs):
                raise OSError(f"{out} reads back differently from what was written; check the disk")
        about = {
            **about,
            "keras_i3d": keras_i3d.__version__,
            "keras": keras.__version__,
            "file_sha256": sha256(path),
            "check": {
                "largest_difference": result.difference,
                "largest_border_effect": result.border_effect,
                "layers": len(result.rows),
                "unchecked_layers": list(result.unchecked),
            },
        }
        write_whole(f"{out}.json", json.dumps(about, indent=2) + "\n")
