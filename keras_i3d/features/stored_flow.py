"""Flow that compute_flow has stored, beside the frames of a video or of a part of one."""

import os
from collections.abc import Iterable, Iterator

from keras_i3d.data.flow.flow_files import SUFFIX, FlowFile, FlowFileError
from keras_i3d.data.flow.methods import check_equal, fingerprint
from keras_i3d.data.pixels.preprocessing import Preprocessing

METHOD = "tvl1"


def flow_path(folder: str, name: str | None) -> str:
    """Return where the flow of a video of this name is stored."""
    return os.path.join(folder, f"{name}{SUFFIX}")


def without_flow(folder: str, names: Iterable[str]) -> list[str]:
    """Return the names of the videos whose flow is not stored."""
    return sorted(name for name in names if not os.path.exists(flow_path(folder, name)))


def frames_with_stored_flow(
    images: Iterator, path: str, spec: Preprocessing, first: int, to_end: bool
) -> Iterator[tuple]:
    """Give each frame with its flow, coded as in the file; see data.flow.methods.decode.

    The last frame has the flow of the one before it, as `frames_with_flow` gives it.

    Args:
        images: the frames, from frame `first` of the video on.
        path: the file. spec: how its flow should be made.
        to_end: whether the last image is the video's last frame.

    Raises:
        FlowFileError, FingerprintError: the file is damaged, of another video, or made otherwise.
    """
    with FlowFile(path) as stored:
        stored.check_made_with(fps=spec.fps, short_side=spec.short_side)  # says the cure
        check_equal(fingerprint(METHOD, spec), stored.fingerprint, path)
        info = stored.info
        size, number = (info.height, info.width), info.frames - 1
        for number, image in enumerate(images, first):
            if number >= info.frames or image.shape[:2] != size:
                raise _of_another(path, info, f"frame {number} of the video has {image.shape[:2]}")
            yield image, stored[min(number, len(stored) - 1)]
        if to_end and number + 1 < info.frames:
            raise _of_another(path, info, f"the video has {number + 1}")


def _of_another(path: str, info, came: str) -> FlowFileError:
    size = info.height, info.width
    return FlowFileError(
        path, f"the flow of another video: it has {info.frames} frames of {size}; {came}"
    )
