"""One .npz file: "rgb" and "flow", "start", "centre", "end", and "metadata" in JSON."""

from pathlib import Path

import numpy as np

from keras_i3d.features.video_features import Features
from keras_i3d.files.whole import whole_file


def write(features: Features, stem: Path) -> list[Path]:
    """Write STEM.npz; `numpy.load` reads it, without pickles."""
    path = stem.with_name(f"{stem.name}.npz")
    with whole_file(path) as file:
        np.savez(
            file,
            **features.named(),
            **features.times(),
            metadata=np.array(features.metadata_json()),
        )
    return [path]
