"""The papers' tables re-enacted on synthetic videos: a file a table, and one report."""

from keras_i3d.experiments import filters, order, table_1, table_2, table_3, table_4
from keras_i3d.experiments.table import Table

# In the order of the report.
TABLES: dict[str, Table] = {
    module.TABLE.name: module.TABLE
    for module in (table_1, table_2, order, table_3, table_4, filters)
}
