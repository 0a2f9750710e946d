"""What extract_features shows while it works, and says at the end."""

import sys
import time
from collections.abc import Callable, Iterable

from keras_i3d.tools.bars import bar


def reported(work: Callable[..., Iterable], total: int, skipped: int, out: str) -> int:
    """Show what becomes of each video as it does; return the exit status.

    Args:
        work: gives a features.many_videos.Finished for each video; takes seen=, a function that it
            calls with the frames that each window goes on by, so that a long file shows its pace.
        total, skipped: how many videos, and how many lines of a list that give none.
        out: the folder.
    """
    begin, frames, passed = time.monotonic(), 0, 0
    counts = {"made": 0, "had": 0, "failed": 0}

    def seen(count: int) -> None:
        nonlocal passed
        passed += count
        rate = passed / max(time.monotonic() - begin, 1e-3)
        shown.set_postfix_str(f"{rate:.0f} frames/s", refresh=False)
        shown.update(0)

    # Averaged over the whole run: the rate of the last few videos would say little. No least
    # number of videos between two looks at the bar: one may take hours.
    with bar(total=total, unit=" videos", smoothing=0, miniters=0) as shown:
        for one in work(seen=seen):
            if one.status == "failed":
                counts["failed"] += 1
                text = f"extract_features: {one.job.path}: {one.record['cause']}"
                shown.write(text, file=sys.stderr)
            else:
                counts["made" if one.fresh else "had"] += 1
            frames += one.frames
            shown.update()
    seconds = time.monotonic() - begin
    print(
        f"{total} videos: {counts['had']} had their features, {counts['made']} made "
        f"({frames} frames, {seconds:.0f} s), {counts['failed']} failed"
        + (f"; {skipped} listed lines were skipped" if skipped else "")
        + f"; {out}"
    )
    return 1 if counts["failed"] else 0
