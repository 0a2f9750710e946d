"""How much of the clip one step of each endpoint sees, and how far apart its steps are."""

from dataclasses import dataclass
from fractions import Fraction

import keras

from keras_i3d.inflation.geometry import branches, gates, pools_globally, window
from keras_i3d.inflation.traversal import functional_graph, is_model, walk


@dataclass(frozen=True)
class ReceptiveField:
    """One endpoint: (time, height, width) of what it sees and of its step, in frames and pixels.

    The field is None if the endpoint sees the whole clip: after global pooling, and after a gate
    made by it. The stride is None if no steps are left.
    """

    name: str
    field: tuple[int, int, int] | None
    stride: tuple[Fraction, Fraction, Fraction] | None


@dataclass(frozen=True)
class _Seen:
    field: tuple | None
    stride: tuple | None


def receptive_field(model: keras.Model) -> list[ReceptiveField]:
    """Return a row for each layer of a network, 2D or 3D, in the order of the graph.

    On I3D the row of Mixed_5c has the strides (8, 32, 32). Layers of nested models are called by
    both names: "backbone.conv1". A layer called several times has a row for its widest call.
    """
    rows: dict[str, ReceptiveField] = {}

    def read(model, seen, prefix):
        def apply(node, inputs):
            operation = node.operation
            if is_model(operation):
                return read(functional_graph(operation), inputs, f"{prefix}{operation.name}.")
            after = _after(operation, _joined(inputs))
            if len(node.outputs[0].shape) < 4:
                after = _Seen(None, None)
            name = prefix + operation.name
            known = rows.get(name)
            if isinstance(operation, keras.layers.Layer) and (
                known is None or (known.field and after.field and known.field < after.field)
            ):
                rows[name] = ReceptiveField(name, after.field, after.stride)
            return after

        return walk(model, seen, apply)

    pixel = _Seen((1, 1, 1), (Fraction(1),) * 3)
    graph = functional_graph(model)
    read(graph, [pixel for _ in graph.inputs], "")
    return list(rows.values())


def receptive_field_table(rows: list[ReceptiveField]) -> str:
    """Return the rows as text: name, receptive field and stride in time x height x width."""

    def shown(sizes, otherwise):
        return otherwise if sizes is None else " x ".join(str(n) for n in sizes)

    lines = [("endpoint", "receptive field", "stride")]
    lines += [(row.name, shown(row.field, "whole clip"), shown(row.stride, "none")) for row in rows]
    widths = [max(len(line[i]) for line in lines) for i in range(3)]
    return "\n".join(
        "  ".join(cell.ljust(n) for cell, n in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def _after(layer, seen: _Seen) -> _Seen:
    """What the output of a layer sees; of parallel chains the widest."""
    if pools_globally(layer):
        return _Seen(None, None)
    ends = []
    for chain in branches(layer):
        end = seen
        for part in chain:
            end = _Seen(None, end.stride) if gates(part) else _through(window(part), end)
        ends.append(end)
    return _joined(ends)


def _through(window, seen: _Seen) -> _Seen:
    if window is None or seen.stride is None:
        return seen
    if window.upsamples:
        stride = tuple(s / n for s, n in zip(seen.stride, window.strides, strict=True))
        # Of a transposed kernel, one slice in `stride` meets a given pixel.
        reach = [-(-k // n) - 1 for k, n in zip(window.extent, window.strides, strict=True)]
    else:
        stride = tuple(s * n for s, n in zip(seen.stride, window.strides, strict=True))
        reach = [k - 1 for k in window.extent]
    if seen.field is None:
        return _Seen(None, stride)
    field = tuple(int(f + r * s) for f, r, s in zip(seen.field, reach, seen.stride, strict=True))
    return _Seen(field, stride)


def _joined(inputs: list[_Seen]) -> _Seen:
    """Where ways meet, the widest field along each axis; a gate that saw everything widens all."""
    strides = [seen.stride for seen in inputs if seen.stride is not None]
    fields = [seen.field for seen in inputs]
    widest = None if None in fields else tuple(map(max, zip(*fields, strict=True)))
    return _Seen(widest, strides[0] if strides else None)
