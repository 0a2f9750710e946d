"""Reading a 2D network before it is inflated: what has time where, and what cannot be inflated."""

from dataclasses import dataclass, field
from fractions import Fraction

import keras

from keras_i3d.inflation import operations
from keras_i3d.inflation.rule import CLIP, FRAME, NO_TIME, Rule, Site
from keras_i3d.inflation.rules import AS_IT_IS, rule_of
from keras_i3d.inflation.schedules import Schedule, Time, upsamples, window
from keras_i3d.inflation.traversal import functional_graph, is_model, walk

LORA = (
    "it has LoRA's matrices, which have no time; merge them first: model.save_weights writes "
    "merged kernels, which the same network without enable_lora loads"
)


@dataclass(frozen=True)
class Flow:
    """What runs along an edge of the graph: what it has of time, and its stride in time."""

    has: str
    stride: Fraction = Fraction(1)


@dataclass
class Survey:
    """What `survey` finds on its way through a network.

    sites, rules: of each layer's first call, by id(layer).
    flows_in, flow_out: of each node, by id(node).
    model_inputs: what each nested model was first called on, by id(model).
    complaints: the first of each layer, by its path.
    """

    schedule: Schedule
    kernel: str
    temporal_padding: str
    sites: dict[int, Site] = field(default_factory=dict)
    rules: dict[int, Rule] = field(default_factory=dict)
    flows_in: dict[int, list[Flow]] = field(default_factory=dict)
    flow_out: dict[int, Flow] = field(default_factory=dict)
    model_inputs: dict[int, list[Flow]] = field(default_factory=dict)
    complaints: dict[str, str] = field(default_factory=dict)

    def read(self, model: keras.Model, flows: list[Flow], prefix: str = "") -> list[Flow]:
        """Return the flows of a model's outputs, given its inputs'; nested models included."""

        def apply(node, flows):
            operation, path = node.operation, prefix + node.operation.name
            if is_model(operation):
                return self._read_nested(operation, flows, path)
            flow = _joined(flows)
            if len({f.stride for f in flows if f.has == CLIP}) > 1:
                strides = sorted({str(f.stride) for f in flows if f.has == CLIP})
                self._complain(
                    path,
                    operation,
                    f"it joins clips whose strides in time are {' and '.join(strides)}; the "
                    f"schedule should bring them to one",
                )
            if operations.is_operation(operation):
                after = self._operation(node, flow, path)
            else:
                after = self._layer(node, flow, path)
            if after.has == NO_TIME and len(node.outputs[0].shape) == 4:
                after = Flow(FRAME)
            self.flows_in[id(node)], self.flow_out[id(node)] = flows, after
            return after

        return walk(model, flows, apply)

    def _read_nested(self, model, flows: list[Flow], path: str) -> list[Flow]:
        known = self.model_inputs.setdefault(id(model), flows)
        if [f.has for f in known] != [f.has for f in flows]:
            self._complain(path, model, "it is called on what has time and on what has none")
        return self.read(functional_graph(model), flows, path + ".")

    def _operation(self, node, flow: Flow, path: str) -> Flow:
        self._complain(path, node.operation, operations.why_not(node, flow.has))
        return Flow(operations.has_after(node, flow.has), flow.stride)

    def _layer(self, node, flow: Flow, path: str) -> Flow:
        layer = node.operation
        if flow.has == NO_TIME and not isinstance(layer, keras.layers.Reshape):
            self._call_known(path, layer, AS_IT_IS, self._site(node, flow, Time()))
            return flow
        rule = rule_of(layer)
        if rule is None:
            self._complain(path, layer, "there is no rule for its class")
            return flow
        if getattr(layer, "data_format", None) == "channels_first":
            self._complain(path, layer, "its channels come first; clips have theirs last")
        if getattr(layer, "lora_enabled", False) and rule is not AS_IT_IS:
            self._complain(path, layer, LORA)
        time = self.schedule(layer) if flow.has == CLIP else Time()
        site = self._site(node, flow, time)
        self._call_known(path, layer, rule, site)
        try:
            self._complain(path, layer, rule.why_not(site))
            has = rule.has_after(site)
        except Exception as error:  # a rule of the user's that fails is one complaint of many
            self._complain(path, layer, f"its rule fails: {type(error).__name__}: {error}")
            return flow
        return Flow(has, _stride_after(layer, time, flow.stride))

    def _site(self, node, flow: Flow, time: Time) -> Site:
        return Site(
            node.operation,
            time,
            self.kernel,
            self.temporal_padding,
            flow.has,
            tuple(node.input_tensors[0].shape),
            tuple(node.outputs[0].shape),
        )

    def _call_known(self, path: str, layer, rule: Rule, site: Site) -> None:
        """The layer's site is that of its first call; a later one must ask for the same layer."""
        first = self.sites.setdefault(id(layer), site)
        known = self.rules.setdefault(id(layer), rule)
        differs = NO_TIME in (first.has, site.has) or first.time != site.time
        if first.has != site.has and differs and not rule == known == AS_IT_IS:
            self._complain(
                path,
                layer,
                f"one layer cannot serve both {first.has} and {site.has}: give it no time in the "
                f"schedule, or make it two layers",
            )

    def _complain(self, path: str, operation, reason: str) -> None:
        if reason:
            self.complaints.setdefault(path, f"{path} ({type(operation).__name__}): {reason}")


def _joined(flows: list[Flow]) -> Flow:
    """A clip where any input is one, else a single frame, else no time."""
    order = [CLIP, FRAME, NO_TIME]
    return min(flows, key=lambda flow: order.index(flow.has))


def _stride_after(layer, time: Time, stride: Fraction) -> Fraction:
    if window(layer) is not None:
        stride = stride / time.stride if upsamples(layer) else stride * time.stride
    return stride * time.pool
