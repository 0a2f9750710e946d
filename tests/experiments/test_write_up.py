"""The report of the tables says of given results what came of them."""

import re

import pytest

from keras_i3d.experiments.runs import Result, in_order
from keras_i3d.experiments.tables import TABLES
from keras_i3d.experiments.write_up import write_up
from tests.experiments.made_results import result, scores, write_history

# Chance of each task, and how many of a hundred a run of it has right unless a test says otherwise.
CLASSES = {"joint": 12, "order": 2, "second": 4, "motion": 4, "stills": 3}


def report(folder, only, right, repetitions=1):
    tables = [TABLES[name] for name in only]
    runs = in_order(row for table in tables for row in table.rows)
    places = [folder / f"seed_{number}" for number in range(repetitions)]
    for place in places:
        place.mkdir()
        for run in runs:
            write_history(place / run.name)
    results = {}
    for run in runs:
        classes = CLASSES[run.name.split("_")[0]]
        each = right.get(run.name, 50)
        each = each if isinstance(each, list) else [each] * repetitions
        made = [result(one, classes) for one in each]
        results[run.name] = dict(zip(places, made, strict=True))
    page = write_up(folder, tables, results)
    grids = sum(len(table.grids) for table in tables)
    assert page.read_text("utf-8").count("<svg") == grids
    return (folder / "report.md").read_text("utf-8")


def test_a_table_as_the_paper_has_it_with_the_papers_figures(tmp_path):
    said = report(tmp_path, ("order",), {"order_i3d_rgb": 90, "order_2d_rgb": 52})
    assert "| Two-Stream I3D | 90.0 | 50.0 | " in said
    assert re.search(r"\| 3D-Fused \| – \| – \| 50.0 \| – \| – \| 67.2 \|", said)
    assert "| Two-Stream I3D, RGB | 90.0 | 82.6 to 94.5 | 50.0 | 400 | 60 |" in said
    assert "18 trainings, 1080 s in all" in said
    assert "](order_order.svg)" in said
    assert (tmp_path / "order_order.svg").read_text("utf-8").startswith("<svg xmlns")


def test_what_came_is_compared_with_what_was_expected(tmp_path):
    right = {"order_i3d_rgb": 90, "order_i3d_flow": 100, "order_lstm_flow": 70}
    said = report(tmp_path, ("order",), right)
    assert "| Two-Stream I3D, RGB: above 70 % | the same, where it sees motion in RGB " in said
    assert "| 90.0 % | 82.6 to 94.5 | agrees |" in said
    assert "| 70.0 % | 60.4 to 78.1 | disagrees |" in said
    assert "| +40.0 points | +29.8 to +49.3 | agrees |" in said  # Newcombe's, of 50, 40, 0 and 10
    assert "ConvNet+LSTM, flow, right in training at step 10: 50 %." in said
    assert "Two-Stream I3D, flow, right in training" not in said


def test_three_repetitions_have_a_spread(tmp_path):
    """Of 80, 90 and 100 the standard deviation is 10."""
    right = {"order_i3d_rgb": [80, 90, 100], "order_2d_rgb": [40, 50, 60]}
    said = report(tmp_path, ("order",), right, repetitions=3)
    assert "| Two-Stream I3D | 90.0 ± 10.0 | " in said
    assert "| Two-Stream I3D, RGB | 80.0, 90.0, 100.0 | 86.1 to 92.9 |" in said
    assert "54 trainings, 3240 s in all" in said


@pytest.mark.parametrize("name", ["table_2", "table_3", "table_4"])
def test_every_table_can_be_written(name, tmp_path):
    said = report(tmp_path, (name,), {})
    lines = [line for grid in TABLES[name].grids for line in grid.lines]
    assert all(f"\n| {line.title} |" in said for line in lines)
    verdicts = re.findall(r"\| (agrees|disagrees|not shown) \|", said)
    assert len(verdicts) == len(TABLES[name].expects)


def test_seconds_that_a_killed_process_took_with_it(tmp_path):
    table = TABLES["order"]
    place = tmp_path / "seed_0"
    place.mkdir()
    results = {}
    for run in in_order(table.rows):
        write_history(place / run.name)
        results[run.name] = {place: result(50, 2)}
    results["order_2d_rgb"] = {place: Result(scores(50, 2), float("nan"))}
    write_up(tmp_path, [table], results)
    said = (tmp_path / "report.md").read_text("utf-8")
    assert "| 400 | not known |" in said
    assert "18 trainings, 1020 s (without 1 whose time is not known) in all" in said


def test_a_table_has_the_repetitions_of_all_that_it_compares(tmp_path):
    """Of the second two trainings are missing, the third has what is compared; no other table."""
    places = [tmp_path / f"seed_{number}" for number in range(3)]
    results = {}
    for run in in_order(TABLES["order"].rows):
        for place in places:
            place.mkdir(exist_ok=True)
            write_history(place / run.name)
        results[run.name] = {place: result(50, 2) for place in places}
    for place in places[1:]:
        del results["order_i3d_flow"][place]
    del results["order_lstm_rgb"][places[1]]
    write_up(tmp_path, [TABLES["order"], TABLES["table_4"]], results)
    said = (tmp_path / "report.md").read_text("utf-8")
    assert "Repetitions: seed_0, seed_2. Networks that no table compares were" in said
    assert "| Two-Stream I3D | 50.0 ± 0.0 | 50.0 | 50.0 |" in said
    assert "Table 4" not in said
