"""What is probably a mistake in how the videos of a data set are spread over its classes."""

from collections.abc import Iterable, Mapping, Sequence

from keras_i3d.data.lists.file_index import plain

TRAINED = ("train", "training")
SHOWN = 5
QUOTES = "\"'`´‘’“”«»"


def class_concerns(
    classes: Sequence[str],
    labels: Mapping[str, Iterable[tuple[int, ...]]],
    trained: str | None = None,
) -> tuple[str, ...]:
    """Return in sentences what a careful reader would ask about.

    Classes without a video, labels that begin at 1, classes that are tested but never trained on,
    a single class in all, names that differ only in how they are written, and names in quotes.

    Args:
        classes: their names.
        labels: split to the labels of each of its videos.
        trained: the split that is learnt from; by default "train" or "training".
    """
    seen = {split: {label for of in videos for label in of} for split, videos in labels.items()}
    every = set().union(*seen.values())
    if not every:
        return ()  # nothing is labelled
    found = [*_without_videos(classes, every), *_written_alike(classes), *_in_quotes(classes)]
    trained = trained or next((split for split in seen if split.casefold() in TRAINED), None)
    if seen.get(trained):
        for split, there in seen.items():
            if never := [classes[label] for label in sorted(there - seen[trained])]:
                found.append(
                    f"in {split}, but never in {trained}, so that nothing of it is learnt: "
                    f"{_some(never)}"
                )
    if len(every) == 1:
        found.append(f"all videos are of one class, {classes[min(every)]!r}: nothing to tell apart")
    return tuple(found)


def _without_videos(classes: Sequence[str], seen: set[int]) -> list[str]:
    empty = [name for label, name in enumerate(classes) if label not in seen]
    if not empty:
        return []
    if empty[0] == "0" and all(name.isdecimal() for name in classes):
        return [
            f"no video of class {_some(empty)}: classes are numbered from 0. If yours are numbered "
            "from 1, take 1 off each label, or write names instead"
        ]
    return [f"{len(empty)} of {len(classes)} classes have no video: {_some(empty)}"]


def _written_alike(classes: Sequence[str]) -> list[str]:
    alike: dict[str, list[str]] = {}
    for name in classes:
        alike.setdefault(plain(name.translate(dict.fromkeys(map(ord, QUOTES)))), []).append(name)
    return [
        f"classes that differ only in how they are written: {_some(names)}"
        for names in alike.values()
        if len(names) > 1
    ]


def _in_quotes(classes: Sequence[str]) -> list[str]:
    quoted = [name for name in classes if len(name) > 1 and {name[0], name[-1]} <= set(QUOTES)]
    quoted = [name for name in quoted if name.strip(QUOTES) not in classes]  # else said already
    return [f"names of classes that have quotes around them: {_some(quoted)}"] if quoted else []


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name[:60]) for name in names[:SHOWN])
    return shown + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")
