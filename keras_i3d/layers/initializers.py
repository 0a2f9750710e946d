"""The random start of the originals' kernels.

Drawn by NumPy: JAX would compile Keras' draws anew for each kernel of I3D, half a minute in all.
"""

import keras
import numpy as np


class _Drawn(keras.initializers.Initializer):
    """A start that `values(shape, draw)` computes with NumPy's generator.

    Args:
        seed: a whole number; by default one that `keras.utils.set_random_seed` governs.
    """

    def __init__(self, seed: int | None = None):
        self.seed = seed
        # Keras' own initialisers know the seed that set_random_seed leads to.
        self._drawn_seed = keras.initializers.RandomNormal(seed=seed).seed

    def __call__(self, shape, dtype=None):
        values = self.values(tuple(shape), np.random.default_rng(self._drawn_seed))
        return keras.ops.convert_to_tensor(values, dtype)

    def get_config(self):
        return {"seed": self.seed}


@keras.saving.register_keras_serializable("keras_i3d")
class SonnetTruncatedNormal(_Drawn):
    """A normal of deviation 1/sqrt(fan_in), cut off at two deviations: Sonnet 1's default.

    Keras' own truncated normal is wider, so that the deviation holds after the cut.

    Source: Sonnet 1, conv.py, create_weight_initializer.
    """

    def values(self, shape, draw):
        """Return the kernel's values, (..., inputs, outputs) float32."""
        return _cut_normal(shape, draw) / np.sqrt(np.prod(shape[:-1]), dtype=np.float32)


@keras.saving.register_keras_serializable("keras_i3d")
class SlimTruncatedNormal(_Drawn):
    """A normal of deviation 0.01, cut off at two deviations.

    Source: slim, nets/s3dg.py, s3dg_arg_scope.
    """

    def values(self, shape, draw):
        """Return the kernel's values, float32."""
        return _cut_normal(shape, draw) * np.float32(0.01)


@keras.saving.register_keras_serializable("keras_i3d")
class TorchUniform(_Drawn):
    """A uniform between -1/sqrt(fan_in) and 1/sqrt(fan_in): the start of PyTorch's convolutions.

    Source: pytorch, torch/nn/modules/conv.py, reset_parameters.
    """

    def values(self, shape, draw):
        """Return the kernel's values, (..., inputs, outputs) float32."""
        limit = 1 / np.sqrt(np.prod(shape[:-1]))
        return draw.uniform(-limit, limit, shape).astype(np.float32)


@keras.saving.register_keras_serializable("keras_i3d")
class CentreIdentity(keras.initializers.Initializer):
    """The kernel that gives the clip back: one at its centre from each channel to itself, else 0.

    Source: slim, nets/i3d_utils.py, center_initializer.
    """

    def __call__(self, shape, dtype=None):
        kernel = np.zeros(shape, np.float32)
        centre = tuple(n // 2 for n in shape[:-2])
        kernel[centre] = np.eye(*shape[-2:])
        return keras.ops.convert_to_tensor(kernel, dtype)


def _cut_normal(shape, draw) -> np.ndarray:
    """A standard normal; what lies beyond two deviations is drawn again."""
    values = draw.standard_normal(shape, np.float32)
    while (beyond := np.abs(values) > 2).any():
        values[beyond] = draw.standard_normal(beyond.sum(), np.float32)
    return values
