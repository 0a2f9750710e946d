"""Which of the layouts of a network a weights file is for, by the names in it."""

from pathlib import Path

from keras_i3d.weights.sources import s3d_torch
from keras_i3d.weights.state_dict import ENDINGS, read_state_dict
from keras_i3d.weights.tf_checkpoint import index_and_data


def layout_of_file(network: str, weights: str | None) -> str | None:
    """Return "torchvision", "kylemin" or "slim" for a file of S3D's; None if no file says it.

    That is so of files of our own, of names, of networks with one layout, and of what is no sound
    file; reading the weights tells more of it.
    """
    if network != "s3d" or weights is None:
        return None
    path = Path(weights).expanduser()
    if index_and_data(str(path).removesuffix(".index"))[0].is_file():
        return "slim"
    if path.suffix not in ENDINGS or not path.is_file():
        return None
    try:
        return s3d_torch.layout(next(iter(read_state_dict(path))))
    except Exception:  # a damaged file raises whatever it likes
        return None
