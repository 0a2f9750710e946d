"""Small networks of shapes that keras.applications has not: each a thing that users build."""

import keras
from keras import layers, ops


def u_net(up):
    """Four levels, skip connections; `up` makes a layer that doubles height and width."""
    image = x = keras.Input((32, 32, 3))
    skips = []
    for filters in (4, 8, 8, 8):
        x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
        skips.append(x)
        x = layers.MaxPooling2D()(x)
    for filters in (8, 8, 8, 4):
        x = layers.Concatenate(axis=3)([up()(x), skips.pop()])
        x = layers.Conv2D(filters, 3, padding="same")(x)
    return keras.Model(image, layers.Conv2D(1, 1)(x))


def u_net_transposed():
    return u_net(lambda: layers.Conv2DTranspose(8, 3, strides=2, padding="same"))


def u_net_bilinear():
    return u_net(lambda: layers.UpSampling2D(interpolation="bilinear"))


def u_net_nearest():
    return u_net(layers.UpSampling2D)


def pooled_branch():
    """What global pooling leaves, concatenated with the features it was pooled from."""
    image = keras.Input((16, 16, 3))
    x = layers.Conv2D(6, 3, dilation_rate=2, padding="same")(image)
    pooled = layers.Conv2D(4, 1)(layers.GlobalAveragePooling2D(keepdims=True)(x))
    pooled = layers.UpSampling2D(16, interpolation="bilinear")(pooled)
    return keras.Model(image, layers.Concatenate()([x, pooled]))


def attention():
    """Gates over channels, by shared Dense layers, and over space, by keras.ops."""
    image = keras.Input((16, 16, 3))
    x = layers.Conv2D(8, 3, padding="same")(image)
    squeeze, excite = layers.Dense(4, activation="relu"), layers.Dense(8)
    means = excite(squeeze(layers.GlobalAveragePooling2D()(x)))
    maxima = excite(squeeze(layers.GlobalMaxPooling2D()(x)))
    gate = layers.Activation("sigmoid")(layers.Add()([means, maxima]))
    x = layers.Multiply()([x, layers.Reshape((1, 1, 8))(gate)])
    seen = [ops.mean(x, axis=3, keepdims=True), ops.max(x, axis=-1, keepdims=True)]
    seen = ops.concatenate(seen, axis=3)
    return keras.Model(image, x * layers.Conv2D(1, 7, padding="same", activation="sigmoid")(seen))


def two_towers():
    """Two images through one tower, and a vector; dictionaries in and out."""
    left, right = keras.Input((16, 16, 3), name="left"), keras.Input((16, 16, 3), name="right")
    facts = keras.Input((5,), name="facts")
    tower = layers.Conv2D(4, 3, strides=2, padding="same", name="tower")
    norm = layers.BatchNormalization(axis=3, name="norm")
    x = layers.Subtract()([norm(tower(left)), norm(tower(right))])
    vector = layers.Concatenate()([layers.GlobalMaxPooling2D()(x), facts])
    return keras.Model(
        {"facts": facts, "left": left, "right": right},
        {"score": layers.Dense(2, name="score")(vector), "vector": vector},
    )


def nested():
    """A backbone called twice, a Sequential head called twice, borders padded and cropped."""
    inner = keras.Input((None, None, 3))
    x = layers.Conv2D(4, 3, name="conv")(inner)
    backbone = keras.Model(inner, layers.MaxPooling2D(3, 2, name="pool")(x), name="backbone")
    head = keras.Sequential(
        [keras.Input((None, None, 4)), layers.Conv2D(4, 1, name="mix"), layers.ReLU()], name="head"
    )
    image = keras.Input((20, 20, 3))
    shifted = layers.Cropping2D(((1, 0), (0, 1)))(image)
    shifted = layers.ZeroPadding2D(((1, 0), (0, 1)))(shifted)
    return keras.Model(
        image, layers.Flatten()(layers.Add()([head(backbone(image)), head(backbone(shifted))]))
    )


def sequential():
    """One of each layer that has axes, groups, slopes or noise."""
    return keras.Sequential(
        [
            keras.Input((18, 18, 3)),
            layers.Rescaling(1 / 127.5, offset=-1),
            layers.Normalization(axis=3),
            layers.Conv2D(8, 3, activation="relu"),
            layers.LayerNormalization(axis=[1, 2, 3]),
            layers.SpatialDropout2D(0.2),
            layers.DepthwiseConv2D(3, strides=2),
            layers.GroupNormalization(4),
            layers.PReLU(),
            layers.SeparableConv2D(8, 3, depth_multiplier=2),
            layers.PReLU(shared_axes=[1, 2]),
            layers.AveragePooling2D(3, 1, padding="same"),
            layers.Permute((2, 1, 3)),
            layers.Softmax(axis=3),
            layers.Conv2D(8, 3, groups=2, padding="same"),
            layers.Conv2D(16, 3, groups=8, padding="same"),
            layers.Dropout(0.5, noise_shape=(None, 1, 1, 16)),
            layers.LeakyReLU(),
            layers.Flatten(),
            layers.Dense(7),
            layers.Dense(2),
        ]
    )


def decoder():
    """Through a vector and back to an image, which then has one frame."""
    image = keras.Input((8, 8, 2))
    x = layers.Dense(4 * 4 * 3)(layers.Flatten()(image))
    x = layers.Reshape((4, 4, 3))(x)
    return keras.Model(image, layers.Conv2DTranspose(5, 3, strides=2)(x))


def operations():
    """Slices, arithmetic, reductions and a split by keras.ops."""
    image = keras.Input((16, 16, 4))
    x = layers.Conv2D(4, 3)(image[:, 1:, :, :] - image[:, :-1])
    x = ops.relu6(x + 3.0) / 6
    x = ops.mean(x, axis=(1, 2), keepdims=True) * x
    return keras.Model(image, ops.max(ops.split(x, 2, axis=3)[0], axis=[1, 2]))


def channel_shuffle():
    """Reshape and Permute within a frame; transposed convolutions without padding."""
    image = keras.Input((8, 8, 8))
    x = layers.Reshape((8, 8, 2, 4))(layers.Conv2D(8, 1, groups=2)(image))
    x = layers.Reshape((8, 8, 8))(layers.Permute((1, 2, 4, 3))(x))
    x = layers.Conv2DTranspose(4, 4, strides=2, padding="valid")(x)
    return keras.Model(image, layers.Conv2DTranspose(4, 3, padding="valid")(x))


USERS_NETWORKS = {
    f.__name__: f
    for f in (
        u_net_transposed,
        u_net_bilinear,
        u_net_nearest,
        pooled_branch,
        attention,
        two_towers,
        nested,
        sequential,
        decoder,
        operations,
        channel_shuffle,
    )
}
