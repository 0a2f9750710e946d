"""Which networks a training leaves in its folder; asked before Keras is imported, too."""

from pathlib import Path

# The first that is there is taken.
OF_A_RUN = ("final.keras", "best.keras")


def network_of_run(folder: Path, finished: bool = False) -> Path:
    """Return the path of the network in a training run's folder.

    Args:
        folder: of the run.
        finished: whether only the network that the run ends with will do.

    Raises:
        ValueError: there is none.
    """
    names = OF_A_RUN[:1] if finished else OF_A_RUN
    for name in names:
        if (folder / name).is_file():
            return folder / name
    run = "a finished training run's folder" if finished else "a training run's folder"
    raise ValueError(
        f"{folder} should be {run}, with {' or '.join(names)}. Received: a folder without; the run "
        f"has not come that far, or was never started here"
    )
