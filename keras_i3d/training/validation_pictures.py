"""What a validation looked like: its confusion matrix and its surest mistakes, as pictures."""

from collections.abc import Sequence

import keras
import numpy as np
from PIL import Image

from keras_i3d.data.pixels.preprocessing import Preprocessing, unscale
from keras_i3d.visualisation.confusion import draw_confusion
from keras_i3d.visualisation.filmstrips import filmstrips
from keras_i3d.visualisation.flow_colours import flow_legend, flow_picture

# Mistakes that are drawn, and frames of each; no other clips of a validation are kept.
MOST, FRAMES = 6, 6


class Pictures:
    """Gathers a validation's batches; one label a clip.

    Args:
        class_names: in the labels' order.
        preprocessing: of the clips, to undo their scaling; of several streams nothing is drawn.
        stream: the one that is drawn where clips come with those of a teacher.
        most: mistakes that are kept, the surest.

    Attributes:
        counts: (classes, classes) examples, by their true class and the one chosen for them.
        mistakes: (probability of the class chosen, caption, (time, height, width, 3) uint8) each,
            the surest first.
        of_flow: whether the clips are flow, so that its legend stands below them.
    """

    def __init__(
        self,
        class_names: Sequence[str],
        preprocessing: Preprocessing,
        stream: str | None = None,
        most: int = MOST,
    ):
        self.class_names, self.stream, self.most = tuple(class_names), stream, most
        self.preprocessing, self.of_flow = preprocessing, False
        self.begin()

    def begin(self) -> None:
        """Forget what was gathered."""
        classes = len(self.class_names)
        self.counts = np.zeros((classes, classes), np.int64)
        self.mistakes: list[tuple[float, str, np.ndarray]] = []

    def add(self, clips, labels, scores, weights) -> None:
        """Take one batch.

        Args:
            clips: (own, time, height, width, 3 or 2) scaled as networks take them: the examples of
                this process, the first of all.
            labels: (batch, classes) of 0 and 1.
            scores: (batch, classes) logits.
            weights: (batch,); an example of weight 0 does not count.
        """
        labels, scores, weights = (np.asarray(a) for a in (labels, scores, weights))
        true, chosen, counted = labels.argmax(1), scores.argmax(1), weights > 0
        np.add.at(self.counts, (true[counted], chosen[counted]), 1)
        if self.stream and not hasattr(clips, "shape"):
            clips = clips[self.stream]
        if not hasattr(clips, "shape"):  # several streams: nothing is drawn
            return
        own, self.of_flow = np.arange(len(true)) < clips.shape[0], clips.shape[-1] == 2
        for row in np.flatnonzero(own & counted & (true != chosen)):
            sure = float(keras.ops.softmax(scores[row])[chosen[row]])
            if len(self.mistakes) == self.most and sure <= self.mistakes[-1][0]:
                continue
            names = self.class_names[true[row]], self.class_names[chosen[row]]
            caption = f"{names[0]}, taken for {names[1]} ({sure:.2f})"
            self.mistakes.append((sure, caption, _shown(clips[row], self.preprocessing)))
            self.mistakes.sort(key=lambda mistake: -mistake[0])
            del self.mistakes[self.most :]

    def drawn(self) -> dict[str, Image.Image]:
        """Return {"confusion": ..., "mistakes": ...}; without what there is none of."""
        found = {}
        if self.counts.any():
            found["confusion"] = draw_confusion(self.counts, self.class_names)
        if self.mistakes:
            strips = {f"{n + 1}. {text}": clip for n, (_, text, clip) in enumerate(self.mistakes)}
            if self.of_flow:
                strips["colours of flow"] = flow_legend()[None]
            found["mistakes"] = Image.fromarray(filmstrips(strips, FRAMES))
        return found


def _shown(clip, preprocessing: Preprocessing) -> np.ndarray:
    """A few frames of a scaled clip as (time, height, width, 3) uint8."""
    times = np.linspace(0, clip.shape[0] - 1, min(FRAMES, clip.shape[0])).round().astype(int)
    frames = np.float32(keras.ops.convert_to_numpy(clip))[times]
    frames = unscale(frames, preprocessing)
    if frames.shape[-1] == 2:
        return flow_picture(frames)
    return np.rint(np.clip(frames, 0, 255)).astype(np.uint8)
