"""A client machine has neither TensorFlow nor Keras: what it needs comes without."""

import json
import subprocess
import sys

CODE = """
import json, sys
import keras_i3d.export as export
names = ("connect", "GrpcClient", "Tls", "RestClient", "ask_video", "VideoAnswer", "ask_about",
         "sending", "encoded", "ServingConfig", "write_serving_config", "ModelConfig", "Options",
         "model_configs", "serve")
found = [getattr(export, name).__name__ for name in names]
print(json.dumps([found == list(names), sorted({"tensorflow", "keras"} & set(sys.modules))]))
"""


def test_clients_and_configuration_load_neither_tensorflow_nor_keras():
    ran = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    assert json.loads(ran.stdout) == [True, []]
