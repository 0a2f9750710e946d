"""I3D from the image networks of keras.applications: inflated trunk, mean, dropout, classes."""

import warnings

import keras
from keras import layers

from keras_i3d.data.pixels.preprocessing import CHANNELS
from keras_i3d.inflation import inflate
from keras_i3d.inflation.kernels import for_channels
from keras_i3d.models.i3d import check_stream, pooled, predictions

# Name: keras.applications' function, the schedule that its papers use, its default image size, and
# the classes of its head where that is one dense layer on the mean, as ours is.
INFLATED = {
    # "Quo Vadis" takes Inception-v1; gluon-cv's i3d_inceptionv3 inflates this one the same way.
    "i3d_inception_v3": (keras.applications.InceptionV3, "i3d", 299, 1000),
    # mmaction2, configs/recognition/i3d: I3D-R50, 3x1x1 in every other block.
    "i3d_resnet50": (keras.applications.ResNet50, "resnet_3x1x1", 224, 1000),
    "i3d_resnet101": (keras.applications.ResNet101, "resnet_3x1x1", 224, 1000),
    "i3d_vgg16": (keras.applications.VGG16, "i3d", 224, None),
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
    image_head: bool = True,
) -> keras.Model:
    """Inflate an image network of keras.applications; arguments as in `keras_i3d.I3DResNet50`.

    With weights="imagenet" the trunk has the image network's, and so has the head where it has as
    many classes and the same form, unless `image_head` is False. The stem of the flow stream is the
    mean of the RGB stem over its three channels, in each of the two, unscaled: a kernel that
    answers a grey image x with y answers flow (x/2, x/2) with y/3.
    """
    check_stream(stream)
    application, usual_schedule, side, _ = INFLATED[network]
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
    with_head = include_top and image_head and classes == image_classes(network)
    head = ()
    if weights is not None:
        # With its head an image network of keras.applications has one size.
        size = {} if with_head else {"input_shape": (*image[:2], 3)}
        rgb = application(include_top=with_head, weights=weights, **size)
        arrays = [keras.ops.convert_to_numpy(variable.value) for variable in rgb.weights]
        arrays, head = (arrays[:-2], arrays[-2:]) if with_head else (arrays, ())
        _assign_in_order(wanted, arrays)
    trunk = inflate(wanted, schedule=schedule or usual_schedule, frames=frames)
    x = trunk.output
    if include_top:
        x = layers.GlobalAveragePooling3D(name="avg_pool_3d")(x)
        x = layers.Dropout(dropout, name="dropout")(x)
        logits = layers.Dense(classes, name="Logits")
        x = logits(x)
        for variable, array in zip((logits.kernel, logits.bias), head, strict=False):
            variable.assign(array)
        x = predictions(x, classifier_activation)
    else:
        x = pooled(x, pooling)
    return keras.Model(trunk.input, x, name=name or f"{network}_{stream}")


def image_classes(network: str) -> int | None:
    """Return the classes of the image network's head, None if the video network cannot have it."""
    return INFLATED[network][3]


def _assign_in_order(wanted: keras.Model, arrays: list) -> None:
    """Every array to its twin; a kernel of three input channels where two are wanted: its mean."""
    # In order, since one function built both: keras.applications numbers InceptionV3's layers
    # through the session, so that their names differ from one call to the next.
    for variable, array in zip(wanted.weights, arrays, strict=True):
        if array.shape != tuple(variable.shape):
            array = for_channels(array, variable.shape[2])
        variable.assign(array)
