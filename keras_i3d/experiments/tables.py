"""The tables there are, in the order of the report."""

from keras_i3d.experiments import filters, order, table_1, table_2, table_3, table_4
from keras_i3d.experiments.table import Table

TABLES: dict[str, Table] = {
    module.TABLE.name: module.TABLE
    for module in (table_1, table_2, order, table_3, table_4, filters)
}
