"""A .npy file an array, and what they rest on beside them in JSON."""

from pathlib import Path

import numpy as np

from keras_i3d.features.video_features import Features
from keras_i3d.files.whole import whole_file, write_whole


def write(features: Features, stem: Path) -> list[Path]:
    """Write STEM_rgb.npy, STEM_flow.npy, STEM_times.npy and STEM.json.

    The times are (windows, 3): start, centre and end of each.
    """
    times = np.stack(list(features.times().values()), axis=1)
    paths = []
    for name, array in {**features.named(), "times": times}.items():
        paths.append(stem.with_name(f"{stem.name}_{name}.npy"))
        with whole_file(paths[-1]) as file:
            np.save(file, array)
    paths.append(stem.with_name(f"{stem.name}.json"))
    write_whole(paths[-1], features.metadata_json() + "\n")
    return paths
