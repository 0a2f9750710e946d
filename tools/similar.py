"""Find the windows of many videos that are most similar to those of one video.

  keras-i3d extract_features --out=FEATURES --root=VIDEOS
  keras-i3d similar --index=FEATURES --video=FILE --page=similar.html

FEATURES has .npz files of extract_features. FILE goes through the same network in the same way.
Windows are compared by the cosine of their features. The page shows the frames of each pair. If
FILE itself is among the videos, it is left out.

Exit status: 0 if it was done, 1 if FILE or FEATURES cannot be read, 2 if a flag is wrong.
"""

from collections.abc import Sequence

from absl import flags

from keras_i3d.files.whole import write_whole
from keras_i3d.tools.running import FlagError, ToolError, loaded, must_exist, quiet_import, run

INDEX = flags.DEFINE_string("index", None, "the folder written by extract_features")
VIDEO = flags.DEFINE_string("video", None, "a video file or a folder of pictures")
WEIGHTS = flags.DEFINE_string("weights", None, "the network's weights [those in FEATURES]")
TOP = flags.DEFINE_integer("top", 10, "number of windows to show", lower_bound=1)
PER_VIDEO = flags.DEFINE_integer("per_video", 1, "most windows of one video", lower_bound=1)
PAGE = flags.DEFINE_string("page", None, "also write an HTML page with their frames")
must_exist(INDEX, "folder")


def main(arguments: Sequence[str]) -> int:
    """Find and show them; the exit status."""
    if arguments:
        raise FlagError(f"unexpected argument {arguments[0]!r}: give --video={arguments[0]}")
    if not INDEX.value or not VIDEO.value:
        raise FlagError("give --index=FEATURES and --video=FILE")
    from keras_i3d.features.similarity import FeatureIndex

    try:
        index = FeatureIndex(INDEX.value)
    except ValueError as error:
        raise ToolError(error) from error
    with quiet_import():
        from keras_i3d.data.video.decoding import VideoError
        from keras_i3d.features.similar_query import features_like
    try:
        with loaded():
            query = features_like(index, VIDEO.value, WEIGHTS.value)
    except VideoError as error:
        raise ToolError(error) from error
    if not len(query):
        raise ToolError(f"{VIDEO.value}: it is too short for one window")
    try:
        sha = query.metadata["video"]["sha256"]
        found = index.nearest(query.named(), TOP.value, without=sha, per_video=PER_VIDEO.value)
    except ValueError as error:
        raise ToolError(error) from error
    print("cosine  asked, s          found, s          video")
    for one in found:
        asked = f"{query.start[one.query]:.2f} - {query.end[one.query]:.2f}"
        print(f"{one.cosine:6.3f}  {asked:16}  {one.start:.2f} - {one.end:<8.2f}  {one.path}")
    if PAGE.value:
        _write_page(query, found)
    return 0


def _write_page(query, found) -> None:
    from keras_i3d.features.similar_page import similar_page

    try:
        write_whole(PAGE.value, similar_page(query, found))
    except OSError as error:
        error.filename = PAGE.value
        raise ToolError(error) from error


if __name__ == "__main__":
    run(main)
