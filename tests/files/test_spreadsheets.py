"""Cells that a spreadsheet would compute."""

import pytest

from keras_i3d.files.spreadsheets import csv_lines


@pytest.mark.parametrize("begins", ["=", "+", "-", "@", "\t", "＝"])
def test_text_that_looks_like_a_formula_is_text(begins):
    assert csv_lines([[f"{begins}1+1", "b"]]) == f"'{begins}1+1,b\n"


def test_numbers_and_other_text_stay_as_they_are():
    rows = [["a=b", 1, -2.5, "", "x,y", 'say "z"'], ["-1", "two\nlines"]]
    assert csv_lines(rows) == 'a=b,1,-2.5,,"x,y","say ""z"""\n\'-1,"two\nlines"\n'
