"""Distillation: a student learns from a teacher that stays as it is, by a list of named losses.

Each loss is a term: a name, a weight, and what it compares. The student sees its stream of a clip
and the teacher its own, of the same frames; the teacher runs once a batch, in inference mode.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import keras
import tensorflow as tf

from keras_i3d.training.forward import Losses, losses_of
from keras_i3d.training.output_shapes import output_shapes
from keras_i3d.training.transfer import synchronise

SCORES = "scores"


@dataclass(frozen=True)
class Batch:
    """What the terms see of one batch.

    inputs: {stream: clips}, of the student and of the teacher.
    labels: (batch, classes).
    scores: the student's logits, (batch, classes) float32.
    student: {name of a term: what it has attached to the student}, float32.
    teacher: {end point: the teacher's output}, float32.
    """

    inputs: Mapping[str, tf.Tensor]
    labels: tf.Tensor
    scores: tf.Tensor
    student: Mapping[str, tf.Tensor] = field(default_factory=dict)
    teacher: Mapping[str, tf.Tensor] = field(default_factory=dict)


class Term(Protocol):
    """One loss of a distillation.

    name: of the loss, in the history. weight: in the sum of all.
    taught: the end point of the teacher that it wants; None for none.
    """

    name: str
    weight: float
    taught: str | None

    def attach(self, student: keras.Model, teacher: keras.Model | None):
        """Return what the term wants of the student, through layers of its own if need be; or None.

        Raises:
            ValueError: when student or teacher have no such end point, or they do not fit.
        """

    def losses(self, batch: Batch) -> tf.Tensor:
        """Return the loss of each example, (batch,) float32."""

    def check(self, found: tuple, wanted: tuple) -> None:
        """Raise ValueError where the attached output does not fit the teacher's, by their shapes.

        Asked of terms that want a teacher alone.
        """


@dataclass(frozen=True)
class Action:
    """The loss between the student's scores and the labels: the action loss.

    loss: a Keras loss, or its name. weight: in the sum.
    """

    loss: object
    weight: float = 1.0
    name: str = "action"
    taught: None = None

    def attach(self, student, teacher) -> None:
        """Return None: the scores are there in any case."""

    def losses(self, batch: Batch) -> tf.Tensor:
        """Return the loss of each example."""
        return losses_of(self.loss, batch.labels, batch.scores)


@dataclass(frozen=True)
class Matching:
    """The mean squared error between an end point of the student and one of the teacher.

    Where the student's has another width, a 1 x 1 x 1 convolution brings it to the teacher's; it
    learns along, and is left out of the saved network. All behind the end points is in float32,
    whatever the networks are computed in.

    end_point: of the student, such as "Mixed_5c", or the name of its logits.
    taught: of the teacher; by default the same name.
    weight: in the sum.
    pooled: whether both are first averaged over time, rows and columns; of logits there is nothing
        to average.
    """

    end_point: str
    taught: str = ""
    weight: float = 1.0
    pooled: bool = True

    def __post_init__(self):
        object.__setattr__(self, "taught", self.taught or self.end_point)

    @property
    def name(self) -> str:
        """Return the loss's name."""
        return f"distil_{self.end_point}"

    def attach(self, student: keras.Model, teacher: keras.Model):
        """Return the student's end point, averaged and projected as need be."""
        x, wanted = output_of(student, self.end_point), output_of(teacher, self.taught)
        if self.pooled and len(x.shape) == 5:
            pool = keras.layers.GlobalAveragePooling3D(
                data_format="channels_last", name=f"pooled_{self.end_point}", dtype="float32"
            )
            x = pool(x)
        if x.shape[-1] != wanted.shape[-1]:
            # On the last axis, so a 1 x 1 x 1 convolution; of means it is the mean of such.
            name = f"projected_{self.end_point}"
            x = keras.layers.Dense(wanted.shape[-1], name=name, dtype="float32")(x)
        return x

    def losses(self, batch: Batch) -> tf.Tensor:
        """Return the mean of the squared differences of each example."""
        wanted, found = batch.teacher[self.taught], batch.student[self.name]
        if self.pooled and len(wanted.shape) == 5:
            wanted = tf.reduce_mean(wanted, axis=[1, 2, 3])
        squares = tf.math.squared_difference(found, wanted)
        return tf.reduce_mean(squares, axis=range(1, len(squares.shape)))

    def check(self, found: tuple, wanted: tuple) -> None:
        """Refuse shapes that do not fit, of the attached output and of the teacher's end point."""
        if self.pooled and len(wanted) == 5:
            wanted = (wanted[0], wanted[-1])
        if found != wanted:
            remedy = "; with distil_pooled any size fits" if len(found) == len(wanted) == 5 else ""
            raise ValueError(
                f"{self.end_point} of the student, {found[1:]}, should have the shape of the "
                f"teacher's {self.taught}, {wanted[1:]}{remedy}"
            )


@dataclass(frozen=True)
class Teacher:
    """A network that is learnt from.

    model: what it computes from its clip, or from {stream: clip}.
    streams: those it sees.
    source: where it came from, for messages.
    """

    model: keras.Model
    streams: tuple[str, ...]
    source: str = ""


class Distillation:
    """A student with what its terms attach to it, as the forward of a `training.step.Step`.

        distillation = Distillation(student, ("rgb",), terms, Teacher(network, ("flow",)))
        step = Step(distillation.learner, optimizer, distillation.forward,
                    loss_weights=distillation.loss_weights)

    The student shares its layers with `learner`, so it learns with it, and is saved without what
    was attached. The teacher's variables are not among the step's.

    Args:
        student: from its clip to logits; built below the strategy's scope, like all here.
        streams: those the student sees.
        terms: the losses; each has a name of its own.
        teacher: None where no term wants one.
        synchronised: whether batch norm of what is attached sees the parts of all devices.

    Raises:
        ValueError: when terms share a name, want a teacher that is not there, or do not fit.
    """

    def __init__(
        self,
        student: keras.Model,
        streams: Sequence[str],
        terms: Sequence[Term],
        teacher: Teacher | None = None,
        synchronised: bool = True,
    ):
        names = [term.name for term in terms]
        if not names or len(set(names)) < len(names):
            raise ValueError(
                f"terms should be one or more, each of another name. Received: {names}"
            )
        taught = {term.taught: None for term in terms if term.taught is not None}
        if taught and teacher is None:
            raise ValueError(f"{', '.join(names)} should come with a teacher. Received: none")
        self.terms, self.streams = tuple(terms), tuple(streams)
        model = teacher.model if teacher else None
        attached = {term.name: term.attach(student, model) for term in terms}
        found = {name: tensor for name, tensor in attached.items() if tensor is not None}
        self.learner = keras.Model(
            student.input, {SCORES: student.output, **found}, name=f"{student.name}_learner"
        )
        if synchronised:
            synchronise(self.learner)
        self.teacher = self.taught_streams = self.source = None
        if taught:
            self.teacher = keras.Model(model.input, {p: output_of(model, p) for p in taught})
            self.teacher.trainable = False
            self.taught_streams, self.source = teacher.streams, teacher.source

    @property
    def loss_weights(self) -> dict[str, float]:
        """{name of each loss: its weight}."""
        return {term.name: term.weight for term in self.terms}

    def check(self, clips: Mapping[str, tuple]) -> None:
        """Refuse, before the first step, what does not fit for clips of these sizes.

        Args:
            clips: {stream: (frames, height, width, channels)}.

        Raises:
            ValueError: when the teacher takes no such clips, or what a term compares has not the
                same shape in both networks.
        """
        clips = {stream: (1, *shape) for stream, shape in clips.items()}
        found = self.learner.compute_output_shape(_seen(clips, self.streams))
        wanted = {}
        if self.teacher is not None:
            whose = f"teacher {self.source}".rstrip()
            wanted = output_shapes(self.teacher, _seen(clips, self.taught_streams), whose)
        for term in self.terms:
            if term.taught is not None:
                term.check(found[term.name], wanted[term.taught])

    def forward(self, model, inputs, labels, training: bool) -> tuple[Losses, tf.Tensor]:
        """Return the losses of a batch by name, and the student's scores."""
        found = _float32(model(_seen(inputs, self.streams), training=training))
        scores, taught = found.pop(SCORES), {}
        if self.teacher is not None:
            taught = _float32(self.teacher(_seen(inputs, self.taught_streams), training=False))
            taught = {name: tf.stop_gradient(tensor) for name, tensor in taught.items()}
        if not isinstance(inputs, Mapping):
            inputs = {self.streams[0]: inputs}
        batch = Batch(inputs, labels, scores, found, taught)
        return {term.name: term.losses(batch) for term in self.terms}, scores


def output_of(model: keras.Model, end_point: str):
    """Return the output of one of the model's layers.

    Raises:
        ValueError: when it has no layer of that name; it names those of its end points that sound
            alike, or all.
    """
    names = [layer.name for layer in model.layers]
    if end_point not in names:
        alike = [name for name in names if name[:5] == end_point[:5]] or names[1:]
        raise ValueError(f"{model.name} has no end point {end_point!r}; it has {', '.join(alike)}")
    return model.get_layer(end_point).output


def _seen(inputs, streams: Sequence[str]):
    """What a network of these streams is given: its clip, or {stream: clip} of several."""
    if not isinstance(inputs, Mapping):
        return inputs
    if len(streams) == 1:
        return inputs[streams[0]]
    return {stream: inputs[stream] for stream in streams}


def _float32(tensors: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    return {name: tf.cast(tensor, tf.float32) for name, tensor in tensors.items()}
