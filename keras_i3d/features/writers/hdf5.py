"""One HDF5 file: a data set for each array, the metadata in an attribute."""

from pathlib import Path

import h5py

from keras_i3d.features.video_features import Features
from keras_i3d.files.whole import whole_path


def write(features: Features, stem: Path) -> list[Path]:
    """Write STEM.h5: "rgb", "flow", "start", "centre", "end"; its attribute "metadata" is JSON."""
    path = stem.with_name(f"{stem.name}.h5")
    with whole_path(path) as made, h5py.File(made, "w") as file:
        for name, array in {**features.named(), **features.times()}.items():
            file.create_dataset(name, data=array, track_times=False)
        file.attrs["metadata"] = features.metadata_json()
    return [path]
