"""Progress of work on many files: a bar in a terminal, now and then a line in a log."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from tqdm import tqdm


def bar(*arguments, **options) -> tqdm:
    """Return a tqdm bar that moves ten times a second in a terminal, each half minute in a log."""
    return tqdm(*arguments, mininterval=0.1 if sys.stderr.isatty() else 30, **options)


@contextmanager
def video_bar(tool: str, split: str, total: int) -> Iterator[Callable]:
    """Give a function to call with each Outcome of make_tfrecords, which counts frames.

    What fails is named.
    """
    frames = 0
    with bar(total=total, desc=split, unit=" videos", delay=1) as shown:

        def watch(outcome) -> None:
            nonlocal frames
            if outcome.error is None:
                frames += outcome.result["frames"]
                shown.set_postfix_str(f"{frames} frames", refresh=False)
            else:
                shown.write(f"{tool}: {outcome.item.data_path}: {outcome.error}", file=sys.stderr)
            shown.update()

        yield watch


def frame_bar(tool: str, outcomes: Iterable, frames: int) -> Iterator:
    """Give the outcomes of compute_flow on, with a bar over their frames; what fails is named."""
    # Averaged over the whole run: the rate of the last few videos would say little.
    with bar(total=frames, unit=" frames", smoothing=0) as shown:
        for outcome in outcomes:
            if outcome.error is not None:
                shown.write(f"{tool}: {outcome.item.path}: {outcome.error}", file=sys.stderr)
            shown.update(outcome.item.frames)
            yield outcome


@contextmanager
def byte_bar() -> Iterator[Callable[[int, int, int, int], None]]:
    """Give a function to call with (files done, files, bytes done, bytes).

    It counts bytes, since files differ so much in length; Ctrl-C says how far it came.
    """
    files = ""
    with bar(unit="B", unit_scale=True, leave=False, delay=1) as shown:

        def watch(done_files: int, all_files: int, done: int, total: int) -> None:
            nonlocal files
            files = f"{done_files} of {all_files} files"
            shown.set_description(files, refresh=False)
            if shown.total is None:  # what an earlier run did says nothing of this one's speed
                shown.total, shown.initial, shown.n = total, done, done
            shown.update(done - shown.n)

        try:
            yield watch
        except KeyboardInterrupt:
            shown.close()
            print(f"\n{files} are done; run the same command to continue", file=sys.stderr)
            raise
