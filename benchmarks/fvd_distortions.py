"""Measure what distortions of videos do to FVD, KVD, precision and recall, for docs/fvd.md.

  python benchmarks/fvd_distortions.py [--videos=FOLDER] [--clips=48] [--out=docs/fvd_made.svg]

Clips of 16 frames, 160 x 120, are cut out of FOLDER's videos one after the other, or drawn by rule
where no folder is given. Every second one is real; the others are the fake side, as they are and
distorted. So the first row is what chance alone gives for that many clips. Printed: a table; the
picture shows the same, each column from 0 to its largest value.
"""

import itertools
import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from absl import app, flags
from scipy.ndimage import gaussian_filter

VIDEOS = flags.DEFINE_string("videos", None, "a folder of videos [synthetic]")
CLIPS = flags.DEFINE_integer("clips", 48, "clips of each side", lower_bound=2)
OUT = flags.DEFINE_string("out", None, "also draw the table: an SVG file")
ENGINE = flags.DEFINE_enum("engine", "keras", ["keras", "openvino"], "what computes the network")
FRAMES, HEIGHT, WIDTH = 16, 120, 160
NAME, COLUMN, ROW, HEAD = 190, 130, 26, 34


def blurred(clip: np.ndarray, pixels: float) -> np.ndarray:
    """Every frame by a Gaussian of so many pixels."""
    return gaussian_filter(clip.astype(np.float32), (0, pixels, pixels, 0)).round().astype(np.uint8)


def noisy(clip: np.ndarray, levels: float) -> np.ndarray:
    """Normal noise of so many grey levels on every value, new for every frame."""
    noise = np.random.default_rng(int(clip[0, 0, 0, 0])).normal(0, levels, clip.shape)
    return np.clip(clip + noise, 0, 255).round().astype(np.uint8)


def frozen(clip: np.ndarray) -> np.ndarray:
    """Its first frame all the time."""
    return np.repeat(clip[:1], len(clip), axis=0)


def shuffled(clip: np.ndarray) -> np.ndarray:
    """Its frames in another order, the same for every clip."""
    return clip[np.random.default_rng(0).permutation(len(clip))]


DISTORTIONS = {
    "none": lambda clip: clip,
    "blur, 1 pixel": lambda clip: blurred(clip, 1),
    "blur, 3 pixels": lambda clip: blurred(clip, 3),
    "noise, 10 levels": lambda clip: noisy(clip, 10),
    "noise, 40 levels": lambda clip: noisy(clip, 40),
    "frozen at frame 1": frozen,
    "time reversed": lambda clip: clip[::-1],
    "time shuffled": shuffled,
}


def clips_of_files(folder: str, count: int):
    """Clips of a folder's videos: the first of each video, then the second of each, and so on."""
    from keras_i3d.data.pixels.resizing import resize
    from keras_i3d.prediction_inputs import find_videos, open_video

    def clips(path: str):
        with open_video(path) as video:
            frames = (resize(frame, HEIGHT, WIDTH) for frame, *_ in video)
            while len(clip := list(itertools.islice(frames, FRAMES))) == FRAMES:
                yield np.stack(clip)

    each = [clips(video.path) for video in find_videos([folder])]
    rounds = itertools.chain.from_iterable(itertools.zip_longest(*each))
    return list(itertools.islice((clip for clip in rounds if clip is not None), count))


def clips_by_rule(count: int):
    """Clips of photographs that move, each of its own scene."""
    from keras_i3d.data.synthetic.videos import SyntheticVideos

    videos = SyntheticVideos("train", task="joint", size=(HEIGHT, WIDTH), num_frames=FRAMES)
    chosen = np.random.default_rng(0).permutation(len(videos))[:count]
    return [videos.read(int(i), start=0, count=FRAMES, streams=("rgb",))["rgb"] for i in chosen]


def picture(rows: list[tuple], header: tuple) -> str:
    """The table as bars, dark on white."""
    width, height = NAME + COLUMN * len(header), HEAD + ROW * len(rows)
    parts = [f'<rect width="{width}" height="{height}" fill="#ffffff"/>']
    for column, title in enumerate(header):
        x = NAME + COLUMN * column
        parts.append(f'<text x="{x}" y="20" font-weight="600">{title}</text>')
        most = max(abs(row[column + 1]) for row in rows) or 1
        for number, row in enumerate(rows):
            y, value = HEAD + ROW * number, row[column + 1]
            length = (COLUMN - 62) * max(value, 0) / most
            text = f"{value:.0f}" if most > 10 else f"{value:.2f}"
            parts.append(f'<rect x="{x}" y="{y}" width="{length:.1f}" height="14" fill="#2467b8"/>')
            parts.append(f'<text x="{x + length + 5:.1f}" y="{y + 12}">{text}</text>')
    for number, row in enumerate(rows):
        parts.append(f'<text x="8" y="{HEAD + ROW * number + 12}">{row[0]}</text>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" font-family="sans-serif" font-size="13">{"".join(parts)}</svg>\n'
    )


def main(_) -> None:
    """Measure, print, draw."""
    from keras_i3d.fvd import compare
    from keras_i3d.fvd.fvd_page import HEADER, result_rows, text_table

    count = 2 * CLIPS.value
    clips = clips_of_files(VIDEOS.value, count) if VIDEOS.value else clips_by_rule(count)
    if len(clips) < 4:
        raise app.UsageError(f"--videos has {len(clips)} clips of {FRAMES} frames; 4 at least")
    real, fake = clips[::2], clips[1::2]
    fakes = {name: map(distort, fake) for name, distort in DISTORTIONS.items()}
    results = compare(real, fakes, "google", engine=ENGINE.value)
    print(text_table(HEADER, result_rows(results)))
    print(next(iter(results.values())).line)
    if OUT.value:
        header = ("FVD", "KVD", "precision", "recall")
        rows = [
            (name, one.value, *(getattr(one.figures, f).value
                                for f in ("kernel", "precision", "recall")))
            for name, one in results.items()
        ]  # fmt: skip
        Path(OUT.value).write_text(picture(rows, header), "utf-8")


if __name__ == "__main__":
    app.run(main)
