"""The features that downstream code reads: windows, rates, arrays, names and types of each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from keras_i3d.features.video_features import Features
from keras_i3d.files.whole import whole_file, write_whole

Files = dict[str, np.ndarray]


@dataclass(frozen=True)
class Layout:
    """What one family of downstream code expects.

    stream: "rgb" or "both".
    settings: of the features, as fields of Settings.
    files: from a video's features to {path, with {id} for its name: array}.
    readers: the code that reads them.
    """

    stream: str
    settings: Mapping[str, Any]
    files: Callable[[Features], Files]
    readers: str


def _one_file(name: str) -> Callable[[Features], Files]:
    """RGB first, then flow, in one array."""
    return lambda features: {name: np.concatenate(list(features.named().values()), axis=-1)}


def _of_each_stream(name: str) -> Callable[[Features], Files]:
    return lambda features: {
        name.replace("{stream}", stream): array for stream, array in features.named().items()
    }


THUMOS = {"window": 16, "stride": 4, "fps": "native", "tail": "drop"}
SNIPPETS = {"window": 16, "stride": 16}
LAYOUTS = {
    # configs/thumos_i3d.yaml: feat_stride 4, num_frames 16. Twenty frames give two features.
    "actionformer": Layout("both", THUMOS, _one_file("{id}.npy"), "ActionFormer, TriDet"),
    # The same files; feature_stride=4, offset_frames=8.
    "opentad": Layout("both", THUMOS, _one_file("{id}.npy"), "OpenTAD"),
    "wtal": Layout(
        "both",
        {**SNIPPETS, "fps": 25, "tail": "drop"},
        _of_each_stream("{stream}/{id}.npy"),
        "LACP, BaS-Net and other weakly supervised localisation",
    ),
    "bmt": Layout(
        "both",
        {"window": 64, "stride": 64, "fps": 25, "tail": "loop"},
        _of_each_stream("{id}_{stream}.npy"),
        "BMT, MDVC (dense captioning)",
    ),
    # Charades-STA; TACoS with stride=16.
    "vslnet": Layout(
        "rgb",
        {"window": 24, "stride": 24, "fps": 24, "tail": "loop"},
        _one_file("{id}.npy"),
        "VSLNet (moments of a video by text)",
    ),
    "rtfm": Layout(
        "rgb",
        {**SNIPPETS, "fps": "native", "tail": "repeat_last", "crops": 10},
        _one_file("{id}_i3d.npy"),
        "RTFM and other weakly supervised anomaly detection",
    ),
}


def layout_named(name: str) -> Layout:
    """Return a layout; ValueError lists those there are."""
    if name not in LAYOUTS:
        raise ValueError(f"layout should be one of {', '.join(LAYOUTS)}. Received: layout={name!r}")
    return LAYOUTS[name]


def write_layout(features: Features, stem: Path, layout: Layout) -> list[Path]:
    """Write a video's features as downstream code reads them; return the files.

    Beside them, in metadata/NAME.json, stands what they rest on and the times of their windows.

    Args:
        features: of one layer.
        stem: the place, and the video's name.
        layout: one of LAYOUTS.
    """
    if len(features.metadata["features"]["layers"]) > 1:
        raise ValueError("layers should be one at most for a layout. Received: several")
    paths = []
    for name, array in layout.files(features).items():
        paths.append(stem.parent / name.replace("{id}", stem.name))
        with whole_file(paths[-1]) as file:
            np.save(file, np.ascontiguousarray(array, np.float32))
    paths.append(stem.parent / "metadata" / f"{stem.name}.json")
    write_whole(paths[-1], features.metadata_json() + "\n")
    return paths
