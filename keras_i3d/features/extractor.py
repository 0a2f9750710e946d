"""From windows of frames to features: the network, opened once for any number of videos."""

import dataclasses
from collections.abc import Hashable, Iterable, Iterator
from functools import cached_property
from typing import Any

import keras
import numpy as np

from keras_i3d import engines
from keras_i3d.applications.loaded import LoadedNetwork, load
from keras_i3d.data.pixels.pace import Pace
from keras_i3d.data.pixels.preprocessing import scale
from keras_i3d.engines.calibration import calibration_clips
from keras_i3d.features.description import described, how_made
from keras_i3d.features.layers_of_network import feature_layers, head_pool
from keras_i3d.features.pooling import pooled
from keras_i3d.features.seen_frames import Sight
from keras_i3d.features.settings import Settings
from keras_i3d.features.timed_windows import TimedWindow, TimedWindows, timed_windows
from keras_i3d.features.video_facts import VideoFacts
from keras_i3d.features.video_features import Arrays, Features, FeatureWindow
from keras_i3d.shown_options import options_of


class FeatureExtractor:
    """A network that is ready to extract features from videos.

        extractor = keras_i3d.FeatureExtractor(network="i3d", weights="kinetics", stride=16)
        for path in paths:
            features = extractor.features(path)

    Args:
        network: its name in the catalogue, or what `keras_i3d.load` gave.
        weights: a name or a file, as for `keras_i3d.load` ["kinetics"].
        stream: "rgb", "flow" or "both" ["rgb"]. A loaded network has weights and stream itself.
        settings: the fields of `Settings`, by name: window, stride, fps, layers and so on.

    Attributes:
        network, settings, sight: what is used, with every number filled in.

    Raises:
        ValueError: there is no such network, stream, layer or engine, or a number is out of range.
        EngineError: the engine cannot be made, or int8 would not be close enough to float32.
    """

    @options_of(Settings)
    def __init__(
        self,
        network: str | LoadedNetwork = "i3d",
        weights: str | None = None,
        stream: str | None = None,
        **settings,
    ):
        settings = Settings(**settings)
        if isinstance(network, str):
            network = load(weights or "kinetics", model=network, stream=stream or "rgb")
        else:
            check_alone(network, weights, stream)
        self.network, inputs = network, network.record.inputs
        self.settings = settings = settings.filled(inputs)
        self.sight = Sight(
            inputs, settings.fps, settings.crops, settings.flows, settings.frames_fps
        )
        if settings.flows and "flow" not in inputs:
            raise ValueError(
                f"stored flow should be for a network that sees flow. Received: "
                f"flow={settings.flows} for {network.record.network} of {network.record.stream}"
            )
        if settings.window < self.least_window:
            raise ValueError(
                f"window should be at least {self.least_window} frames, the fewest that "
                f"{network.record.network} takes. Received: window={settings.window}"
            )
        self._layers = feature_layers(network, settings.layers)
        names = [name for layers in self._layers.values() for name in layers.values()]
        self._pools = {name: head_pool(network, name) for name in names}
        int8 = settings.precision == "int8"
        self._engine = engines.open(
            network,
            outputs=names,
            engine=settings.engine,
            precision=settings.precision,
            calibration=calibration_clips(network, settings.calibrate) if int8 else None,
        )

    def features(self, video, *, name: str | None = None) -> Features:
        """Return the features of one video.

        Args:
            video: a path, uint8 frames (time, height, width, 3), or an iterable of such frames.
            name: of the video in the folder of stored flow.

        Raises:
            VideoError: the video gives no frames.
        """
        seen = timed_windows(video, self.sight, self.settings.cutting, name)
        windows = list(self._windows(seen))
        return self.gathered(windows, seen.facts)

    def windows(self, video, *, name: str | None = None) -> Iterator[FeatureWindow]:
        """Give the features of a video window by window; only a few windows are held.

        Arguments and errors as of `features`.
        """
        return self._windows(timed_windows(video, self.sight, self.settings.cutting, name))

    def _windows(self, seen: TimedWindows) -> Iterator[FeatureWindow]:
        for _, window in self.run((None, one) for one in seen):
            yield window

    def run(
        self, windows: Iterable[tuple[Hashable, TimedWindow]]
    ) -> Iterator[tuple[Hashable, FeatureWindow]]:
        """Give (key, features) of (key, window), in their order, whatever videos they are of.

        Batches always have the settings' size, the last one filled up with its last window: so the
        numbers of a window do not depend on those that happen to be beside it.
        """
        for batch, outputs in self._engine.stream(self._batches(windows)):
            outputs = {n: pooled(a, self.settings.pooling, self._pools[n])
                       for n, a in outputs.items()}  # fmt: skip
            crops = self.settings.crops
            for place, (key, one) in enumerate(batch):
                own = slice(place * crops, (place + 1) * crops) if crops > 1 else place
                arrays = {
                    stream: {layer: outputs[name][own] for layer, name in layers.items()}
                    for stream, layers in self._layers.items()
                }
                yield key, FeatureWindow(arrays, one.start, one.centre, one.end)

    def _batches(self, windows: Iterable) -> Iterator[tuple[tuple, dict[str, np.ndarray]]]:
        waiting: list = []
        for key, one in windows:
            if waiting and len(waiting[-1][1].frames) != len(one.frames):  # a partial tail
                yield self._batch(waiting)
                waiting = []
            waiting.append((key, one))
            if len(waiting) == self.settings.batch:
                yield self._batch(waiting)
                waiting = []
        if waiting:
            yield self._batch(waiting)

    def _batch(self, waiting: list) -> tuple[tuple, dict[str, np.ndarray]]:
        """(the windows without their frames, their clips by stream)."""
        held = [one.frames for _, one in waiting]
        held += held[-1:] * (self.settings.batch - len(held))
        places = Pace(self.sight.inputs).places(len(held[0]))
        clips = {}
        for stream, spec in self.sight.inputs.items():
            seen = places[stream]
            if len(seen) < self._least[stream]:  # a partial tail that is too short for the network
                seen = np.resize(seen, self._least[stream])
            clip = np.stack([np.stack([f[n][stream] for n in seen], axis=1) for f in held])
            clip = clip.reshape(-1, *clip.shape[2:])
            clips[stream] = scale(clip, spec.preprocessing)
        bare = tuple((key, dataclasses.replace(one, frames=[])) for key, one in waiting)
        return bare, clips

    def gathered(
        self, windows: Iterable[FeatureWindow], facts: VideoFacts, labels: tuple[str, ...] = ()
    ) -> Features:
        """Return a video's record of its windows' features; `labels` are its classes' names."""
        windows = list(windows)
        arrays: Arrays = {
            stream: {
                layer: np.stack([w.arrays[stream][layer] for w in windows])
                if windows
                else np.zeros((0, *self._shapes[name]), np.float32)
                for layer, name in layers.items()
            }
            for stream, layers in self._layers.items()
        }
        times = (np.array([getattr(w, t) for w in windows]) for t in ("start", "centre", "end"))
        about = self.described(facts, len(windows))
        if labels:
            about["metadata"]["video"]["labels"] = list(labels)
        return Features(arrays, *times, **about)

    def described(self, facts: VideoFacts, windows: int) -> dict[str, Any]:
        """Return the fps, notes and metadata of a video's Features."""
        every, least = self.sight.every, self.least_window
        return described(facts, windows, self.settings, every, least, self.metadata)

    @cached_property
    def least_window(self) -> int:
        """Frames of the shortest window that the network takes as it is."""
        return Pace(self.sight.inputs).holding(self._least)

    @property
    def _least(self) -> dict[str, int]:
        """Frames of each stream that the network needs."""
        least = self.network.record.least_clip[0]
        return {stream: least * one.stack for stream, one in self.sight.inputs.items()}

    @cached_property
    def _shapes(self) -> dict[str, tuple[int, ...]]:
        """{layer: the shape of its features of one window}, where there is none; not computed."""
        model, crops = self.network.model, self.settings.crops
        places = Pace(self.sight.inputs).places(self.settings.window)
        clips = {}
        for stream, one in self.sight.inputs.items():
            side = one.preprocessing.crop
            shape = (crops, len(places[stream]), side, side, one.channels)
            clips[stream] = keras.KerasTensor(shape)
        if not isinstance(model.input, dict):
            (clips,) = clips.values()
        layers = {name: model.get_layer(name).output for name in self._pools}
        maps = keras.Model(model.input, layers)(clips)
        shapes = {
            name: pooled(np.zeros(one.shape), self.settings.pooling, self._pools[name]).shape
            for name, one in maps.items()
        }
        return {name: shape if crops > 1 else shape[1:] for name, shape in shapes.items()}

    @cached_property
    def metadata(self) -> dict[str, Any]:
        """How this network with these settings makes features; goes into JSON."""
        return how_made(self.network, self._layers, self.settings, self.sight, self._engine.details)


def check_alone(network: LoadedNetwork, weights: str | None, stream: str | None) -> None:
    """Check that nothing is asked of a loaded network that it is not.

    Raises:
        ValueError: it is given weights, or the stream that another network sees.
    """
    given = {"weights": weights, "stream": None if stream == network.record.stream else stream}
    if wrong := {name: value for name, value in given.items() if value is not None}:
        raise ValueError(
            f"a loaded network of {network.record.stream} should be given alone, as it has weights "
            f"and stream. Received: {', '.join(f'{name}={v!r}' for name, v in wrong.items())}"
        )
