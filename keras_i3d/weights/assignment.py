"""Arrays into a model: by name, all or nothing."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import keras


def assign(model: "keras.Model", arrays: dict[str, np.ndarray], source: str) -> None:
    """Give every variable of `model` the array of its path; nothing is assigned unless all fit.

    Args:
        arrays: {variable.path: array}.
        source: where the arrays come from, for the error.

    Raises:
        ValueError: one error that lists every missing, unexpected and misshapen variable.
    """
    variables = {variable.path: variable for variable in model.weights}
    if len(variables) < len(model.weights):
        raise ValueError(
            f"{model.name} has two variables of the same path; they cannot be told apart"
        )
    complaints = [f"missing    {path:.200}" for path in variables.keys() - arrays.keys()]
    complaints += [f"unexpected {path:.200}" for path in arrays.keys() - variables.keys()]
    complaints += [
        f"shape      {path}: the file has {arrays[path].shape}, the network wants {tuple(v.shape)}"
        for path, v in variables.items()
        if path in arrays and arrays[path].shape != tuple(v.shape)
    ]
    complaints += [
        f"values     {path}: {np.size(a) - np.isfinite(a).sum()} of {np.size(a)} are not finite"
        for path, a in arrays.items()
        if path in variables and not np.isfinite(a).all()
    ]
    if complaints:
        lines, most = sorted(complaints), 2 * len(variables)
        lines[most:] = [f"and {len(lines) - most} more"] if len(lines) > most else []
        raise ValueError(f"{source} does not fit {model.name}:\n  " + "\n  ".join(lines))
    for path, variable in variables.items():
        variable.assign(arrays[path])
