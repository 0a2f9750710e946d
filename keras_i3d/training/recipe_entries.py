"""What the entries of a recipe's lists say, such as 'Mixed_5.*=0.1' of rates."""

import re

INFINITY = float("inf")


def pattern_and_factor(entry: str) -> tuple[str, float]:
    """Turn 'Mixed_5.*=0.1' into ('Mixed_5.*', 0.1); ValueError for anything else."""
    pattern, _, factor = entry.rpartition("=")
    try:
        re.compile(pattern)
        number = float(factor)
    except (re.error, ValueError) as error:
        raise ValueError(f"rates should be PATTERN=FACTOR. Received: {entry!r}: {error}") from error
    if not pattern or not 0 < number < INFINITY:
        raise ValueError(
            f"rates should be PATTERN=FACTOR with a factor above 0. Received: {entry!r}"
        )
    return pattern, number


def matched(entry: str, weight: float) -> tuple[str, str, float]:
    """Turn an entry of distil, 'Mixed_5c=top:10', into ('Mixed_5c', 'top', 10.0).

    Without ITS the teacher's end point has the student's name; without a weight it is `weight`.
    ValueError for anything else.
    """
    names, colon, number = entry.partition(":")
    ours, equals, its = names.partition("=")
    try:
        own = float(number) if colon else weight
    except ValueError:
        own = None
    if not ours or (equals and not its) or own is None or (colon and not 0 < own < INFINITY):
        raise ValueError(
            f"distil should be OURS or OURS=ITS, or with :WEIGHT, a number above 0, behind. "
            f"Received: {entry!r}"
        )
    return ours, its or ours, own
