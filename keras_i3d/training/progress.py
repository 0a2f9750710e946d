"""Reports of a run's progress: a bar or lines, a table of its history, TensorBoard."""

import contextlib
import csv
import io
import os
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import tensorflow as tf
from PIL import Image
from tqdm import tqdm

from keras_i3d.files.whole import write_whole
from keras_i3d.visualisation.png import png


class Progress:
    """A bar where the stream is a terminal, else a line for each row, and whenever one is due.

    2000/115000  loss 3.1416  accuracy 0.2718  lr 0.1  12.3 clips/s  4.1 GB  5:12:07 left

    Args:
        steps: how many steps the run has.
        batch_size: clips of a step.
        stream: where to; by default standard error.
        seconds: after which a line is due.
    """

    def __init__(self, steps: int, batch_size: int, stream=None, seconds: float = 30):
        self.steps, self.batch_size, self.seconds = steps, batch_size, seconds
        self.stream = stream or sys.stderr
        self._bar = None

    def begin(self, step: int) -> None:
        """Begin: the run starts, or continues, before this step."""
        self._away, self._left = 0.0, None
        self._marks, self._shown = [(self._seconds(), step)], time.monotonic()
        if self.stream.isatty():
            self._bar = tqdm(
                total=self.steps, initial=step, file=self.stream, unit="step", dynamic_ncols=True
            )

    def advance(self) -> None:
        """Count one more step."""
        if self._bar is not None:
            self._bar.update()

    def due(self) -> bool:
        """Return whether nothing was shown for so long that a reader may wonder."""
        return time.monotonic() - self._shown >= self.seconds

    @contextlib.contextmanager
    def pause(self) -> Iterator[None]:
        """Leave what is done within out of the speed: it is no training."""
        self._left = time.monotonic()
        try:
            yield
        finally:
            self._away += time.monotonic() - self._left
            self._left = None

    def speed(self, step: int) -> float:
        """Return clips per second since it was last asked; at first with the slow first step."""
        now, (then, before) = self._seconds(), self._marks[-1]
        self._marks = [*self._marks[-4:], (now, step)]
        return (step - before) * self.batch_size / max(now - then, 1e-9)

    def _seconds(self) -> float:
        """Of training, from some moment on."""
        return (self._left or time.monotonic()) - self._away

    def row(self, step: int, values: dict[str, float]) -> None:
        """Show one row of the history, or what is known between two."""
        self._shown = time.monotonic()
        parts = [f"{name} {value:.4f}" for name, value in values.items() if name not in SHORT]
        parts += [SHORT[name](values[name]) for name in SHORT if name in values]
        if self._bar is not None:
            self._bar.set_postfix_str("  ".join(parts), refresh=True)
            if any(name.startswith("val_") for name in values):
                self._bar.clear()
                print(f"{step}/{self.steps}  " + "  ".join(parts), file=self.stream, flush=True)
            return
        # The rate of the last few rows: the first steps compile, and would be felt for hours.
        (then, before), (now, _) = self._marks[0], self._marks[-1]
        if step > before:
            parts.append(f"{clock((self.steps - step) * (now - then) / (step - before))} left")
        print(f"{step}/{self.steps}  " + "  ".join(parts), file=self.stream, flush=True)

    def end(self) -> None:
        """End: the run has ended, for whatever reason."""
        if self._bar is not None:
            self._bar.close()


SHORT = {
    "learning_rate": lambda value: f"lr {value:.4g}",
    "clips_per_second": lambda value: f"{value:.4g} clips/s",
    "memory_gb": lambda value: f"{value:.1f} GB",
}


def clock(seconds: float) -> str:
    """Format 3725 as '1:02:05'."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}"


def memory_gb() -> float:
    """Return the most memory so far, in 1e9 bytes: of the first GPU, else of the process."""
    if tf.config.list_logical_devices("GPU"):
        return tf.config.experimental.get_memory_info("GPU:0")["peak"] / 1e9
    with contextlib.suppress(OSError), open("/proc/self/status") as status:
        # Not getrusage's, which on Linux is at first the peak of the process that started this one.
        return (
            next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) * 1024 / 1e9
        )
    try:
        import resource
    except ImportError:  # Windows
        return float("nan")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak * (1 if sys.platform == "darwin" else 1024) / 1e9


class History:
    """A run's rows as CSV, and as TensorBoard's scalars beside it, with pictures.

    Args:
        path: the CSV file; rows after the step that a run goes on from are dropped.
        tensorboard: folder of TensorBoard's files, None for none.
    """

    def __init__(self, path: str | Path, tensorboard: str | Path | None = None):
        self.path = Path(path)
        self.rows: list[dict] = []
        self._tensorboard, self._events = tensorboard, None

    def begin(self, step: int) -> None:
        """Keep the rows up to this step; a torn last line goes too."""
        if self._tensorboard:
            self._events = EventFile(Path(self._tensorboard), step)
        if not self.path.exists():
            return
        with open(self.path, newline="", encoding="utf-8") as file:
            rows = [row for row in csv.DictReader(file) if (row.get("step") or "").isdigit()]
        self.rows = [row for row in rows if int(row["step"]) <= step and None not in row.values()]
        self._write()

    def row(self, step: int, values: dict[str, float]) -> None:
        """Add one row; in place of the last one, if that is of the same step."""
        again = bool(self.rows) and int(self.rows[-1]["step"]) == step
        self.rows = [*(self.rows[:-1] if again else self.rows), {"step": step, **values}]
        if again or len(self.rows) == 1 or any(name not in self.rows[0] for name in values):
            self._write()  # the head of the table changes
        else:
            with open(self.path, "a", newline="", encoding="utf-8") as file:
                csv.DictWriter(file, list(self.rows[0]), restval="").writerow(self.rows[-1])
        if self._events:
            self._events.scalars(step, values)

    def pictures(self, step: int, pictures: Mapping[str, Image.Image]) -> None:
        """Show pictures in TensorBoard, by their names."""
        if self._events and pictures:
            self._events.pictures(step, pictures)

    def end(self) -> None:
        """Let go of the files."""
        if self._events:
            self._events.close()

    def _write(self) -> None:
        names = list(dict.fromkeys(name for row in self.rows for name in row))
        self.rows = [{name: row.get(name, "") for name in names} for row in self.rows]
        text = io.StringIO(newline="")
        table = csv.DictWriter(text, names or ["step"])
        table.writeheader()
        table.writerows(self.rows)
        write_whole(self.path, text.getvalue())


class EventFile:
    """TensorBoard's scalars and pictures, without TensorBoard, which TensorFlow brings no longer: a
    TFRecord of Event messages.

    Args:
        folder: where; the file's name is what TensorBoard looks for.
        step: what is shown of an earlier part of the run after this step is forgotten.
    """

    def __init__(self, folder: Path, step: int):
        folder.mkdir(parents=True, exist_ok=True)
        name = f"events.out.tfevents.{time.time_ns():020d}.{os.getpid()}"
        self._file = tf.io.TFRecordWriter(str(folder / name))
        self._write(file_version="brain.Event:2")
        start = tf.compat.v1.SessionLog(status=tf.compat.v1.SessionLog.START)
        self._write(step=step + 1, session_log=start)

    def scalars(self, step: int, values: dict[str, float]) -> None:
        """Write one row, to be seen at once."""
        entries = [
            tf.compat.v1.Summary.Value(tag=name, simple_value=value)
            for name, value in values.items()
        ]
        self._write(step=step, summary=tf.compat.v1.Summary(value=entries))

    def pictures(self, step: int, pictures: Mapping[str, Image.Image]) -> None:
        """Write pictures, to be seen at once."""
        entries = []
        for name, picture in pictures.items():
            image = tf.compat.v1.Summary.Image(
                height=picture.height,
                width=picture.width,
                colorspace=3,
                encoded_image_string=png(picture),
            )
            entries.append(tf.compat.v1.Summary.Value(tag=name, image=image))
        self._write(step=step, summary=tf.compat.v1.Summary(value=entries))

    def close(self) -> None:
        """End the file."""
        self._file.close()

    def _write(self, **event) -> None:
        message = tf.compat.v1.Event(wall_time=time.time(), **event)
        self._file.write(message.SerializeToString())
        self._file.flush()
