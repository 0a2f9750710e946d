"""How much memory a served model takes, by what its export says of its input."""

import json
import math
from dataclasses import dataclass
from pathlib import Path

from keras_i3d.export.served_record import ServedRecord, from_metadata

# Measured on the I3D that `keras-i3d export_saved_model` writes, TensorFlow 2.21 on a CPU, clips of
# 64 frames of 256 x 340 pixels: 1.0 GB with the network loaded and asked once, then 0.15, 0.37 and
# 0.80 GB more for batches of 1, 2 and 4. Its weights are 51 MB.
LOADED_MB, CLIP_MB, WEIGHTS_MB = 1000, 220, 51
PIXELS = 64 * 224 * 224
ASPECT = 340 / 256


@dataclass(frozen=True)
class ModelSizes:
    """What a model takes, in MB; I3D's by default.

    frames: of a clip. loaded: the network, loaded and asked once. clip: one more clip in the
    network. raw_clip: one that waits, as it was sent.
    """

    frames: int = 64
    loaded: int = LOADED_MB
    clip: int = CLIP_MB
    raw_clip: int = 17


def sizes_of(record: ServedRecord, weights_mb: float = WEIGHTS_MB) -> ModelSizes:
    """Return the sizes of a model, from I3D's in proportion to the pixels that it sees.

    A guess for other networks, which may be wider or deeper: measure before you trust it.

    Args:
        record: of the model.
        weights_mb: of its weights; those beyond I3D's are counted twice, as read and as loaded.
    """
    inputs = record.inputs.values()
    pixels = sum(one.frames * one.crop**2 for one in inputs)
    raw = sum(
        one.frames * one.short_side**2 * ASPECT * one.channels * (1 if stream == "rgb" else 4)
        for stream, one in record.inputs.items()
    )
    return ModelSizes(
        frames=max(one.frames for one in inputs),
        loaded=LOADED_MB + round(2 * max(0, weights_mb - WEIGHTS_MB)),
        clip=math.ceil(CLIP_MB * pixels / PIXELS),
        raw_clip=math.ceil(raw / 1e6),
    )


def exported_sizes(model: Path) -> ModelSizes | None:
    """Return the sizes of the newest version in a model's folder; None if there is none of ours.

    Raises:
        ValueError: when its metadata is damaged.
    """
    numbers = [int(path.name) for path in model.glob("*") if path.name.isdecimal()]
    for number in sorted(numbers, reverse=True):
        path = model / str(number) / "assets.extra" / "metadata.json"
        if path.is_file():
            variables = (path.parent.parent / "variables").glob("variables.data-*")
            weights = sum(file.stat().st_size for file in variables) / 1e6
            return sizes_of(from_metadata(json.loads(path.read_text("utf-8"))), weights)
    return None
