"""Augmentation inside a TensorFlow graph: what was drawn for a clip, done to all its frames alike.

Clips of pixels are uint8 (time, height, width, 3). Statistics, such as the mean that contrast turns
about, are those of the clip, so that no frame is changed otherwise than its neighbours. Each
operation gives what Pillow's gives for all frames put together as one picture.
"""

from collections.abc import Callable

import tensorflow as tf

from keras_i3d.data.batches.augmentation import OPERATIONS, Augmentation

# Of an operation at its strongest: degrees; parts of the side; how far a factor is from 1.
MOST_DEGREES, MOST_SHEAR, MOST_SHIFT, MOST_FACTOR = 30.0, 0.3, 0.45, 0.9
GREY_LEVEL = 128.0  # of what comes in from outside the frame


def augment(
    clip: dict[str, tf.Tensor],
    flip: tf.Tensor,
    jitter: tf.Tensor,
    operations: tf.Tensor,
    augmentation: Augmentation,
) -> dict[str, tf.Tensor]:
    """Return a clip's streams as augmentation.Draw says; flow only mirrors, its x changing sign."""
    if augmentation.flip:
        clip = {
            stream: tf.cond(flip, lambda s=stream: mirrored(clip[s], s), lambda s=stream: clip[s])
            for stream in clip
        }
    if "rgb" in clip:
        a, frames = augmentation, clip["rgb"]
        for i in range(a.num_operations):
            frames = operate(frames, tf.cast(operations[i, 0], tf.int32), operations[i, 1])
        if a.brightness or a.contrast or a.saturation or a.hue:
            frames = jittered(frames, jitter)
        clip["rgb"] = frames
    return clip


def mirrored(frames: tf.Tensor, stream: str) -> tf.Tensor:
    """Return (time, height, width, c), left and right exchanged."""
    frames = tf.reverse(frames, [2])
    return frames * tf.constant([-1.0, 1.0]) if stream == "flow" else frames


def jittered(frames: tf.Tensor, jitter: tf.Tensor) -> tf.Tensor:
    """Change brightness, contrast and saturation by factors, then the hue by a shift; see Draw."""
    values = _clipped(tf.cast(frames, tf.float32) * jitter[0])
    values = _clipped(_blend(tf.reduce_mean(_grey(values)), values, jitter[1]))
    values = _clipped(_blend(_grey(values), values, jitter[2]))
    values = tf.image.adjust_hue(values / 255.0, jitter[3]) * 255.0
    return tf.cast(tf.round(_clipped(values)), tf.uint8)


def mixed(
    clips: dict[str, tf.Tensor], labels: tf.Tensor, mix: tf.Tensor
) -> tuple[dict[str, tf.Tensor], tf.Tensor]:
    """Mix examples 2k and 2k + 1 of a batch, each with its share of the other; labels too.

    Args:
        clips: (examples, time, height, width, c) float32 each.
        labels: (examples, classes) float32.
        mix: (examples, 6): augmentation.Mix as share, whether there is a box, and the box.
    """
    other = tf.range(tf.shape(mix)[0]) ^ 1
    size = tf.shape(next(iter(clips.values())))[2:4]
    share, boxed, box = mix[:, 0], mix[:, 1] > 0, mix[:, 2:]
    edges = tf.round(box * tf.cast(tf.tile(size, [2]), tf.float32))
    rows, columns = (tf.range(size[i], dtype=tf.float32)[None] for i in range(2))
    inside = ((rows >= edges[:, :1]) & (rows < edges[:, 2:3]))[:, :, None]
    inside &= ((columns >= edges[:, 1:2]) & (columns < edges[:, 3:]))[:, None]
    # Of the other example, at each pixel: in a box all or nothing.
    weight = tf.where(
        boxed[:, None, None], tf.cast(inside, tf.float32), tf.ones_like(inside, tf.float32) *
        share[:, None, None])  # fmt: skip
    wide = weight[:, None, :, :, None]
    clips = {s: clip + wide * (tf.gather(clip, other) - clip) for s, clip in clips.items()}
    whole = tf.reduce_mean(weight, axis=[1, 2])[:, None]
    return clips, labels + whole * (tf.gather(labels, other) - labels)


# === The operations of a RandAugment list: (frames, strength in [-1, 1]) -> frames ===


def operate(frames: tf.Tensor, number: tf.Tensor, strength: tf.Tensor) -> tf.Tensor:
    """Return the operation of this number in augmentation.OPERATIONS."""
    branches = [lambda f=FUNCTIONS[name]: f(frames, strength) for name in OPERATIONS]
    return tf.ensure_shape(tf.switch_case(number, branches), frames.shape)


def _autocontrast(frames, strength):
    values = tf.cast(frames, tf.float32)
    low = tf.reduce_min(values, axis=[0, 1, 2])
    high = tf.reduce_max(values, axis=[0, 1, 2])
    stretched = (values - low) * tf.math.divide_no_nan(255.0, high - low)
    return tf.where(high > low, tf.cast(_clipped(stretched + 1e-4), tf.uint8), frames)


def _equalize(frames, strength):
    channels = []
    for channel in tf.unstack(frames, axis=-1):
        counts = tf.math.bincount(tf.reshape(tf.cast(channel, tf.int32), [-1]), minlength=256)
        last = tf.gather(counts, tf.reduce_max(tf.where(counts > 0)))
        step = (tf.reduce_sum(counts) - last) // 255
        table = (tf.cumsum(counts, exclusive=True) + step // 2) // tf.maximum(step, 1)
        table = tf.where(step > 0, tf.minimum(table, 255), tf.range(256))
        channels.append(tf.gather(tf.cast(table, tf.uint8), tf.cast(channel, tf.int32)))
    return tf.stack(channels, axis=-1)


def _posterize(frames, strength):
    lost = tf.cast(4.0 * tf.abs(strength), tf.uint8)  # bits
    return tf.bitwise.left_shift(tf.bitwise.right_shift(frames, lost), lost)


def _solarize(frames, strength):
    least = tf.cast(256.0 * (1.0 - tf.abs(strength)), tf.int32)
    return tf.where(tf.cast(frames, tf.int32) < least, frames, 255 - frames)


def _brightness(frames, strength):
    return _towards(tf.zeros_like(frames), frames, strength)


def _contrast(frames, strength):
    mean = tf.floor(tf.reduce_mean(tf.floor(_grey(frames) + 0.5)) + 0.5)
    return _towards(mean, frames, strength)


def _colour(frames, strength):
    return _towards(tf.floor(_grey(frames) + 0.5), frames, strength)


def _sharpness(frames, strength):
    # Pillow's SMOOTH; the border stays as it is.
    values = tf.cast(frames, tf.float32)
    kernel = tf.constant([[1, 1, 1], [1, 5, 1], [1, 1, 1]], tf.float32) / 13.0
    kernel = tf.tile(kernel[:, :, None, None], [1, 1, 3, 1])
    smooth = tf.nn.depthwise_conv2d(values, kernel, [1, 1, 1, 1], "VALID")
    smooth = tf.pad(tf.round(smooth), [[0, 0], [1, 1], [1, 1], [0, 0]])
    border = tf.pad(tf.ones_like(smooth[:, 1:-1, 1:-1]), [[0, 0], [1, 1], [1, 1], [0, 0]])
    return _towards(tf.where(border > 0, smooth, values), frames, strength)


def _rotate(frames, strength):
    angle = strength * (MOST_DEGREES * 3.141592653589793 / 180)
    return _moved(frames, tf.cos(angle), -tf.sin(angle), tf.sin(angle), tf.cos(angle))


def _shear_x(frames, strength):
    return _moved(frames, 1.0, MOST_SHEAR * strength, 0.0, 1.0)


def _shear_y(frames, strength):
    return _moved(frames, 1.0, 0.0, MOST_SHEAR * strength, 1.0)


def _translate_x(frames, strength):
    return _moved(frames, 1.0, 0.0, 0.0, 1.0, right=MOST_SHIFT * strength)


def _translate_y(frames, strength):
    return _moved(frames, 1.0, 0.0, 0.0, 1.0, down=MOST_SHIFT * strength)


FUNCTIONS: dict[str, Callable] = {
    "identity": lambda frames, strength: frames,
    "autocontrast": _autocontrast,
    "equalize": _equalize,
    "posterize": _posterize,
    "solarize": _solarize,
    "brightness": _brightness,
    "contrast": _contrast,
    "colour": _colour,
    "sharpness": _sharpness,
    "rotate": _rotate,
    "shear_x": _shear_x,
    "shear_y": _shear_y,
    "translate_x": _translate_x,
    "translate_y": _translate_y,
}


def _moved(frames, xx, xy, yx, yy, right=0.0, down=0.0):
    """What is at (x, y) about the middle comes from (xx x + xy y - right, yx x + yy y - down)."""
    size = tf.cast(tf.shape(frames)[1:3], tf.float32)
    middle_y, middle_x = (size[0] - 1) / 2, (size[1] - 1) / 2
    shift_x = middle_x - xx * middle_x - xy * middle_y - right * size[1]
    shift_y = middle_y - yx * middle_x - yy * middle_y - down * size[0]
    rows = tf.stack([xx, xy, shift_x, yx, yy, shift_y, 0.0, 0.0])
    moved = tf.raw_ops.ImageProjectiveTransformV3(
        images=tf.cast(frames, tf.float32),
        transforms=rows[None],
        output_shape=tf.shape(frames)[1:3],
        interpolation="BILINEAR",
        fill_mode="CONSTANT",
        fill_value=GREY_LEVEL,
    )
    return tf.cast(tf.round(moved), tf.uint8)


def _towards(other, frames, strength):
    factor = 1.0 + MOST_FACTOR * strength
    values = _blend(tf.cast(other, tf.float32), tf.cast(frames, tf.float32), factor)
    return tf.cast(_clipped(values), tf.uint8)


def _blend(other, values, factor):
    return other + factor * (values - other)


def _grey(frames):
    """(..., 3) to (..., 1) float32: ITU-R BT.601."""
    values = tf.cast(frames, tf.float32)
    return tf.reduce_sum(values * tf.constant([0.299, 0.587, 0.114]), axis=-1, keepdims=True)


def _clipped(values):
    return tf.clip_by_value(values, 0.0, 255.0)
