"""What becomes of a gradient before the optimizer sees it: penalised, clipped, layer by layer."""

from collections.abc import Sequence

import tensorflow as tf


def shaped(
    gradients: Sequence[tf.Tensor],
    values: Sequence[tf.Tensor],
    reached: Sequence[bool],
    factors: Sequence[float],
    weight_decay: float = 0.0,
    clip_norm: float | None = None,
) -> tuple[list[tf.Tensor], tf.Tensor]:
    """Return the mean gradient penalised, clipped, and times the layers' factors; its norm before.

    Args:
        gradients: of each variable.
        values: the variables'.
        reached: whether a loss reaches the variable. Adam would make the same step of the smallest
            penalty alone as of a loss.
        factors: of each variable's learning rate.
        weight_decay: L2 penalty of kernels; vectors have none.
        clip_norm: largest global norm; None for any.
    """
    if weight_decay:
        gradients = [
            g + weight_decay * tf.cast(v, tf.float32) if learns and len(v.shape) > 1 else g
            for g, v, learns in zip(gradients, values, reached, strict=True)
        ]
    norm = tf.linalg.global_norm(gradients)
    if clip_norm is not None:
        gradients, _ = tf.clip_by_global_norm(gradients, clip_norm, use_norm=norm)
    scaled = zip(gradients, factors, strict=True)
    return [g * f if f != 1.0 else g for g, f in scaled], norm
