"""What a score file is about: which data, which stream, trained from what. Read from `made`."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import PurePath

from keras_i3d.data.lists.annotations import DATA_SETS, DIVIDED
from keras_i3d.weights.run_network import OF_A_RUN

BOTH = "rgb + flow"
STREAMS = ("rgb", "flow", BOTH)
# The transfer of a network that was not trained by a recipe: published, inflated, of a file.
AS_IT_IS = "as it is"


@dataclass(frozen=True)
class Trial:
    """One network, or several fused, on one division of a data set.

    data: the data set's name; of other data in the form of one with divisions, that form and the
        number of classes; else where the data was.
    stream: "rgb", "flow" or BOTH; of others fused, such as "rgb + rgb".
    transfer, start, model: as in the recipe; start is its weights, of a file its name. Of a network
        that no recipe trained, AS_IT_IS, and what it was loaded from. A transfer of other losses
        than that between scores and labels names them: "full, Logits distilled from teacher". Of
        fused networks that differ, each, with a plus between.
    views: "whole videos", or "10 x 3": clips and crops of each.
    split: what was scored, such as "test".
    division: which of UCF-101's or HMDB-51's; 0 where a data set has one.
    """

    data: str
    stream: str
    transfer: str
    start: str | None
    model: str
    views: str
    split: str
    division: int

    @property
    def title(self) -> str:
        """Return data, split and network, in words for a heading."""
        data = f"{self.data}, split {self.division}" if self.division else self.data
        start = self.start or "random weights"
        how, *losses = self.transfer.split(", ", 1)
        how = start if how == AS_IT_IS else ", ".join([f"{how} from {start}", *losses])
        return f"{data} ({self.split}): {self.model}, {self.stream}, {how}"


def trial_of(made: Mapping, classes: int) -> Trial | None:
    """Read `Scores.made`; return None if it says too little, or fused parts do not agree.

    Args:
        made: as `provenance` makes it; of fused scores, a mapping of such.
        classes: how many the scores have.
    """
    try:
        if "fused" in made:
            parts = [trial_of(part, classes) for part in made["fused"].values()]
            return _fused(parts) if parts and all(parts) else None
        recipe, form = made["recipe"], made["recipe"]["format"]
        divided = form in DIVIDED
        other = f"{form} form, {classes} classes" if divided else made["data"]
        return Trial(
            DATA_SETS.get((form, classes), str(other)),
            BOTH if made["stream"] == "both" else str(made["stream"]),
            _transfer(recipe),
            _start(recipe["weights"]),
            str(recipe["model"]),
            _views(made),
            str(made["split"]),
            int(recipe["split_number"]) if divided else 0,
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def _transfer(recipe: Mapping) -> str:
    """The recipe's transfer, and what was learnt from besides the labels."""
    parts = [str(recipe["transfer"])]
    if recipe.get("teacher"):
        points = ", ".join(recipe.get("distil", ()))
        parts.append(f"{points} distilled from {PurePath(recipe['teacher']).name}")
    if recipe.get("flow_loss"):
        parts.append(f"flow decoded at {', '.join(recipe['flow_loss'])}")
    return ", ".join(parts)


def _start(weights: str | None) -> str | None:
    """A published name, or a file's name; a run's network has its folder's name before it."""
    if weights is None:
        return None
    path = PurePath(weights)
    of_a_run = path.name in OF_A_RUN
    return f"{path.parent.name}/{path.name}" if of_a_run else path.name


def _fused(parts: list[Trial]) -> Trial | None:
    """What the parts have in common; where they differ, each with a plus between."""
    first = parts[0]
    if len({(part.data, part.split, part.division) for part in parts}) > 1:
        return None
    changes = {}
    for name in ("transfer", "start", "model", "views"):
        values = dict.fromkeys(getattr(part, name) for part in parts)
        if len(values) > 1:
            changes[name] = " + ".join(value or "none" for value in values)
    streams = sorted((part.stream for part in parts), key=_place)
    return replace(first, stream=" + ".join(streams), **changes)


def _place(stream: str) -> int:
    return STREAMS.index(stream) if stream in STREAMS else len(STREAMS)


def _views(made: Mapping) -> str:
    whole = "whole videos" if made["num_crops"] == 1 else f"whole videos x {made['num_crops']}"
    return whole if made["num_clips"] is None else f"{made['num_clips']} x {made['num_crops']}"
