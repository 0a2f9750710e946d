"""The papers' tables re-enacted on synthetic videos: a file a table, and one report."""

from keras_i3d.experiments import motion_needs_time, new_task, two_streams
from keras_i3d.experiments.table import Table

# In the order of the report.
TABLES: dict[str, Table] = {
    module.TABLE.name: module.TABLE for module in (motion_needs_time, two_streams, new_task)
}
