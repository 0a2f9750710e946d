"""The flow of one video, in a process of its own: what compute_flow runs many of."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from keras_i3d.data.flow.flow_files import FlowFile, write_flow_file
from keras_i3d.data.flow.methods import decode, fingerprint, flows
from keras_i3d.data.pixels.preprocessing import DEEPMIND_FLOW
from keras_i3d.data.video.decoding import VideoFile
from keras_i3d.data.video.frames import resized_frames
from keras_i3d.visualisation.flow_colours import write_flow_mp4


@dataclass(frozen=True)
class FlowTask:
    """One video, and how its flow is to be made.

    path, out: the video and the file for its flow; video: its name in that file.
    frames: how many it has at `fps`, by its header; for the clock only.
    picture: where to draw the flow, an MP4; None for nowhere.
    largest: pixels of full colour in that drawing.
    threads: pairs at once.
    stored: whether `out` is already there, and only the drawing is missing.
    """

    path: str
    out: str
    video: str
    frames: int
    method: str
    fps: int
    short_side: int
    bound: float
    threads: int
    picture: str | None
    largest: float
    stored: bool = False

    @property
    def spec(self):
        """The preprocessing of the frames, and the flow's bound."""
        sizes = {"fps": self.fps, "short_side": self.short_side, "bound": self.bound}
        return replace(DEEPMIND_FLOW, **sizes)


def store_flow(task: FlowTask) -> int:
    """Compute and store the flow of a video, and draw it; how many pairs of frames it has."""
    os.makedirs(os.path.dirname(task.out) or ".", exist_ok=True)
    if not task.stored:
        if task.method != "tvl1" and task.threads == 1:
            from keras_i3d.data.flow import opencv_flow

            opencv_flow.one_thread()
        with VideoFile(task.path) as video:
            computed = flows(resized_frames(video, task.spec), task.method, task.threads)
            made = fingerprint(task.method, task.spec)
            write_flow_file(task.out, computed, made, task.video)
    with FlowFile(task.out) as stored:
        if task.picture:
            write_flow_mp4(task.picture, _decoded(stored), task.fps, task.largest)
        return len(stored)


def _decoded(stored: FlowFile) -> Iterator[np.ndarray]:
    for number in range(len(stored)):
        yield decode(stored[number], stored.fingerprint.bound)
