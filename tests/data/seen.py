"""Small inputs for tests."""

from keras_i3d.data.pixels.preprocessing import DEEPMIND_INPUTS


def seen(frames=64, every=1, short_side=256, crop=224, streams=("rgb",)):
    """What the streams see, preprocessed as I3D's clips are, at other sizes."""
    return {s: DEEPMIND_INPUTS[s].changed(frames, every, short_side, crop) for s in streams}
