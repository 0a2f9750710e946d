"""The folder of a run, as everything that comes after the training reads it."""

import json
from dataclasses import dataclass
from pathlib import Path

from keras_i3d.applications.loaded import OF_A_RUN, LoadedNetwork, load
from keras_i3d.training.recipe_checks import change
from keras_i3d.training.recipes import Recipe

FINAL, BEST = OF_A_RUN
RECIPE = "recipe.json"
LABELS = "labels.txt"
NETWORKS = {"final": FINAL, "best": BEST}


class RunFolderError(RuntimeError):
    """A run's folder that is damaged or unfinished; the message says which file and why."""


@dataclass(frozen=True)
class RunFolder:
    """What one training left behind.

    path: the folder.
    recipe: all numbers of the training.
    classes: names of the learnt classes, in the labels' order; None if labels.txt is missing.
    """

    path: Path
    recipe: Recipe
    classes: tuple[str, ...] | None

    def network_file(self, network: str = "final") -> Path:
        """Return the path of the run's network: "final" or "best".

        Raises:
            RunFolderError: when the training has not written it yet.
        """
        path = self.path / NETWORKS[network]
        if not path.exists():
            best = network != "best" and (self.path / BEST).exists()
            more = "; --network=best takes the best one so far" if best else ""
            raise RunFolderError(f"{path} does not exist yet: the training has not finished{more}")
        return path

    def load_network(self, network: str = "final") -> LoadedNetwork:
        """Load the run's network, "final" or "best", with its own record.

        Raises:
            RunFolderError: when the file is missing or damaged.
        """
        try:
            return load(self.network_file(network))
        except ValueError as error:
            raise RunFolderError(error) from error


def read_run(folder: str | Path) -> RunFolder:
    """Read the folder that `training.run.train` or `keras-i3d train` wrote.

    Args:
        folder: of the run, finished or not.

    Raises:
        FileNotFoundError: when it is not a run's folder.
        RunFolderError: when its recipe or labels are damaged, or of another version.
    """
    folder = Path(folder).expanduser()
    recipe = _read_recipe(folder)
    return RunFolder(folder, recipe, _read_labels(folder / LABELS))


def _read_recipe(folder: Path) -> Recipe:
    path = folder / RECIPE
    try:
        kept = json.loads(path.read_text("utf-8"))
        kept = {k: tuple(v) if isinstance(v, list) else v for k, v in kept.items()}
        return change(Recipe(), kept)
    except OSError as error:
        reason = error.strerror or error
        raise FileNotFoundError(
            f"{folder} is not the folder of a training run: {path.name}: {reason}"
        ) from error
    except (ValueError, TypeError, AttributeError) as error:
        said = str(error).splitlines()[0]
        raise RunFolderError(f"{path} is damaged, or of another version: {said}") from error


def _read_labels(path: Path) -> tuple[str, ...] | None:
    try:
        return tuple(path.read_text("utf-8").splitlines())
    except FileNotFoundError:  # the folder's owner may have put a network there
        return None
    except (OSError, ValueError) as error:
        raise RunFolderError(f"{path} is damaged: {error}") from error
