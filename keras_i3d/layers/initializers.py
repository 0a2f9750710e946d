"""The random start of the original's kernels."""

import keras
import numpy as np


@keras.saving.register_keras_serializable("keras_i3d")
class SonnetTruncatedNormal(keras.initializers.Initializer):
    """A normal of deviation 1/sqrt(fan_in), cut off at two deviations: Sonnet 1's default.

    Keras' own truncated normal is wider, so that the deviation holds after the cut. This one is
    drawn by NumPy: JAX would compile its draw anew for each kernel of I3D, half a minute in all.

    Args:
        seed: a whole number; by default one that `keras.utils.set_random_seed` governs.

    Source: Sonnet 1, conv.py, create_weight_initializer.
    """

    def __init__(self, seed: int | None = None):
        self.seed = seed
        # Keras' own initialisers know the seed that set_random_seed leads to.
        self._drawn_seed = keras.initializers.RandomNormal(seed=seed).seed

    def __call__(self, shape, dtype=None):
        draw = np.random.default_rng(self._drawn_seed)
        values = draw.standard_normal(shape, np.float32)
        while (beyond := np.abs(values) > 2).any():
            values[beyond] = draw.standard_normal(beyond.sum(), np.float32)
        return keras.ops.convert_to_tensor(values / np.sqrt(np.prod(shape[:-1])), dtype)

    def get_config(self):
        return {"seed": self.seed}
