"""The networks, built with the functional API from `keras_i3d.layers`; no weights here."""
