"""The flow that decoders learn from, computed where a data set comes without."""

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from keras_i3d.data.batches.data_source import open_source
from keras_i3d.data.batches.video_files import VideoFiles
from keras_i3d.data.flow.data_sets import compute_flows, named_below
from keras_i3d.data.lists.data_set import DataSet
from keras_i3d.data.pixels.preprocessing import Input


def with_stored_flow(
    data: DataSet,
    inputs: Mapping[str, Input],
    folder: str | os.PathLike,
    method: str = "tvl1",
    watch: Callable = lambda outcomes, frames: outcomes,
) -> DataSet:
    """Return the data set with flow: video files that have none get it, in `folder`.

    Synthetic videos know their flow, and shards hold it. What is there already is kept, so that
    an interrupted call is continued.

    Args:
        data: which videos.
        inputs: what the streams see, of `with_flow`; their rate and size are the flow's.
        folder: for the flow.
        method, watch: as for `compute_flows`.

    Raises:
        ValueError, OSError: when there is no such data.
        FingerprintError: when the folder has flow that was made in another way.
        ImportError: when a package that the method needs is not installed.
    """
    if data.flow_folder is not None:
        return data
    splits = (data.train_split, data.validation_split)
    sources = [open_source(data, split, inputs) for split in splits]
    if not all(isinstance(source, VideoFiles) for source in sources):
        return data
    place = Path(data.data).expanduser()
    root = place if place.is_dir() else place.parent
    paths = [video.path for source in sources for video in source.videos]
    spec = inputs["flow"].preprocessing
    compute_flows(named_below(paths, root), folder, method, spec, watch=watch)
    return replace(data, flow_folder=os.fspath(folder))
