"""One Parquet file, a row a window; pandas, Polars and Spark read it."""

from pathlib import Path

from keras_i3d.features.video_features import Features
from keras_i3d.files.whole import whole_path

try:
    import pyarrow
    from pyarrow import parquet
except ImportError as error:
    raise ImportError("Parquet needs pyarrow: pip install 'keras-i3d[parquet]'") from error


def write(features: Features, stem: Path) -> list[Path]:
    """Write STEM.parquet: columns "start", "centre", "end", "rgb", "flow".

    A window's features are a list of float32, flat; the schema's metadata has "metadata", in JSON,
    which says their shape.
    """
    path = stem.with_name(f"{stem.name}.parquet")
    columns = {name: pyarrow.array(array) for name, array in features.times().items()}
    for name, array in features.named().items():
        flat = [one.ravel() for one in array]
        columns[name] = pyarrow.array(flat, pyarrow.list_(pyarrow.float32()))
    table = pyarrow.table(columns)
    table = table.replace_schema_metadata({"metadata": features.metadata_json()})
    with whole_path(path) as made:
        parquet.write_table(table, made)
    return [path]
