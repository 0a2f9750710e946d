"""A served model's prediction for a whole video: the mean over its windows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from keras_i3d.classes import Stretch, bar, best_classes, timeline
from keras_i3d.data.video.windows import mean_scores
from keras_i3d.export.client.answer import ModelMetadata
from keras_i3d.export.client.client import Client
from keras_i3d.export.client.video_query import WindowAnswer, ask_about, sending
from keras_i3d.shown_options import options_of


@dataclass(frozen=True)
class VideoAnswer:
    """A model's prediction for a video, or for one window of it.

    path: the video. model: its name on the server.
    windows: in the order of time; at least one.
    labels: the names of the classes, in the order of `probabilities`.
    notes: what a careful reader should know of the video, or of the model.
    """

    path: str
    model: str
    windows: tuple[WindowAnswer, ...]
    labels: Sequence[str] = ()
    notes: tuple[str, ...] = ()

    def best(self, top: int = 5) -> list[tuple[str, float]] | None:
        """Return the best classes of all windows together: [("dance", 0.98), ...], best first.

        [] for several windows of a signature that gives the best classes of each alone, which
        cannot be averaged; None for a signature without classes.
        """
        first = self.windows[0].answer
        if "probabilities" in first.outputs:
            scores = [window.answer.outputs["probabilities"][0] for window in self.windows]
            mean = mean_scores(scores, [window.end - window.start for window in self.windows])
            return best_classes(mean, self.labels, top)
        if "scores" not in first.outputs:
            return None
        return first.top()[0][:top] if len(self.windows) == 1 else []

    def timeline(self) -> list[Stretch]:
        """Return one stretch for each run of windows with the same best class."""
        parts = [Stretch(w.start, w.end, *self.of(w).best(1)[0]) for w in self.windows]
        return list(timeline(parts))

    def of(self, window: WindowAnswer) -> "VideoAnswer":
        """Return what was said of one window, without the notes."""
        return replace(self, windows=(window,), notes=())

    def as_json(self, top: int = 5) -> dict[str, Any]:
        """Return the best classes, or the outputs' shapes, with what they rest on."""
        found = {
            "video": self.path,
            "model": self.model,
            "version": self.windows[0].answer.version,
            "start": round(self.windows[0].start, 3),
            "end": round(self.windows[-1].end, 3),
            "windows": len(self.windows),
            "seconds": round(sum(window.answer.seconds for window in self.windows), 3),
            "notes": list(self.notes),
        }
        best = self.best(top)
        if best is None:
            outputs = self.windows[0].answer.outputs
            return found | {"outputs": {name: list(v.shape) for name, v in outputs.items()}}
        return found | {"predictions": [{"label": name, "probability": p} for name, p in best]}

    def as_text(self, top: int = 5) -> str:
        """Return the best classes as bars, with notes, and a timeline of several windows."""
        found = self.as_json(top)
        times = f"{found['start']:g} - {found['end']:g} s"
        lines = [f"{self.path}  {times}, answered in {found['seconds']:g} s"]
        lines += [f"  note: {note}" for note in self.notes]
        for name, probability in self.best(top) or ():
            lines.append(f"  {probability:6.4f}  {name:<30}  {bar(probability)}".rstrip())
        lines += [f"  {name}  {shape}" for name, shape in found.get("outputs", {}).items()]
        if "predictions" in found and len(self.windows) > 1:
            lines.append("  timeline")
            for part in self.timeline():
                times = f"{part.start:7.1f} - {part.end:5.1f} s"
                lines.append(f"  {times}  {part.probability:.2f}  {part.label}")
        return "\n".join(lines)


@options_of(ask_about, without=("how", "notes"))
def ask_video(
    client: Client,
    path: str,
    signature: str | None = None,
    *,
    metadata: ModelMetadata | None = None,
    each: Callable[[VideoAnswer], None] = lambda window: None,
    **options,
) -> VideoAnswer:
    """Ask a model on a server what a video shows.

    Args:
        client: a GrpcClient or RestClient.
        path: the video file.
        signature: what to ask; by default the client's `video_signature`.
        metadata: of the model, where it is known already.
        each: called with what was said of each window, as it comes.
        options: of `ask_about`: window, stride, start, end, files, quality, watch.

    Raises:
        ValueError: when the model has no such signature, or that takes no frames of one video.
        VideoError: when the file gives no frames.
        ServingError: when the server gives no answer.
    """
    metadata = metadata or client.metadata()
    how = sending(metadata, signature or client.video_signature)
    notes: list[str] = []
    windows: list[WindowAnswer] = []
    answer = VideoAnswer(path, metadata.model, (), metadata.labels)
    for window in ask_about(client, how, path, notes=notes, **options):
        windows.append(window)
        each(answer.of(window))
    return replace(answer, windows=tuple(windows), notes=(*notes, *metadata.record.notes))
