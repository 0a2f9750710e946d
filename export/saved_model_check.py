"""Run a SavedModel in a process that has nothing but TensorFlow, and keep its answers.

python -m keras_i3d.export.saved_model_check FOLDER CLIPS.npz ANSWERS.npz

CLIPS.npz has "name/stream" arrays; ANSWERS.npz gets the probabilities of each name.
"""

import sys

import numpy as np
import tensorflow as tf

from keras_i3d.export.served_record import RAW_INPUTS


def main(folder: str, asked: str, answered: str) -> None:
    """Ask `serving_default` about each clip."""
    signature = tf.saved_model.load(folder).signatures["serving_default"]
    with np.load(asked) as clips:
        names = dict.fromkeys(key.rpartition("/")[0] for key in clips.files)
        answers = {}
        for name in names:
            inputs = {
                argument: tf.constant(clips[f"{name}/{stream}"][None])
                for stream, argument in RAW_INPUTS.items()
                if f"{name}/{stream}" in clips.files
            }
            answers[name] = signature(**inputs)["probabilities"].numpy()
    np.savez(answered, **answers)


if __name__ == "__main__":
    main(*sys.argv[1:])
