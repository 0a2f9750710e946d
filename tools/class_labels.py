"""The class names of a network that --weights names, or the file that --labels gives."""

from pathlib import Path

from keras_i3d.tools.running import FlagError
from keras_i3d.weights import PUBLISHED, class_names, published
from keras_i3d.weights.labels import BY_CLASSES


def labels_for(weights: str, stream: str, classes: int, path: str | None) -> tuple[str, ...]:
    """One name for each class.

    Args:
        weights: as `keras_i3d.I3D` takes it.
        stream: "rgb" or "flow".
        classes: how many the network has.
        path: a file of names, a line each; None for those of the weights, or of their number.

    Raises:
        FlagError: when the file cannot be read, or has another number of names.
    """
    if path is not None:
        try:
            labels = tuple(Path(path).read_text(encoding="utf-8").splitlines())
        except (OSError, UnicodeDecodeError) as error:
            raise FlagError(f"--labels: {error}") from error
    elif weights in PUBLISHED:
        labels = class_names(published(weights, stream).labels)
    else:
        known = BY_CLASSES.get(classes)
        labels = class_names(known) if known else tuple(f"class {i}" for i in range(classes))
    if len(labels) != classes:
        raise FlagError(f"--labels has {len(labels)} names, the network {classes} classes")
    return labels
