"""Networks outside the catalogue: an inflated image network in a .keras file, and its record."""

from functools import partial
from pathlib import Path

import keras
from keras import layers

from keras_i3d.classes import numbered
from keras_i3d.data.pixels.preprocessing import Input, Preprocessing, normalised
from keras_i3d.models.catalogue import CAFFE_RGB, Network, network
from keras_i3d.models.i3d import pooled, predictions
from keras_i3d.weights.keras_files import load_keras
from keras_i3d.weights.trained import TrainedRecord, read_record

# What image networks want of their pixels; the names are those of keras.applications' modes.
PREPROCESSING = {
    "tf": Preprocessing(),
    "caffe": CAFFE_RGB,
    "torch": normalised((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "pixels": Preprocessing(scale=1.0, offset=0.0),
}


def record_of_inflated(
    model: keras.Model, preprocessing: str, made: dict, frames: int = 64
) -> TrainedRecord | None:
    """Return the record of an inflated network that ends in class scores; None for any other.

    Args:
        model: from clips (batch, time, height, width, 3).
        preprocessing: a name of PREPROCESSING: what the image network wanted.
        made: what it was made of.
        frames: of a clip in training, where the network leaves them free.
    """
    last = model.layers[-1]
    shape = model.output_shape
    if not isinstance(shape, tuple) or len(shape) != 2 or not hasattr(last, "activation"):
        return None
    endings = {"softmax": "softmax", "sigmoid": "sigmoid", "linear": "logits"}
    output = endings.get(getattr(last.activation, "__name__", None))
    features = [one.name for one in model.layers if len(getattr(one.output, "shape", ())) == 5]
    if output is None or not last.weights:
        return None
    length, height, width, channels = model.input_shape[1:]
    side = min(height or 224, width or 224)
    spec = PREPROCESSING[preprocessing]
    seen = Input(frames=length or frames, channels=channels, preprocessing=spec)
    # The proportion of 224 to 256, as the catalogue's networks have it.
    seen = seen.changed(short_side=round(side * 256 / 224), crop=side)
    return TrainedRecord(
        network="inflated",
        stream="rgb",
        inputs={"rgb": seen},
        labels=numbered(shape[-1]),
        head=(last.name,),
        logits=last.name,
        features={"rgb": features[-1]},
        output=output,
        made=made,
    )


def find_network(name: str) -> Network:
    """Return the record of a network of the catalogue, or of one in a .keras file.

    Raises:
        ValueError: there is no such network; the file is damaged, or has no record.
    """
    if not name.endswith(".keras"):
        return network(name)
    path = Path(name).expanduser()
    if not path.is_file():
        raise ValueError(f"model={name!r} should be a network's name or an existing file")
    record = read_record(path)
    if record is None:
        raise ValueError(
            f"model={name!r} should be a file of inflate_weights or of a training run. Received: "
            f"a file without their record"
        )
    [features] = set(record.features.values())
    return Network(
        name=record.network,
        build=partial(_build, path, features),
        inputs=record.inputs,
        head=("Logits",),
        features=features,
        parameters={},
        paper=str(path),
        least_clip=record.least_clip,
    )


def _build(
    path: Path,
    features: str,
    stream: str = "rgb",
    include_top: bool = True,
    classes: int = 400,
    pooling: str | None = None,
    classifier_activation="softmax",
    dropout: float = 0.5,
) -> keras.Model:
    """The file's network up to its features, with its weights, and a new head."""
    model = load_keras(path)
    x = model.get_layer(features).output
    if include_top:
        x = layers.GlobalAveragePooling3D(data_format="channels_last", name="new_avg_pool")(x)
        x = layers.Dropout(dropout, name="new_dropout")(x)
        x = layers.Dense(classes, name="Logits")(x)
        x = predictions(x, classifier_activation)
    else:
        x = pooled(x, pooling)
    return keras.Model(model.input, x, name=f"{model.name}_{stream}")
