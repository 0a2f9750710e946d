"""The folder of a training, as the tools that come after it read it."""

import json
from pathlib import Path

from keras_i3d.tools.running import FlagError, ToolError
from keras_i3d.training.recipe_checks import change
from keras_i3d.training.recipes import Recipe


def read_recipe(folder: Path) -> Recipe:
    """What `keras-i3d train` kept as FOLDER/recipe.json.

    Raises:
        FlagError: when there is none.
        ToolError: when it is damaged, or of another version.
    """
    path = folder / "recipe.json"
    try:
        kept = json.loads(path.read_text("utf-8"))
        kept = {k: tuple(v) if isinstance(v, list) else v for k, v in kept.items()}
        return change(Recipe(), kept)
    except OSError as error:
        reason = error.strerror or error
        raise FlagError(f"{folder} is no folder of a training: {path.name}: {reason}") from error
    except (ValueError, TypeError, AttributeError) as error:
        said = str(error).splitlines()[0]
        raise ToolError(f"{path} is damaged, or of another version: {said}") from error
