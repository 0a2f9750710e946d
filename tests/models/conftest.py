"""The rules of the shared folder's golden2, by which its weights and clips are made again."""

import sys

import pytest


@pytest.fixture(scope="session")
def rules(shared):
    """Of golden2: the rule for weights, the list of variables, the rule for clips."""
    folders = [str(shared / "golden2"), str(shared / "golden")]
    sys.path[:0] = folders
    try:
        import check
        import clips
        import rules2
    finally:
        del sys.path[: len(folders)]
    return rules2, check, clips
