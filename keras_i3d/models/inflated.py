"""I3D from the image networks of keras.applications: inflated trunk, mean, dropout, classes."""

import warnings

import keras
from keras import layers

from keras_i3d.inflation import inflate
from keras_i3d.inflation.kernels import for_channels
from keras_i3d.models.i3d import CHANNELS, pooled, predictions

# Name: keras.applications' function, the schedule that its papers use, its default image size.
INFLATED = {
    # "Quo Vadis" takes Inception-v1; gluon-cv's i3d_inceptionv3 inflates this one the same way.
    "i3d_inception_v3": (keras.applications.InceptionV3, "i3d", 299),
    # mmaction2, configs/recognition/i3d: I3D-R50, 3x1x1 in every other block.
    "i3d_resnet50": (keras.applications.ResNet50, "resnet_3x1x1", 224),
    "i3d_resnet101": (keras.applications.ResNet101, "resnet_3x1x1", 224),
    "i3d_vgg16": (keras.applications.VGG16, "i3d", 224),
}


def build_inflated(
    network: str,
    weights: str | None = None,
    stream: str = "rgb",
    include_top: bool = True,
    classes: int = 400,
    input_shape: tuple | None = None,
    pooling: str | None = None,
    classifier_activation="softmax",
    dropout: float = 0.5,
    schedule=None,
    name: str | None = None,
) -> keras.Model:
    """An image network of keras.applications, inflated; arguments as in `keras_i3d.I3DResNet50`.

    The stem of the flow stream is the mean of the RGB stem over its three channels, in each of the
    two, unscaled: a kernel that answers a grey image x with y answers flow (x/2, x/2) with y/3.
    """
    if stream not in CHANNELS:
        raise ValueError(f"stream should be one of {sorted(CHANNELS)}. Received: stream={stream!r}")
    application, usual_schedule, side = INFLATED[network]
    frames, *image = input_shape or (None, side, side, CHANNELS[stream])
    if len(image) != 3 or image[-1] != CHANNELS[stream]:
        raise ValueError(
            f"input_shape should be (frames, height, width, {CHANNELS[stream]}) for the {stream} "
            f"stream. Received: input_shape={input_shape}"
        )
    with warnings.catch_warnings():
        # Of two channels, for flow, keras.applications warns.
        warnings.filterwarnings("ignore", "This model usually expects", UserWarning)
        wanted = application(include_top=False, weights=None, input_shape=tuple(image))
    if weights is not None:
        rgb = application(include_top=False, weights=weights, input_shape=(*image[:2], 3))
        _copy_weights(rgb, wanted)
    trunk = inflate(wanted, schedule=schedule or usual_schedule, frames=frames)
    x = trunk.output
    if include_top:
        x = layers.GlobalAveragePooling3D(name="avg_pool_3d")(x)
        x = layers.Dropout(dropout, name="dropout")(x)
        x = layers.Dense(classes, name="Logits")(x)
        x = predictions(x, classifier_activation)
    else:
        x = pooled(x, pooling)
    return keras.Model(trunk.input, x, name=name or f"{network}_{stream}")


def _copy_weights(rgb: keras.Model, wanted: keras.Model) -> None:
    """Every array to its twin; a kernel of three input channels where two are wanted: its mean."""
    # In order, since one function built both: keras.applications numbers InceptionV3's layers
    # through the session, so that their names differ from one call to the next.
    for variable, twin in zip(wanted.weights, rgb.weights, strict=True):
        array = keras.ops.convert_to_numpy(twin.value)
        if array.shape != tuple(variable.shape):
            array = for_channels(array, variable.shape[2])
        variable.assign(array)
