"""Which networks a training leaves in its folder; asked before Keras is imported, too."""

from pathlib import Path

# The first that is there is taken.
OF_A_RUN = ("final.keras", "best.keras")


def network_of_run(folder: Path) -> Path:
    """Return the path of the network in a training run's folder.

    Raises:
        ValueError: there is none.
    """
    for name in OF_A_RUN:
        if (folder / name).is_file():
            return folder / name
    raise ValueError(
        f"{folder} should be a training run's folder, with {' or '.join(OF_A_RUN)}. Received: a "
        f"folder without; the run has not come that far, or was never started here"
    )
