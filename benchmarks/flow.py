"""Optical flow beside OpenCV's DualTVL1.

  python benchmarks/flow.py [--middlebury=FOLDER] [VIDEO ...]

Frame pairs per second of every method at 340 x 256, on one core and on all, in turns on the same
pairs in one process: from the middle of each VIDEO, or of a few synthetic ones. Medians of rounds.
"times" is the speed beside DualTVL1's (tvl1_opencv) on as many cores, "apart" the mean distance
from its flow in pixels. OpenCV's methods work with OpenCV's own threads on one pair after another.
Every round must give the same flow to the bit.

With --middlebury the mean end-point error of every method on NAME1.png, NAME2.png, NAME.flo there.
"""

import argparse
import os
import statistics
import time
from pathlib import Path

import cv2
import numpy as np
from middlebury import end_point_error, read_flo
from PIL import Image

from keras_i3d.data.flow.methods import METHODS, compute_flow
from keras_i3d.data.pixels.resizing import resize
from keras_i3d.data.video.decoding import VideoFile
from keras_i3d.data.video.frames import resized_frames
from keras_i3d.files.workers import usable_cores

HEIGHT, WIDTH = 256, 340
PEER = "tvl1_opencv"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("videos", nargs="*")
    parser.add_argument("--middlebury", type=Path)
    parser.add_argument("--frames", type=int, default=5, help="of each video, at least 2")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    clips = [middle(video, options.frames) for video in options.videos]
    report_speed(clips or synthetic(options.frames), options.rounds)
    if options.middlebury:
        report_errors(options.middlebury)


def report_speed(clips, rounds):
    cores, pairs = usable_cores(), sum(len(clip) - 1 for clip in clips)
    print(f"{pairs} pairs of {WIDTH} x {HEIGHT}, {rounds} rounds, {cores} cores")
    for method in METHODS:
        compute_flow(clips[0][:2], method)  # compiled, and in memory
    counts = sorted({1, cores})
    seconds = {(method, count): [] for method in METHODS for count in counts}
    results = {}
    for _ in range(rounds):
        for (method, count), spent in seconds.items():
            begin = time.perf_counter()
            flow = [on_cores(count, method, clip) for clip in clips]
            spent.append(time.perf_counter() - begin)
            if results.setdefault((method, count), flow) is not flow:
                same = zip(results[method, count], flow, strict=True)
                if not all(np.array_equal(*pair) for pair in same):
                    print(f"{method} on {count} cores gave another flow than in the round before")
    median = {key: statistics.median(spent) for key, spent in seconds.items()}
    columns = "".join(f"   pairs/s on {n}   times   apart" for n in counts)
    print(f"{'':12}{columns}   all/one")
    for method in METHODS:
        line = f"{method:12}"
        for count in counts:
            here, peer = results[method, count], results[PEER, count]
            apart = statistics.mean(map(end_point_error, here, peer))
            rate, ratio = pairs / median[method, count], median[PEER, count] / median[method, count]
            line += f"{rate:15.2f}{ratio:8.1f}{apart:8.4f}"
        print(line + f"{median[method, 1] / median[method, cores]:10.2f}")


def on_cores(count, method, clip):
    """The flow of a clip with so many cores; OpenCV's methods pair after pair."""
    cv2.setNumThreads(count)
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(allowed)[:count])
    try:
        return compute_flow(clip, method, threads=count if method == "tvl1" else 1)
    finally:
        os.sched_setaffinity(0, allowed)


def report_errors(folder):
    print("end-point error in pixels, on all pixels whose flow is known")
    print(f"{'':20}{'zero':>12}" + "".join(f"{method:>12}" for method in METHODS))
    for truth in sorted(folder.glob("*.flo")):
        pair = [truth.with_name(f"{truth.stem}{number}.png") for number in (1, 2)]
        if not all(path.exists() for path in pair):
            print(f"{truth.stem:20} has no {pair[0].name}, {pair[1].name}")
            continue
        frames = np.stack([np.asarray(Image.open(path).convert("RGB")) for path in pair])
        true = read_flo(truth)
        errors = [end_point_error(np.zeros_like(true), true)]
        errors += [end_point_error(compute_flow(frames, method)[0], true) for method in METHODS]
        print(f"{truth.stem:20}" + "".join(f"{error:12.4f}" for error in errors))


def middle(video, count):
    """Frames from the middle of a video."""
    with VideoFile(video) as opened:
        frames = [resize(frame, HEIGHT, WIDTH) for frame in resized_frames(opened)]
    first = max(0, (len(frames) - count) // 2)
    return np.stack(frames[first : first + count])


def synthetic(count):
    """Photographs, moving in four ways."""
    from keras_i3d.data.synthetic.videos import SyntheticVideos

    videos = SyntheticVideos("test", size=(HEIGHT, WIDTH))
    return [videos.read(index, 0, count, ["rgb"])["rgb"] for index in range(4)]


if __name__ == "__main__":
    main()
