"""Networks as a training leaves them, exported for as long as they are served."""

import contextlib
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from absl import logging

from keras_i3d.export.server.options import is_name
from keras_i3d.weights.run_network import OF_A_RUN


@contextlib.contextmanager
def exported(models: Iterable[str], say: Callable[[str], None] = print) -> Iterator[list[str]]:
    """Give models as `model_configs` takes them: trained networks are exported, others left alone.

    Args:
        models: [NAME=]PATH each: a folder of versions, a training's folder, or a .keras file.
        say: gets a line for each network that is exported.

    Raises:
        ValueError: a network cannot be loaded or exported; says which and why.
    """
    with tempfile.TemporaryDirectory(prefix="keras_i3d-serve-") as folder:
        yield [_exported(text, Path(folder), say) for text in models]


def is_trained(path: str) -> bool:
    """Return whether a path is a .keras file or a training's folder."""
    where = Path(path).expanduser()
    return where.suffix == ".keras" or any((where / name).is_file() for name in OF_A_RUN)


def _exported(text: str, folder: Path, say: Callable[[str], None]) -> str:
    name, equals, path = text.partition("=")
    path = path if equals else text
    if not is_trained(path):
        return text
    where = Path(path).expanduser().resolve()
    if not where.exists():
        raise ValueError(f"--model={text}: there is no such file")
    # Here and not above: they bring TensorFlow, which folders of versions do not need yet.
    from keras_i3d.applications.loaded import load
    from keras_i3d.export.saved_model import export_saved_model

    if not equals:
        name = where.parent.name if where.name in OF_A_RUN else where.stem
        name = name if is_name(name) else "model"
    say(f"exporting {path} to serve it; `keras-i3d export_saved_model` makes an export that stays")
    level = logging.get_verbosity()
    logging.set_verbosity(logging.ERROR)  # TensorFlow says which names it changes
    try:
        export_saved_model(load(where), folder / name / "1")
    except ValueError as error:
        raise ValueError(f"--model={text}: {error}") from error
    finally:
        logging.set_verbosity(level)
    return f"{name}={folder / name}"
