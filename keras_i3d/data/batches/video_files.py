"""Video files of a list as a source of clips: decoded when they are read, nothing held."""

import os
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from keras_i3d.data.batches.clip_sources import Choice, crop_flow
from keras_i3d.data.flow.flow_files import SUFFIX, FlowFile, FlowFileError
from keras_i3d.data.flow.methods import check_equal, decode
from keras_i3d.data.lists.annotations import Video
from keras_i3d.data.pixels.cropping import Cropper
from keras_i3d.data.pixels.preprocessing import DEEPMIND_RGB, Input, Preprocessing
from keras_i3d.data.pixels.resizing import resize, resized
from keras_i3d.data.video.decoding import VideoError
from keras_i3d.data.video.timelines import OtherFramesError, Timeline, Timelines, read_frames


class VideoFiles:
    """Video files, read at `fps` frames per second from the key picture before a clip.

    May be read by many threads at a time; decoding does not hold Python's lock.

    Args:
        videos: the list.
        class_names: a label is a place in it.
        flow_folder: where tools/compute_flow.py put the flow of these files: that of ROOT/NAME is
            FLOW_FOLDER/NAME.flow.zip. None if there is none.
        root: the folder of the videos; only needed for flow_folder.
        fps: frames per second at which the frames are numbered.
        notes: what the list's reader chose or left aside, in sentences.

    Raises:
        VideoError: while reading, when a file gives no frames; it names the file.
        FlowFileError, FingerprintError: while reading, when a flow file is damaged, or was made at
            another rate than `fps`, or in another way than the first one.
    """

    def __init__(
        self,
        videos: Sequence[Video],
        class_names: Sequence[str],
        flow_folder: str | os.PathLike | None = None,
        root: str | os.PathLike | None = None,
        fps: int = DEEPMIND_RGB.fps,
        notes: tuple[str, ...] = (),
    ):
        if flow_folder is not None and root is None:
            raise ValueError(
                "with flow_folder, root should be the folder of the videos. Received: None"
            )
        self.videos, self.class_names = list(videos), tuple(class_names)
        self.num_videos = len(self.videos)
        self._flow_folder, self._root = flow_folder, root
        self.fps, self.notes = fps, notes
        self._timelines = Timelines(fps)
        self._fingerprint = None

    def id(self, index: int) -> str:
        """Return the video's own name."""
        return self.videos[index].id

    def labels(self, index: int) -> tuple[int, ...]:
        """Return the numbers of its classes."""
        return self.videos[index].labels

    def check_flow(self, spec: Preprocessing) -> None:
        """Refuse flow that is missing for every video, or that is not of the frames of `spec`.

        The first file that can be read tells how all were made; reading checks the others.

        Raises:
            ValueError: there is no flow_folder, or it has none of these videos' flow.
            FingerprintError: the flow is of another rate, or of frames of another size.
        """
        for index in range(self.num_videos):
            try:
                with FlowFile(self._flow_path(index)) as stored:
                    return stored.check_made_with(fps=spec.fps, short_side=spec.short_side)
            except FlowFileError:
                continue
        raise ValueError(
            f"flow_folder should have the flow of these videos, such as {self._flow_path(0)}. "
            f"Received: flow_folder={self._flow_folder}, which has none of them"
        )

    def num_frames(self, index: int) -> int:
        """Return its number of frames, at `fps` a second; the file is read for it, once."""
        video = self.videos[index]
        return len(_part(video, self._timelines.indexed(video.path), self.fps))

    def read(
        self, index: int, start: int, count: int, streams: Sequence[str] = ("rgb",)
    ) -> dict[str, np.ndarray]:
        """Return whole frames, with a shorter side of 256 pixels; see clip_sources.Source."""
        clip = {}
        numbers = np.arange(start, start + count)
        if "rgb" in streams:
            clip["rgb"] = self._frames(index, lambda total: {"rgb": numbers}, _whole)[1]
        if "flow" in streams:
            clip["flow"] = self._flow(index, numbers, lambda flow: flow)
        return clip

    def read_crops(
        self,
        index: int,
        choose: Choice,
        crops: Sequence[tuple[float, float]],
        inputs: Mapping[str, Input],
    ) -> dict[str, np.ndarray] | None:
        """Return crops of chosen frames; see clip_sources.read_crops."""
        croppers, rgb = {}, inputs.get("rgb")

        def cut(frame):
            size = frame.shape[:2]
            if size not in croppers:  # files may change theirs
                croppers[size] = Cropper(*size, rgb.short_side, rgb.crop, crops, rgb.keep_aspect)
            return croppers[size](frame)

        numbers, frames = self._frames(index, choose, cut if rgb else None)
        if numbers is None:
            return None
        clip = {"rgb": frames.swapaxes(0, 1)} if rgb else {}
        if "flow" in inputs:
            where, flow = self.videos[index].path, inputs["flow"]

            def cut_flow(picture):
                return crop_flow(picture[None], np.zeros(1, int), crops, flow, where)

            pictures = self._flow(index, numbers["flow"], cut_flow)
            clip["flow"] = pictures[:, :, 0].swapaxes(0, 1)
        return {stream: clip[stream] for stream in inputs}

    def _frames(
        self, index: int, choose: Choice, change: Callable | None
    ) -> tuple[Mapping[str, np.ndarray] | None, np.ndarray | None]:
        """(numbers that were chosen, the frames of rgb after `change`), None if none was."""
        video, timelines = self.videos[index], self._timelines
        try:
            return _chosen(video, timelines.indexed(video.path), self.fps, choose, change)
        except OtherFramesError:
            return _chosen(video, timelines.decoded(video.path), self.fps, choose, change)

    def _flow_path(self, index: int) -> str:
        if self._flow_folder is None:
            raise ValueError(
                "flow_folder should name the folder of these videos' flow, which compute_flow "
                "makes. Received: None"
            )
        name = os.path.relpath(self.videos[index].path, self._root)
        return os.path.join(self._flow_folder, name + SUFFIX)

    def _flow(self, index: int, numbers: np.ndarray, change: Callable) -> np.ndarray:
        video = self.videos[index]
        with FlowFile(self._flow_path(index)) as stored:
            stored.check_made_with(fps=self.fps)
            self._fingerprint = self._fingerprint or stored.fingerprint
            check_equal(self._fingerprint, stored.fingerprint, stored.path)
            places = np.minimum(numbers + _first_tick(video, self.fps), len(stored) - 1)
            different, inverse = np.unique(places, return_inverse=True)
            bound = stored.fingerprint.bound
            pictures = [decode(change(stored[int(place)]), bound) for place in different]
        return np.stack(pictures)[inverse]


def _first_tick(video: Video, fps: int) -> int:
    return round((video.start or 0) * fps)


def _part(video: Video, timeline: Timeline, fps: int) -> np.ndarray:
    """The frame at each tick of the part of the file that is the video."""
    first = _first_tick(video, fps)
    end = None if video.end is None else max(first + 1, round(video.end * fps))
    part = timeline.frames[first:end]
    if not len(part):
        raise VideoError(video.path, f"it ends before {video.start} s, where the video begins")
    return part


def _chosen(
    video: Video, timeline: Timeline, fps: int, choose: Choice, change: Callable | None
) -> tuple:
    part = _part(video, timeline, fps)
    chosen = choose(len(part))
    if chosen is None or change is None:
        return chosen, None
    numbers = chosen["rgb"]
    if not 0 <= numbers.min() <= numbers.max() < len(part):
        raise ValueError(
            f"{video.path} should have frames {numbers.min()} to {numbers.max()}. "
            f"Received: {len(part)} frames"
        )
    different, inverse = np.unique(part[numbers], return_inverse=True)
    frames = None
    for place, (_, image) in enumerate(read_frames(video.path, different.tolist(), timeline)):
        changed = change(image)
        if frames is None:
            frames = np.empty((len(different), *changed.shape), changed.dtype)
        frames[place] = changed
    same = len(inverse) == len(different) and (np.diff(inverse) > 0).all()
    return chosen, frames if same else frames[inverse]


def _whole(frame: np.ndarray) -> np.ndarray:
    return resize(frame, *resized(*frame.shape[:2], DEEPMIND_RGB.short_side))
