"""The figures of "Quo Vadis", to compare with."""

from keras_i3d.applications.from_file import find_network
from keras_i3d.data.pixels.preprocessing import STREAMS

# As the records of published figures name the data.
HMDB, KINETICS = "HMDB-51", "Kinetics-400"


def percent(
    network: str, stream: str, data: str, transfer: str, start: str | None, table: int | None = None
) -> str:
    """Return the paper's top-1 accuracy in percent, of a table where two have it; "–" for none."""
    found = {}
    for row in find_network(network).published:
        value = row.top_1[STREAMS.index(stream)]
        if (row.data, row.transfer, row.start) == (data, transfer, start) and value:
            found.setdefault(f"table {table}" in row.source, value)
    return f"{found.get(True, found.get(False)):.1f}" if found else "–"
