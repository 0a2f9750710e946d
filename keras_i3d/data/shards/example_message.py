"""tf.train.SequenceExample without TensorFlow, for worker processes that must start quickly.

Source: tensorflow/core/example/feature.proto and example.proto.
"""

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

PACKAGE = "keras_i3d"


def _sequence_example() -> type:
    """The message's class, in a pool and a package of its own, beside those of TensorFlow.

    Names of packages and messages are no part of what is written.
    """
    file = descriptor_pb2.FileDescriptorProto(
        name="keras_i3d/example.proto", package=PACKAGE, syntax="proto3"
    )
    many = descriptor_pb2.FieldDescriptorProto.LABEL_REPEATED
    for kind, scalar in (("Bytes", "BYTES"), ("Float", "FLOAT"), ("Int64", "INT64")):
        field = file.message_type.add(name=f"{kind}List").field.add(name="value", number=1)
        field.label, field.type = (
            many,
            getattr(descriptor_pb2.FieldDescriptorProto, f"TYPE_{scalar}"),
        )
    feature = file.message_type.add(name="Feature")
    feature.oneof_decl.add(name="kind")
    for number, kind in enumerate(("bytes", "float", "int64"), start=1):
        _field(feature, f"{kind}_list", number, f"{kind.title()}List").oneof_index = 0
    _field(file.message_type.add(name="FeatureList"), "feature", 1, "Feature").label = many
    _map(file.message_type.add(name="Features"), "feature", "Feature")
    _map(file.message_type.add(name="FeatureLists"), "feature_list", "FeatureList")
    example = file.message_type.add(name="SequenceExample")
    _field(example, "context", 1, "Features")
    _field(example, "feature_lists", 2, "FeatureLists")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{PACKAGE}.SequenceExample"))


def _field(owner, name: str, number: int, kind: str):
    field = owner.field.add(name=name, number=number, type_name=f".{PACKAGE}.{kind}")
    field.label = field.LABEL_OPTIONAL
    field.type = field.TYPE_MESSAGE
    return field


def _map(owner, name: str, kind: str) -> None:
    """map<string, kind> name = 1, as the compiler writes it."""
    entry = owner.nested_type.add(name=f"{name.title().replace('_', '')}Entry")
    entry.options.map_entry = True
    key = entry.field.add(name="key", number=1)
    key.label, key.type = key.LABEL_OPTIONAL, key.TYPE_STRING
    _field(entry, "value", 2, kind)
    _field(owner, name, 1, f"{owner.name}.{entry.name}").label = key.LABEL_REPEATED


SequenceExample = _sequence_example()
