"""A row for each Keras layer class: what it becomes on a clip, and how its weights are carried."""

import keras
from keras import layers

from keras_i3d import layers as ours
from keras_i3d.inflation.rule import NO_TIME, Rule, Site
from keras_i3d.inflation.shape_rules import (
    axis_moved,
    border_config,
    flat_why_not,
    flatten,
    noise_config,
    normalization_weights,
    permute_config,
    prelu_config,
    prelu_weights,
    reshape,
    reshape_config,
    reshape_has_after,
    reshape_why_not,
)
from keras_i3d.inflation.window_rules import (
    conv_config,
    convolution,
    kernels_inflated,
    pool,
    pool_config,
    pooled,
    transposed_config,
    transposed_why_not,
    up_sampling,
    up_sampling_config,
)


def per_frame_config(config: dict, site: Site) -> dict:
    """Return the layer itself, as an argument of PerFrame."""
    copy = type(site.layer).from_config(config)
    kept = {key: config[key] for key in ("name", "dtype", "trainable") if key in config}
    return {**kept, "layer": keras.saving.serialize_keras_object(copy)}


def refuses(reason: str) -> Rule:
    """Return the rule of a class that cannot be inflated."""
    return Rule(why_not=lambda site: reason)


AS_IT_IS = Rule()
AXIS = Rule(config=axis_moved)
PER_FRAME = Rule(ours.PerFrame, per_frame_config)
NOISE = Rule(config=noise_config)
NAMED_RULES = {"as it is": AS_IT_IS, "per frame": PER_FRAME}
NO_DRAW_FOR_A_CLIP = "it would draw again for every frame: augment clips before the network"

RULES: dict[type, Rule] = {
    # Layers with a window
    layers.Conv2D: Rule(convolution, conv_config, kernels_inflated(1)),
    layers.DepthwiseConv2D: Rule(ours.DepthwiseConv3D, conv_config, kernels_inflated(1)),
    layers.SeparableConv2D: Rule(
        ours.SeparableConv3D, conv_config, kernels_inflated(1, pointwise=True)
    ),
    layers.Conv2DTranspose: Rule(
        ours.ClipConv3DTranspose,
        transposed_config,
        kernels_inflated(1),
        why_not=transposed_why_not,
    ),
    layers.MaxPooling2D: Rule(pool(layers.MaxPooling3D, ours.ClipMaxPooling3D), pool_config),
    layers.AveragePooling2D: Rule(
        pool(layers.AveragePooling3D, ours.ClipAveragePooling3D), pool_config
    ),
    layers.GlobalAveragePooling2D: Rule(layers.GlobalAveragePooling3D, has_after=pooled),
    layers.GlobalMaxPooling2D: Rule(layers.GlobalMaxPooling3D, has_after=pooled),
    layers.UpSampling2D: Rule(up_sampling, up_sampling_config),
    layers.ZeroPadding2D: Rule(layers.ZeroPadding3D, border_config("padding")),
    layers.Cropping2D: Rule(layers.Cropping3D, border_config("cropping")),
    layers.SpatialDropout2D: Rule(layers.SpatialDropout3D),
    layers.Flatten: Rule(flatten, has_after=lambda site: NO_TIME, why_not=flat_why_not),
    layers.Reshape: Rule(
        reshape, reshape_config, has_after=reshape_has_after, why_not=reshape_why_not
    ),
    layers.Permute: Rule(config=permute_config),
    layers.Normalization: Rule(config=axis_moved, weights=normalization_weights),
    layers.PReLU: Rule(config=prelu_config, weights=prelu_weights),
    layers.Dot: refuses("a product of clips has no axes that follow from those of images"),
    layers.Lambda: refuses("it holds a function that cannot be inspected: use layers or keras.ops"),
    **dict.fromkeys(
        [
            layers.BatchNormalization,
            layers.LayerNormalization,
            layers.RMSNormalization,
            layers.UnitNormalization,
            layers.Softmax,
            layers.Concatenate,
        ],
        AXIS,
    ),
    **dict.fromkeys(
        [
            layers.Dense,
            layers.Activation,
            layers.ReLU,
            layers.LeakyReLU,
            layers.ELU,
            layers.Identity,
            layers.Rescaling,
            layers.ActivityRegularization,
            layers.GaussianNoise,
            layers.Add,
            layers.Subtract,
            layers.Multiply,
            layers.Average,
            layers.Maximum,
            layers.Minimum,
        ],
        AS_IT_IS,
    ),
    **dict.fromkeys([layers.Dropout, layers.AlphaDropout], NOISE),
    layers.GaussianDropout: AS_IT_IS,
    **dict.fromkeys(
        [layers.GroupNormalization, layers.Resizing, layers.CenterCrop, layers.Discretization],
        PER_FRAME,
    ),
    **dict.fromkeys(
        [
            layers.RandomFlip,
            layers.RandomCrop,
            layers.RandomRotation,
            layers.RandomTranslation,
            layers.RandomZoom,
            layers.RandomBrightness,
            layers.RandomContrast,
        ],
        refuses(NO_DRAW_FOR_A_CLIP),
    ),
}

# Layers of keras.applications that Keras does not export.
ADDRESSED_RULES = {
    "keras.src.applications.convnext.LayerScale": AS_IT_IS,
    "keras.src.applications.convnext.StochasticDepth": AS_IT_IS,
    "keras.src.applications.inception_resnet_v2.CustomScaleLayer": AS_IT_IS,
}


def inflation_rule(layer_class: type, rule: Rule | str) -> None:
    """Set the rule of a layer class for `inflate`, in place of an earlier one.

    Args:
        layer_class: the 2D layer's class; subclasses need a rule of their own.
        rule: "as it is" for a layer that takes a clip as well as an image, such as an activation;
            "per frame" for one that sees each frame as an image; else a `Rule`.

    Example:
        inflation_rule(Scale, "as it is")
        inflation_rule(MyConv2D, Rule(MyConv3D, conv_config, conv_weights))
    """
    if isinstance(rule, str):
        if rule not in NAMED_RULES:
            raise ValueError(
                f"rule should be a Rule or one of {sorted(NAMED_RULES)}. Received: rule={rule!r}"
            )
        rule = NAMED_RULES[rule]
    if not isinstance(layer_class, type) or not isinstance(rule, Rule):
        raise ValueError(
            f"inflation_rule should get a layer class and its rule. Received: {layer_class}, {rule}"
        )
    RULES[layer_class] = rule


def rule_of(layer) -> Rule | None:
    """Return the rule of a layer's own class; None when there is none."""
    address = f"{type(layer).__module__}.{type(layer).__name__}"
    return RULES.get(type(layer)) or ADDRESSED_RULES.get(address)
