"""CSV that a spreadsheet opens without running anything in it."""

import csv
import io
from collections.abc import Iterable

# A spreadsheet takes a cell that begins like this for a formula; the wide ones in East Asia.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def csv_lines(rows: Iterable[Iterable[object]]) -> str:
    """Return rows as CSV; text that a spreadsheet would compute begins with an apostrophe."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([*map(_cell, row)] for row in rows)
    return text.getvalue()


def _cell(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
