"""Clips per second of 64 x 224 x 224 on all cores, from JPEG shards and from video files, beside
OpenCV, decord and torchcodec on the same files in the same run.

  python benchmarks/input_pipeline.py [--videos=FOLDER] [--clips=16] [--rounds=5]

Every contender is a process of its own; they take turns, `clips` clips a turn: whatever else
the machine does meets all alike. All cut the same clips out of the same files: drawn in time and
place, at 25 frames per second, resized to a shorter side of 256, cropped, in float32 from -1 to 1,
in batches of 4. The peers have a pool of one thread a core around their own decoder, and OpenCV's
resize. Nothing is read ahead between turns.

Printed: the median of the turns, as clips per second; the ratio to the best peer; the mean
difference from our pixels, in grey levels; peak memory.

The videos are those of FOLDER (*.mp4), or else made here: 8 of 10 s, 340 x 256, H.264 with a key
picture every 250 frames, of photographs that move. What is not installed is named and left out.
"""

import glob
import os
import shutil
import statistics
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import contenders
import numpy as np
from absl import app, flags

VIDEOS = flags.DEFINE_string("videos", None, "folder of *.mp4 files; by default they are made")
CLIPS = flags.DEFINE_integer("clips", 16, "clips of a turn", lower_bound=4)
ROUNDS = flags.DEFINE_integer("rounds", 5, "turns of each contender", lower_bound=1)
QUALITY = flags.DEFINE_integer("quality", 97, "of the shards' JPEG pictures")
WORK = flags.DEFINE_string("work", None, "folder of the prepared data; for contenders")

FRAMES, SHORT_SIDE, CROP, BATCH, SEED = 64, 256, 224, 4, 0


def listed(folder: str) -> list:
    """The videos of the benchmark."""
    from keras_i3d.data.lists.annotations import Video

    paths = sorted(glob.glob(os.path.join(folder, "*.mp4")))
    return [Video(path, (0,), os.path.basename(path)) for path in paths]


def prepare(folder: str) -> None:
    """Videos and their shards."""
    from keras_i3d.data.shards.assembly import write_shards
    from keras_i3d.data.shards.plan import ShardOptions, plan_shards
    from keras_i3d.data.synthetic.videos import SyntheticVideos
    from keras_i3d.data.video.encoding import write_mp4

    if VIDEOS.value:
        for path in glob.glob(os.path.join(VIDEOS.value, "*.mp4")):
            shutil.copy(path, folder)
    else:
        source = SyntheticVideos(num_frames=250, size=(256, 340))
        for number in range(8):
            write_mp4(f"{folder}/{number}.mp4", source.read(number, 0, 250)["rgb"])
    options = ShardOptions(shards=1, quality=QUALITY.value)
    plan = plan_shards(f"{folder}/shards", "train", ("all",), listed(folder), options, folder)
    manifest = write_shards(plan)
    if manifest.failed:
        raise ValueError(f"videos that cannot be read: {manifest.failed}")


def drawn(videos: list) -> list[tuple]:
    """(path, frame numbers, height and width resized, top, left) of each clip of a turn."""
    from keras_i3d.data.batches.augmentation import draw
    from keras_i3d.data.batches.sampling import view_numbers
    from keras_i3d.data.pixels.cropping import crop_corner
    from keras_i3d.data.pixels.preprocessing import Input
    from keras_i3d.data.pixels.resizing import resized
    from keras_i3d.data.video.decoding import VideoFile
    from keras_i3d.data.video.timelines import Timelines

    inputs = {"rgb": Input(FRAMES)}
    timelines, clips = Timelines(25), []
    for number in range(CLIPS.value):
        sample = draw(number, len(videos), SEED)
        path = videos[sample.video].path
        timeline = timelines.indexed(path)
        numbers = timeline.frames[
            view_numbers(sample.view.place, len(timeline.frames), inputs)["rgb"]
        ]
        with VideoFile(path) as file:
            size = resized(*next(iter(file))[0].shape[:2], SHORT_SIDE)
        clips.append((path, numbers, size, *crop_corner(*size, CROP, sample.view.crops[0])))
    return clips


def ours(kind: str):
    """Our chain, from "shards" or from "files"."""
    from keras_i3d.data.batches.augmentation import NONE
    from keras_i3d.data.batches.training import training_batches
    from keras_i3d.data.batches.video_files import VideoFiles
    from keras_i3d.data.pixels.preprocessing import Input
    from keras_i3d.data.shards.source import Shards

    videos = listed(WORK.value)
    if kind == "shards":
        source = Shards(f"{WORK.value}/shards", "train")
        order = [source.id(index) for index in range(source.num_videos)]
        source = InOrder(source, [order.index(video.id) for video in videos])
    else:
        source = VideoFiles(videos, ("all",))
    batches = training_batches(source, BATCH, {"rgb": Input(FRAMES)}, augmentation=NONE, seed=SEED)
    batches = batches.take(CLIPS.value // BATCH)
    return lambda: [sample(clips) for clips, _ in batches]


def InOrder(source, order):  # noqa: N802  makes a source
    """Shards with their videos in the order of the list, so that all draw the same ones."""
    source.videos = tuple(source.videos[place] for place in order)
    return source


def sample(clips) -> np.ndarray:
    """A few pixels of a batch, to compare; the batch itself is let go."""
    return np.stack([np.asarray(clips[:, 32, row, ::8]) for row in range(0, CROP, 8)])


def peer(read):
    """A peer's decoder in a pool of threads: `read` takes (path, numbers, size)."""
    cores = len(os.sched_getaffinity(0))
    pool, clips = ThreadPoolExecutor(cores), drawn(listed(WORK.value))

    def cut(clip):
        path, numbers, size, top, left = clip
        crop = read(path, numbers, size, (slice(top, top + CROP), slice(left, left + CROP)))
        return crop.astype(np.float32) / np.float32(127.5) - 1

    def turn():
        batches = []
        for first in range(0, len(clips) // BATCH * BATCH, BATCH):
            batches.append(sample(np.stack(list(pool.map(cut, clips[first : first + BATCH])))))
        return batches

    return turn


def opencv():
    """cv2.VideoCapture: sought by frame number, frames that are not wanted not converted."""
    import cv2

    cv2.setNumThreads(1)  # the pool has one for each core

    def read(path, numbers, size, window):
        capture = cv2.VideoCapture(path)
        capture.set(cv2.CAP_PROP_POS_FRAMES, int(numbers[0]))
        out, at, frame = np.empty((len(numbers), CROP, CROP, 3), np.uint8), numbers[0] - 1, None
        for place, number in enumerate(numbers):
            if number < at:  # looped
                capture.set(cv2.CAP_PROP_POS_FRAMES, int(number))
                at = number - 1
            if number > at:
                for _ in range(number - at):
                    capture.grab()
                _, image = capture.retrieve()
                frame = cv2.cvtColor(cv2.resize(image, size[::-1])[window], cv2.COLOR_BGR2RGB)
                at = number
            out[place] = frame
        return out

    return peer(read)


def decord():
    """decord.VideoReader, which resizes as it decodes."""
    from decord import VideoReader

    def read(path, numbers, size, window):
        reader = VideoReader(path, width=size[1], height=size[0], num_threads=1)
        return reader.get_batch(numbers).asnumpy()[(slice(None), *window)]

    return peer(read)


def torchcodec():
    """torchcodec's VideoDecoder, then OpenCV's resize."""
    import cv2
    from torchcodec.decoders import VideoDecoder

    def read(path, numbers, size, window):
        decoder = VideoDecoder(path, dimension_order="NHWC", num_ffmpeg_threads=1)
        frames = decoder.get_frames_at(numbers.tolist()).data.numpy()
        return np.stack([cv2.resize(frame, size[::-1])[window] for frame in frames])

    return peer(read)


CONTENDERS = {
    "keras_i3d from shards": partial(ours, "shards"),
    "keras_i3d from video files": partial(ours, "files"),
    "OpenCV": opencv,
    "decord": decord,
    "torchcodec": torchcodec,
}


def contend(name: str) -> None:
    """A contender's process."""
    turn = CONTENDERS[name]()
    turn()
    pixels = np.concatenate(turn())
    contenders.serve(turn, pixels=np.rint((pixels + 1) * 127.5).astype(int).reshape(-1).tolist())


def main(arguments) -> None:
    """Run the rounds and print the table."""
    if len(arguments) > 1:
        return contend(arguments[1])
    with tempfile.TemporaryDirectory() as folder:
        print("preparing videos and shards ...", flush=True)
        prepare(folder)
        command = [sys.executable, __file__, f"--clips={CLIPS.value}", f"--work={folder}", "--"]
        running = contenders.started(
            (name, [*command, name], {"TF_CPP_MIN_LOG_LEVEL": "3"}) for name in CONTENDERS
        )
        contenders.take_turns(running, ROUNDS.value)
    clips = CLIPS.value // BATCH * BATCH
    rates = {c.name: clips / statistics.median(c.seconds) for c in running}
    best = max((rate for name, rate in rates.items() if "keras_i3d" not in name), default=np.nan)
    pixels = {c.name: np.array(c.first["pixels"]) for c in running}
    print(f"{FRAMES} x {CROP} x {CROP}, {os.cpu_count()} cores, {clips} clips, median of turns")
    print(f"{'':28} {'clips/s':>8} {'/ best peer':>12} {'grey levels':>12} {'MB':>6}")
    for contender in running:
        name = contender.name
        apart = np.abs(pixels[name] - pixels["keras_i3d from video files"]).mean()
        print(
            f"{name:28} {rates[name]:8.2f} {rates[name] / best:12.2f} "
            f"{apart:12.2f} {contender.megabytes:6}"
        )
        contender.close()


if __name__ == "__main__":
    app.run(main)
