"""Inflation of a network: walk its graph, rebuild it with time, carry the weights."""

import keras
from keras import layers

from keras_i3d import layers as ours
from keras_i3d.inflation import operations
from keras_i3d.inflation.kernels import KERNEL_RULES
from keras_i3d.inflation.rule import CLIP, FRAME, NO_TIME
from keras_i3d.inflation.schedules import schedule_of
from keras_i3d.inflation.survey import Flow, Survey
from keras_i3d.inflation.traversal import arguments, functional_graph, is_model, walk
from keras_i3d.layers.keras_internals import origin
from keras_i3d.layers.time_padding import TEMPORAL_PADDINGS


def inflate(
    model_2d: keras.Model,
    schedule="i3d",
    frames: int | None = None,
    name: str | None = None,
    kernel: str = "average",
    temporal_padding: str = "zero",
) -> keras.Model:
    """Return a 2D image network as a 3D video network, with its weights.

    A still image, repeated, gives the activations of the 2D network, except near the clip's first
    and last frames where zeros are padded: `boring_video_check` measures both.

    Args:
        model_2d: a built functional or Sequential model, nested models included; it stays as it is.
            Inputs of rank 4, (batch, height, width, channels), become clips; others stay.
        schedule: which layers get time in the kernel and which stride in time: "i3d" (cubic, as the
            paper has it), "resnet_3x1x1" (I3D-ResNet50, 101, 152 of mmaction2), "none" (the 2D
            network on every frame), or a function of the 2D layer that gives (kernel, stride) in
            time, or a `Time`. See `keras_i3d.inflation.schedules`.
        frames: number of frames of a clip; None leaves it free.
        name: the model's name; by default that of the 2D one with "_3d".
        kernel: "average" repeats a 2D kernel along time and divides it by the extent, as the paper
            does; "centre" puts it into the middle slice.
        temporal_padding: how convolutions pad time: "zero", or "replicate" the border frames, which
            makes a still clip exact in every frame.

    Returns:
        A functional model. Layers keep their names, shared layers are shared, nested models are
        nested. Global pooling pools time too; before a Flatten, or a Reshape to a vector, the
        mean over time is taken, so that a Dense layer made for images fits. What follows works as
        on an image: a Reshape to (1, 1, c), as in squeeze-and-excite, gives (1, 1, 1, c).

    Raises:
        ValueError: one error that names every layer that cannot be inflated, and why; for arguments
            that are unknown; for a model whose graph cannot be read.

    Source: "Quo Vadis, Action Recognition?", section 2.4.
    """
    if kernel not in KERNEL_RULES:
        raise ValueError(f"kernel should be one of {KERNEL_RULES}. Received: kernel={kernel!r}")
    if temporal_padding not in TEMPORAL_PADDINGS:
        raise ValueError(
            f"temporal_padding should be one of {TEMPORAL_PADDINGS}. "
            f"Received: temporal_padding={temporal_padding!r}"
        )
    if frames is not None and (not isinstance(frames, int) or frames < 1):
        raise ValueError(f"frames should be None or a number from 1 on. Received: frames={frames}")
    graph = functional_graph(model_2d)
    flows = [Flow(CLIP if len(t.shape) == 4 else NO_TIME) for t in graph.inputs]
    if CLIP not in {flow.has for flow in flows}:
        raise ValueError(
            f"{model_2d.name} has no input (batch, height, width, channels) to give time to. "
            f"Received inputs: {[tuple(t.shape) for t in graph.inputs]}"
        )
    survey = Survey(schedule_of(schedule, graph), kernel, temporal_padding)
    survey.read(graph, flows)
    if survey.complaints:
        raise ValueError(
            f"{model_2d.name} cannot be inflated:\n  "
            + "\n  ".join(survey.complaints.values())
            + "\nFor a layer class of your own add a rule: "
            "keras_i3d.inflation.inflation_rule(LayerClass, 'as it is'), or 'per frame', or a Rule."
        )
    rebuilt = {}
    model_3d = _rebuild(graph, flows, survey, rebuilt, frames, name or f"{model_2d.name}_3d")
    _freeze_alike(model_2d, model_3d)
    _carry_weights(survey, rebuilt)
    return model_3d


def _rebuild(graph, flows, survey: Survey, rebuilt: dict, frames, name: str) -> keras.Model:
    """The 3D model; `rebuilt` gets {id(2D layer): 3D layer}."""
    inputs = [_input(t, flow, frames) for t, flow in zip(graph.inputs, flows, strict=True)]

    def apply(node, tensors):
        operation = node.operation
        if is_model(operation):
            if id(operation) not in rebuilt:
                inner, inner_flows = functional_graph(operation), survey.model_inputs[id(operation)]
                rebuilt[id(operation)] = _rebuild(
                    inner, inner_flows, survey, rebuilt, None, operation.name
                )
                _freeze_alike(operation, rebuilt[id(operation)])
            args, kwargs = arguments(node, tensors)
            return keras.tree.flatten(rebuilt[id(operation)](*args, **kwargs))
        return _call(node, tensors, survey, rebuilt)

    outputs = walk(graph, inputs, apply)
    new = dict(zip(map(id, graph.inputs + graph.outputs), inputs + outputs, strict=True))
    structure = keras.tree.map_structure(lambda t: new[id(t)], (graph.input, graph.output))
    return keras.Model(*structure, name=name)


def _input(tensor, flow: Flow, frames: int | None):
    """The 3D network's input in the place of a 2D one's."""
    batch, *shape = tensor.shape
    if flow.has != NO_TIME:
        shape = [frames if flow.has == CLIP else 1, *shape]
    name = origin(tensor).name
    return keras.Input(shape, batch_size=batch, dtype=tensor.dtype, name=name)


def _call(node, tensors: list, survey: Survey, rebuilt: dict):
    """One call of the 2D graph, on clips."""
    operation, flows, after = node.operation, survey.flows_in[id(node)], survey.flow_out[id(node)]
    has = next((h for h in (CLIP, FRAME) if h in {flow.has for flow in flows}), NO_TIME)
    if operations.is_operation(operation):
        layer, time_pool = operations.inflated(node, has), 1
    else:
        site = survey.sites[id(operation)]
        if id(operation) not in rebuilt:
            rebuilt[id(operation)] = survey.rules[id(operation)].build(site)
        layer, time_pool = rebuilt[id(operation)], site.time.pool
    if type(operation).__name__ == "Concatenate" and has == CLIP:
        clip = next(t for t, flow in zip(tensors, flows, strict=True) if flow.has == CLIP)
        tensors = [
            ours.RepeatInTime()([t, clip]) if flow.has == FRAME else t
            for t, flow in zip(tensors, flows, strict=True)
        ]
    args, kwargs = arguments(node, tensors)
    outputs = keras.tree.flatten(layer(*operations.with_time(node, args, has), **kwargs))
    if time_pool > 1:
        pool = layers.MaxPooling3D(
            (time_pool, 1, 1), padding="same", name=f"{operation.name}_time_pool"
        )
        outputs = [pool(t) for t in outputs]
    if after.has == FRAME and len(outputs[0].shape) == 4:  # made of what has no time
        outputs = [keras.ops.expand_dims(t, 1) for t in outputs]
    return outputs


def _freeze_alike(model_2d: keras.Model, model_3d: keras.Model) -> None:
    """A frozen model is frozen again; in one that is not, each layer's config has its own flag."""
    if not model_2d.trainable:
        model_3d.trainable = False


def _carry_weights(survey: Survey, rebuilt: dict) -> None:
    for key, site in survey.sites.items():
        layer_3d = rebuilt[key]
        arrays = survey.rules[key].weights(site.layer.get_weights(), site)
        wanted = [tuple(v.shape) for v in layer_3d.weights]
        if wanted != [a.shape for a in arrays]:
            raise ValueError(
                f"{site.layer.name} ({type(site.layer).__name__}): its rule gives arrays "
                f"{[a.shape for a in arrays]}, the 3D layer {type(layer_3d).__name__} wants "
                f"{wanted}. Fix the rule's `weights` or `config`."
            )
        layer_3d.set_weights(arrays)
        if isinstance(layer_3d, layers.Normalization):
            layer_3d.finalize_state()  # it computes with a copy of its weights
