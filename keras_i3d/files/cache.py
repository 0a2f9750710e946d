"""The folder for what can be fetched or made again."""

import os
from pathlib import Path

import platformdirs

HOME = "KERAS_I3D_HOME"


def home() -> Path:
    """Return the cache folder: $KERAS_I3D_HOME, or keras_i3d below the user's own cache folder."""
    if named := os.environ.get(HOME):
        return Path(named).expanduser()
    return platformdirs.user_cache_path("keras_i3d", appauthor=False)
