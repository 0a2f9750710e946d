"""The Network record: all that the package must know of one architecture."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import keras

from keras_i3d.data.pixels.preprocessing import Input
from keras_i3d.models.published_figures import PUBLISHED, PublishedFigures


@dataclass(frozen=True)
class Network:
    """All that the package must know of one architecture.

    name: as in `keras-i3d train --model=NAME`.
    build: the functional model without weights; takes stream (unless `joint`), include_top,
        classes, input_shape, pooling, classifier_activation, dropout, name; and, where
        `any_width`, width: a factor of all channels between the input and the classes.
    inputs: what each stream sees.
    joint: whether all streams go in at once, as {stream: clip}; else each has a network of its own.
    head: the layers that hold the class scores: what new classes start anew.
    features: the end point that is given out as features.
    parameters: trainable values with 400 classes, by stream; "both" of a joint network.
    paper: where the architecture comes from.
    logits: the layer of the scores before softmax or sigmoid.
    prefixes: what precedes the layers' names of each stream of a joint network.
    least_clip: the smallest (steps, height, width) that the network takes with its head; a step is
        a frame, or as many as the stream's input stacks.
    losses: the layers of scores of which training takes a loss each, to be added: (batch, classes),
        or (batch, steps, classes), where the losses of all steps are added; none: `logits` alone.
    in_clips: whether a whole video goes through it in clips of the inputs' own frames, one after
        the other, whose predictions are averaged; else in one piece, where memory allows.
    image_weights: whether weights="imagenet" starts it from an image network.
    for_image_weights: what to take instead, where one would expect that it does.
    both: the joint network of all its streams, by name; None if there is none.
    layouts: {layout: what its streams see} of weights files whose publisher has it otherwise.
    any_size: whether it takes clips of any size unless `input_shape` says otherwise; if not, build
        it with the `input_shape` of the clips, of a joint network {stream: shape}.
    any_width: whether `build` takes `width`.
    """

    name: str
    build: Callable[..., keras.Model]
    inputs: Mapping[str, Input]
    head: tuple[str, ...]
    features: str
    parameters: Mapping[str, int]
    paper: str
    joint: bool = False
    logits: str = "Logits"
    prefixes: Mapping[str, str] = field(default_factory=dict)
    least_clip: tuple[int, int, int] = (1, 1, 1)
    image_weights: bool = False
    for_image_weights: str = ""
    both: str | None = None
    any_size: bool = True
    any_width: bool = False
    losses: tuple[str, ...] = ()
    in_clips: bool = False
    layouts: Mapping[str, Mapping[str, Input]] = field(default_factory=dict)

    @property
    def published(self) -> tuple[PublishedFigures, ...]:
        """What papers say of its accuracy."""
        return PUBLISHED.get(self.name, ())

    @property
    def streams(self) -> tuple[str, ...]:
        """What `stream` may be: "rgb", "flow", or "both" for a joint network."""
        return ("both",) if self.joint else tuple(self.inputs)

    def seen(self, stream: str, layout: str | None = None) -> dict[str, Input]:
        """Return what the network of this stream sees: {"rgb": ...}, or several of a joint network.

        `layout` is that of the weights' file, as `weights.s3d_layouts` finds it.

        Raises:
            ValueError: when there is no such stream; it names those there are.
        """
        if stream not in self.streams:
            raise ValueError(
                f"stream should be one of {self.streams} for {self.name}. Received: "
                f"stream={stream!r}"
            )
        inputs = self.layouts.get(layout, self.inputs)
        return dict(inputs) if self.joint else {stream: inputs[stream]}

    def model(self, stream: str, **options) -> keras.Model:
        """Return the functional model of one stream without weights; options as for `build`."""
        self.seen(stream)
        return self.build(**options) if self.joint else self.build(stream=stream, **options)

    def feature_layers(self, stream: str) -> dict[str, str]:
        """Return {stream: name of the layer whose output is its features}."""
        return {s: self.prefixes.get(s, "") + self.features for s in self.seen(stream)}
