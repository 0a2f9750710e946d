"""D3D's questions on synthetic videos: measured, and written up with pictures."""

from collections.abc import Callable, Sequence
from pathlib import Path

from PIL import Image

from keras_i3d.experiments import d3d_networks
from keras_i3d.experiments.d3d_findings import Section, sections
from keras_i3d.experiments.d3d_measurement import (
    DECODED,
    SEEDS,
    OfSeed,
    measure_seed,
    measure_times,
)
from keras_i3d.experiments.growing_report import Report
from keras_i3d.experiments.runs import time_taken
from keras_i3d.training.flow_errors import Example
from keras_i3d.visualisation.flow_rows import flow_rows
from keras_i3d.visualisation.png import png

NAME = "d3d"
TITLE = "D3D on synthetic videos"
NOTE = (
    "The label is how a photograph moves; in training its appearance tells that too, in test not. "
    "No test video shows a pixel of a training video. The setting was chosen by the validation "
    "videos of another seed, after two earlier ones, with four photographs, had shown no gain on "
    "their tests. Seeds are paired: all networks of a seed start from the same numbers and see the "
    "same batches. Intervals are of 95 %, over the videos of all seeds: Wilson's of accuracies, "
    "Newcombe's (1998, method 10) of differences, in points of percent. They are about the test's "
    "videos, and seeds differ by more, as the column of seeds shows."
)


def run_d3d(
    folder: str | Path,
    *,
    seed: int = 0,
    scale: float = 1.0,
    videos: int = 100,
    processes: int = 1,
    tell: Callable[[str], None] = lambda line: None,
    watch=None,
) -> Path:
    """Train, test and decode the networks of three seeds; return the page of the report.

    Stopped or killed, the same call goes on from where it was. After each seed the report is
    written, of those that are done.

    Args:
        folder: of everything; it gets a folder for each seed, report.html, report.md and flow.png.
        seed: the first of the seeds.
        scale, videos, processes, tell, watch: as `run_experiments` takes them.

    Raises:
        ValueError, FailedError, NotFiniteError, Interrupted: as `run_experiments` does.
    """
    folder = Path(folder).resolve()  # as `run_experiments` does
    done: list[OfSeed] = []
    for number in range(seed, seed + SEEDS):
        place, first = folder / f"seed_{number}", number == seed
        done.append(measure_seed(place, number, first, scale, videos, processes, tell, watch))
        times = measure_times(folder / f"seed_{seed}")
        written = _write(folder, sections(done, times), done)
        tell(f"{len(done)} of {SEEDS} seeds: {written}")
    return written


def _write(folder: Path, found: Sequence[Section], seeds: Sequence[OfSeed]) -> Path:
    took = time_taken([one for of in seeds for one in of.results.values()])
    about = f"{len(seeds)} of {SEEDS} seeds. {took}, not counting tests and decoders. {NOTE}"
    caption = (
        f"(c) Flow decoded from {', '.join(DECODED)} at each end point by the spatial decoder, "
        f"beside the true flow, seed {seeds[0].seed}; hue is direction, white no motion"
    )
    report = Report(folder, TITLE)
    report.text(about)
    for one in found:
        report.title(one.title, 2)
        report.text(one.text)
        report.table(one.header, one.rows)
        report.text(one.answer)
    report.title("Pictures", 2)
    report.picture("flow.png", png(Image.fromarray(_drawn(seeds[0]))), caption)
    return report.write()


def _drawn(of: OfSeed):
    """A row for each end point of one video: what each network's decoder tells of it."""
    examples: dict[str, Example] = {name: of.examples[name][0] for name in DECODED}
    first = examples["rgb"]
    told = {
        point: {name: one.decoded[point]["spatial"] for name, one in examples.items()}
        for point in d3d_networks.END_POINTS
    }
    return flow_rows(first.true, told, first.frame)
