"""Batch norm's scale (gamma), which our networks do not have, folded into what comes before it.

gamma * (conv - mean) / s + beta = (gamma * conv - gamma * mean) / s + beta, with s from the moving
variance, which stays.
"""

import numpy as np


def fold_gamma(arrays: dict[str, np.ndarray], conv: str) -> dict[str, np.ndarray]:
    """Multiply '…/batch_norm/gamma' into '…/{conv}/kernel' and the moving mean."""
    folded = dict(arrays)
    for path in [path for path in arrays if path.endswith("/batch_norm/gamma")]:
        gamma, unit = folded.pop(path), path.removesuffix("batch_norm/gamma")
        for scaled in (f"{unit}{conv}/kernel", f"{unit}batch_norm/moving_mean"):
            # What is missing or misshapen is left for the assignment to complain about.
            if scaled in folded and folded[scaled].shape[-1:] == gamma.shape:
                folded[scaled] = folded[scaled] * gamma
    return folded
