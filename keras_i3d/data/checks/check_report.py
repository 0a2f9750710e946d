"""What came of decoding a data set: a line for each listed video, and what they come to."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from typing import Any

from keras_i3d.data.checks.probing import DAMAGED, FAILED, MISSING, OK, STATUSES, Probe
from keras_i3d.data.lists.annotations import Annotations
from keras_i3d.data.lists.problems import MISSING as MISSING_FILE
from keras_i3d.data.lists.problems import SHOWN, printable

FOUND = tuple(Probe.__dataclass_fields__)


def manifest(annotations: Annotations, records: dict[str, dict]) -> list[dict]:
    """Return a line for each listed video, split after split: its videos, then its problems.

    Args:
        annotations: the list.
        records: path to the fields of its Probe.
    """
    problems = {problem.split: [] for problem in annotations.problems}
    for problem in annotations.problems:
        problems[problem.split].append(problem)
    lines = []
    for split in dict.fromkeys([*annotations.splits, *problems]):
        for video in annotations.splits.get(split, ()):
            line = {name: records[video.path].get(name) for name in FOUND}
            line |= {"id": video.id, "split": split, "labels": list(video.labels)}
            if video.start is not None or video.end is not None:
                line |= {"start": video.start, "end": video.end}
                line |= _outside(line)
            lines.append({"path": video.path, **line})
        for problem in problems.get(split, ()):
            status = MISSING if problem.kind == MISSING_FILE else FAILED
            line = {"path": None, **vars(Probe(status, cause=str(problem)))}
            line |= {"id": problem.name, "split": split, "labels": list(problem.labels)}
            lines.append(line)
    return lines


def _outside(line: dict) -> dict:
    """What to change in the line of a part that begins after its video's end."""
    if line["duration"] is None or (line["start"] or 0) < line["duration"]:
        return {}
    cause = f"begins at {line['start']:g} s, the video ends after {line['duration']:g} s"
    return {"status": FAILED, "cause": cause}


def summary(annotations: Annotations, lines: list[dict], least_frames: int) -> dict:
    """Return the counts of a manifest; listed = ok + damaged + failed + missing.

    least_frames: videos of fewer are too short.
    """
    statuses = Counter(line["status"] for line in lines)
    files = {line["path"]: line for line in lines if line["path"] is not None}
    usable = [line for line in files.values() if line["frames"]]
    return {
        "listed": len(lines),
        **{status: statuses[status] for status in STATUSES},
        "files": len(files),
        "frames": sum(line["frames"] for line in usable),
        "seconds": round(sum(line["duration"] for line in usable), 3),
        "bytes": sum(line["bytes"] or 0 for line in files.values()),
        "least_frames": least_frames,
        "too_short": [line["path"] for line in usable if line["frames"] < least_frames],
        "duplicates": _duplicates(lines),
        "splits": {split: _counts(of) for split, of in _grouped(lines, _split)},
        "classes": {
            annotations.classes[label]: _counts(of) for label, of in _grouped(lines, _labels)
        },
        "causes": {
            status: _causes(line for line in lines if line["status"] == status)
            for status in STATUSES
            if status != OK
        },
        "empty_classes": _empty(annotations.classes, lines),
        "problems": annotations.problems.counts(),
        "notes": list(annotations.notes),
        "concerns": list(annotations.concerns),
    }


def _duplicates(lines: list[dict]) -> list[dict]:
    """Files with the same bytes: their paths, splits and labels."""
    alike: dict[str, list[dict]] = {}
    for line in lines:
        if line["sha256"] and line["bytes"]:
            alike.setdefault(line["sha256"], []).append(line)
    return [
        {
            "paths": paths,
            "splits": sorted({line["split"] for line in of}),
            "labels": sorted({label for line in of for label in line["labels"]}),
        }
        for of in alike.values()
        if len(paths := sorted({line["path"] for line in of})) > 1
    ]


def _empty(classes: tuple[str, ...], lines: list[dict]) -> list[str]:
    """Classes of which no video can be used."""
    usable = (line for line in lines if line["status"] in (OK, DAMAGED))
    seen = {label for line in usable for label in line["labels"]}
    return [name for label, name in enumerate(classes) if label not in seen]


def _split(line: dict) -> list[str]:
    return [line["split"] or "unknown"]


def _labels(line: dict) -> list[int]:
    return line["labels"]


def _grouped(lines: list[dict], groups: Callable[[dict], list]) -> Iterator[tuple[Any, list]]:
    """(group, its lines), sorted; a line may be in several groups."""
    found: dict = {}
    for line in lines:
        for group in groups(line):
            found.setdefault(group, []).append(line)
    yield from sorted(found.items())


def _counts(lines: list[dict]) -> dict[str, int]:
    counts = Counter(line["status"] for line in lines)
    return {"listed": len(lines), **{status: counts[status] for status in STATUSES}}


def _causes(lines: Iterable[dict]) -> list[str]:
    """In a line each: the file and why; a problem of the list says itself where it is."""
    texts = ((line["path"], line["cause"] or "; ".join(line["notes"])) for line in lines)
    return [f"{path}: {text}" if path else text for path, text in texts]


# === As text ===


def as_text(counted: dict, most_classes: int | None = None) -> str:
    """Return a summary for people.

    most_classes: leave the table of classes out where there are more.
    """
    parts = " + ".join(f"{counted[status]} {status}" for status in STATUSES)
    lines = [
        f"{counted['listed']} listed = {parts}",
        f"{counted['files']} files, {counted['bytes'] / 1e6:.1f} MB, {counted['frames']} frames, "
        f"{timedelta(seconds=round(counted['seconds']))} h",
        *counted["notes"],
        *(f"warning: {concern}" for concern in counted["concerns"]),
    ]
    for status, causes in counted["causes"].items():
        lines += _first(status, causes)
    lines += _first(f"shorter than {counted['least_frames']} frames", counted["too_short"])
    lines += _first("same content", [_alike(found) for found in counted["duplicates"]])
    lines += _first("classes without a usable video", counted["empty_classes"])
    if len(counted["splits"]) > 1:
        lines += _table("split", counted["splits"])
    if most_classes is None or len(counted["classes"]) <= most_classes:
        lines += _table("class", counted["classes"])
    return "\n".join(map(printable, lines))


def _alike(found: dict) -> str:
    splits = f"  (in {' and '.join(found['splits'])})" if len(found["splits"]) > 1 else ""
    return " = ".join(found["paths"]) + splits


def _first(title: str, found: list[str]) -> list[str]:
    if not found:
        return []
    more = [f"  ... and {len(found) - SHOWN} more"] if len(found) > SHOWN else []
    return [f"{title}: {len(found)}", *(f"  {text}" for text in found[:SHOWN]), *more]


def _table(title: str, rows: dict[str, dict[str, int]]) -> list[str]:
    if not rows:
        return []
    columns = ("listed", *STATUSES)
    width = max(len(name) for name in (title, *rows))
    lines = [f"{title:{width}}" + "".join(f"{column:>9}" for column in columns)]
    for name, counts in rows.items():
        lines.append(f"{name:{width}}" + "".join(f"{counts[column]:9}" for column in columns))
    return lines
