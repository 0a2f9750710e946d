"""The page at /: a video goes up, its classes, their times and the frames used come back."""

import base64
import io
import json
import re
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib import resources
from pathlib import Path

import numpy as np
from PIL import Image

from keras_i3d.classes import Stretch, best_classes, timeline
from keras_i3d.data import VideoError
from keras_i3d.data.pixels.pace import Pace
from keras_i3d.data.video.windows import ONE_PIECE, mean_scores, network_windows
from keras_i3d.export.served_record import RAW_INPUTS, ServedRecord, from_metadata
from keras_i3d.export.server.engine import Engine
from keras_i3d.export.server.refusal import Refusal
from keras_i3d.export.server.servable import Servable
from keras_i3d.export.server.uploads import MOST_FRAMES, uploaded_frames
from keras_i3d.export.server.waiting_places import Places
from keras_i3d.visualisation.stylesheet import stylesheet

TOP = 5
THUMBNAILS, THUMBNAIL_SIDE = 8, 96
# Videos classified at the same time; each takes a process and at most 300 MB on disk.
AT_ONCE, WAITING = 2, 4


@dataclass(frozen=True)
class Question:
    """What is asked about an upload: the model's name, and the part to look at, in seconds."""

    model: str
    start: float = 0
    end: float | None = None


class Page:
    """What stands behind the page.

    Args:
        engine: what answers.
        sample: a video that the page offers to those who have none at hand.
    """

    def __init__(self, engine: Engine, sample: Path | None = None):
        self._engine, self._sample = engine, sample
        self.places = Places("videos", AT_ONCE, WAITING)
        html, *scripts = (
            resources.files(__package__).joinpath(name).read_text("utf-8")
            for name in ("page.html", "cutting.js", "page.js")
        )
        parts = {"{{style}}": stylesheet(), "{{script}}": "\n".join(scripts)}
        self._html = re.sub("|".join(parts), lambda found: parts[found[0]], html)

    def html(self) -> tuple[str, str]:
        """Return (the page, its Content-Security-Policy): nothing is loaded from elsewhere."""
        nonce = secrets.token_urlsafe(16)
        policy = (
            f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; "
            f"connect-src 'self'; img-src data:; media-src blob:; base-uri 'none'; "
            f"form-action 'none'; frame-ancestors 'none'"
        )
        models = self._engine.models
        settings = {
            "models": [{"name": name, "versions": models.served(name)} for name in models.names],
            "sample": bool(self._sample),
            "bytes": self._engine.limits.message_bytes,
            "frames": MOST_FRAMES,
        }
        text = self._html.replace("{{nonce}}", nonce)
        # A "<" in a model's name could end the script.
        return text.replace("{{settings}}", json.dumps(settings).replace("<", "\\u003c")), policy

    def sample(self) -> bytes:
        """Return the sample video."""
        if self._sample is None:
            raise Refusal("NOT_FOUND", "the server was started without --sample=FILE")
        return self._sample.read_bytes()

    def classify(self, question: Question, file, gone: Callable[[], bool] | None) -> Iterator[dict]:
        """Give what a video shows, piece by piece.

        Args:
            question: which model looks, and at which part.
            file: the video, open for reading.
            gone: asked now and then whether the browser has left.

        Yields:
            {"frames", "fps", "notes", "model", "version"}, then for each window {"start", "end",
            "predictions", "thumbnails", "stretch"}, then {"predictions"} of the whole. A stretch
            is what `timeline` makes of the windows so far: the last one, grown or new.

        Raises:
            Refusal: before the first item, or in the middle; with what to do.
        """
        with (
            self.places.at_work(self._engine.limits.seconds, gone),
            self._engine.models.use(question.model) as servable,
            tempfile.TemporaryDirectory(prefix="keras-i3d-upload-") as folder,
        ):
            record = _record(servable)
            sees = record.inputs["rgb"]
            rate = Pace({"rgb": sees}).rate
            path = Path(folder, "video")
            with path.open("wb") as copy:
                shutil.copyfileobj(file, copy)
            try:
                part = {"start": question.start, "end": question.end}
                with uploaded_frames(path, sees, **part, gone=gone) as (frames, notes):
                    notes = [*notes, *record.notes]
                    told = {"frames": len(frames), "fps": rate, "notes": notes}
                    yield {**told, "model": servable.name, "version": servable.version}
                    yield from self._windows(servable, frames, record, question.start, gone)
            except VideoError as error:
                raise Refusal("INVALID_ARGUMENT", str(error)) from error

    def _windows(
        self, servable, frames, record: ServedRecord, offset: float, gone
    ) -> Iterator[dict]:
        sees, labels = record.inputs["rgb"], record.labels
        pace = Pace({"rgb": sees})
        scores, lengths, shown = [], [], []
        whole = min(ONE_PIECE, self._engine.limits.frames)
        options = {"in_clips": record.in_clips, "one_piece": whole}
        for piece in network_windows(range(len(frames)), pace, **options):
            seen = np.asarray(piece.frames)[pace.places(len(piece.frames))["rgb"]]
            inputs = {RAW_INPUTS["rgb"]: frames[seen][None]}
            outputs = self._engine.ask(servable, "serving_default", inputs, gone=gone)
            scores.append(outputs["probabilities"][0])
            lengths.append(piece.end - piece.start)
            times = offset + piece.start / pace.rate, offset + piece.end / pace.rate
            shown.append(Stretch(*times, *best_classes(scores[-1], labels, 1)[0]))
            *_, stretch = timeline(shown)
            yield {
                "start": times[0],
                "end": times[1],
                "predictions": _best(scores[-1], labels),
                "thumbnails": _thumbnails(frames[piece.start : piece.end], sees.crop),
                "stretch": asdict(stretch),
            }
        yield {"predictions": _best(mean_scores(scores, lengths), labels)}


def _record(servable: Servable) -> ServedRecord:
    definition = servable.definition("serving_default")
    if set(definition.inputs) != {RAW_INPUTS["rgb"]} or "probabilities" not in definition.outputs:
        raise Refusal(
            "FAILED_PRECONDITION",
            f"model {servable.name} does not take a video's frames alone; ask it by gRPC or REST",
        )
    try:
        record = from_metadata(servable.about())
    except ValueError as error:
        raise Refusal("FAILED_PRECONDITION", f"model {servable.name}: {error}") from error
    if "rgb" not in record.inputs:
        raise Refusal("FAILED_PRECONDITION", f"model {servable.name} does not describe its frames")
    return record


def _best(scores: np.ndarray, labels: Sequence[str]) -> list[dict]:
    best = best_classes(scores, labels, TOP)
    return [{"label": label, "probability": probability} for label, probability in best]


def _thumbnails(frames: np.ndarray, crop: int) -> list[str]:
    """Some frames of a window, evenly spread, as the model cuts them, as addresses of pictures."""
    found, edge = [], (frames.shape[1] - crop) // 2
    for number in np.unique(np.linspace(0, len(frames) - 1, THUMBNAILS).round().astype(int)):
        file = io.BytesIO()
        picture = Image.fromarray(frames[number, edge : edge + crop, edge : edge + crop])
        picture.resize((THUMBNAIL_SIDE, THUMBNAIL_SIDE)).save(file, "JPEG", quality=75)
        found.append("data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode())
    return found
