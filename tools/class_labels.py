"""The class names that a --labels flag gives."""

from pathlib import Path

from keras_i3d.tools.running import FlagError


def labels_in(path: str | None) -> tuple[str, ...] | None:
    """Read the names in a file, a line each; None without a file.

    Raises:
        FlagError: when the file cannot be read.
    """
    if path is None:
        return None
    try:
        return tuple(Path(path).read_text(encoding="utf-8").splitlines())
    except (OSError, UnicodeDecodeError) as error:
        raise FlagError(f"--labels: {error}") from error
