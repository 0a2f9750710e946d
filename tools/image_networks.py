"""Image networks by name or file, as inflate_weights takes them."""

import re
from collections.abc import Callable

import keras

import keras_i3d
from keras_i3d.weights.keras_files import load_keras


def image_network(source: str, weights: str) -> keras.Model:
    """Return the 2D network that `--source` and `--weights` name.

    Raises:
        ValueError: there is no such network.
        OSError: its weights could not be fetched.
    """
    if source.endswith(".keras"):
        return load_keras(source)
    weights = None if weights == "none" else weights
    if source == "inception_v1":
        return keras_i3d.InceptionV1(weights)
    known = {_plain(name): thing for name, thing in _applications().items()}
    if _plain(source) not in known:
        raise ValueError(
            f"--source={source} is no .keras file and no network; there are inception_v1, "
            f"{', '.join(sorted(known))}"
        )
    try:
        return known[_plain(source)](weights=weights)
    except Exception as error:  # keras.utils.get_file has no exception of its own
        raise OSError(f"--weights={weights}: {' '.join(str(error).split())}") from error


def preprocessing_of(source: str) -> str:
    """Return what a named source wants of its pixels, by keras.applications' mode; "tf" of a file.

    Source: the preprocess_input of each module of keras.applications.
    """
    name = _plain(source)
    if name.startswith(("vgg", "resnet")) and not name.endswith("v2"):
        return "caffe"
    if name.startswith("densenet"):
        return "torch"
    # These scale by themselves.
    return "pixels" if name.startswith(("efficientnet", "mobilenetv3", "convnext")) else "tf"


def _applications() -> dict[str, Callable]:
    names = [name for name in dir(keras.applications) if name[0].isupper()]
    return {name: getattr(keras.applications, name) for name in names}


def _plain(name: str) -> str:
    return re.sub("[^a-z0-9]", "", name.lower())
