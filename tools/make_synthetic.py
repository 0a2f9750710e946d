"""Make synthetic videos to try the tools on: photographs that move, and the class is how.

  keras-i3d make_synthetic --out=FOLDER --task=motion --videos=10

The command writes MP4 files at 25 frames a second into FOLDER/videos/CLASS, lists like UCF-101's
into FOLDER/ucfTrainTestlist, and FOLDER/filmstrip.png, which shows a video of each class. The other
tools read them with --format=ucf101 --root=FOLDER/videos --annotations=FOLDER/ucfTrainTestlist.

--task says what a class is: how the picture moves (motion, 10 classes), what it shows (appearance,
10), both (joint, a class for each pair), or which of two moves comes first (order, 12). Test videos
show other parts of the photographs than training videos. If you stop the command and run it again,
it continues. Exit status: 0 if all videos are written, 1 if some are not, 2 if a flag is wrong.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

from absl import flags

from keras_i3d.data.synthetic.videos import APPEARANCES, TASKS
from keras_i3d.tools.bars import bar
from keras_i3d.tools.running import FlagError, ToolError, can_be_written, run

OUT = flags.DEFINE_string("out", None, "the output folder", required=True)
TASK = flags.DEFINE_enum("task", "motion", TASKS, "what a class is")
MOTION = flags.DEFINE_list("motions", None, "how the pictures move [all ways of the task]")
APPEARANCE = flags.DEFINE_list("appearances", list(APPEARANCES), "what the pictures show")
COUNT = flags.DEFINE_integer("videos", 10, "videos of each class", lower_bound=2)
FRAMES = flags.DEFINE_integer("frames", 80, "frames of each video", lower_bound=1)
SIZE = flags.DEFINE_string("size", "320x240", "WIDTHxHEIGHT in pixels")
SEED = flags.DEFINE_integer("seed", 0, "seed; another one gives other videos", lower_bound=0)
NOISE = flags.DEFINE_float("noise", 0.75, "largest noise, in grey levels", lower_bound=0)
WORKERS = flags.DEFINE_integer("workers", None, "processes [one for each core]", lower_bound=1)
PICTURES = 6  # of each class in the filmstrip


def main(arguments: Sequence[str]) -> None:
    """Write the videos and their lists, draw a filmstrip of them, say where all is."""
    if arguments:
        raise FlagError(f"unexpected argument; use flags only. Received: {' '.join(arguments)}")
    can_be_written(OUT.value, "folder")
    from keras_i3d.data.synthetic.files import LISTS, VIDEOS, VideoSet, write_videos
    from keras_i3d.visualisation.filmstrips import filmstrips_of_files
    from keras_i3d.visualisation.kernel_pictures import save_picture

    out = Path(OUT.value)
    try:
        videos = VideoSet(
            task=TASK.value,
            motions=tuple(sorted(MOTION.value)) if MOTION.value else None,
            appearances=tuple(sorted(APPEARANCE.value)),
            videos_per_class=COUNT.value,
            num_frames=FRAMES.value,
            size=_size(),
            seed=SEED.value,
            noise=NOISE.value,
        )
        paths = write_videos(out, videos, WORKERS.value, _bar)
    except ValueError as error:
        raise FlagError(error) from error
    except ImportError as error:
        raise ToolError(error) from error
    first = {path.parent.name: path for path in reversed(paths)}
    strips = filmstrips_of_files(dict(sorted(first.items())), FRAMES.value, PICTURES)
    save_picture(strips, out / "filmstrip.png")
    print(f"{len(paths)} videos of {len(videos.source(0).class_names)} classes are in {out}")
    print(f"wrote {out}/filmstrip.png")
    print(f"for the other tools: --format=ucf101 --root={out / VIDEOS} --annotations={out / LISTS}")


def _size() -> tuple[int, int]:
    """(height, width) of the frames."""
    width, _, height = SIZE.value.partition("x")
    if not (width.isdecimal() and height.isdecimal()):
        raise FlagError(
            f"--size should be WIDTHxHEIGHT, such as 320x240. Received: --size={SIZE.value}"
        )
    return int(height), int(width)


def _bar(outcomes: Iterable, total: int) -> Iterable:
    return bar(outcomes, "writing", total, unit=" videos", leave=False)


if __name__ == "__main__":
    run(main)
