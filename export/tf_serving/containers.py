"""TensorFlow Serving in containers: Docker, Compose, Kubernetes; with limits and health checks.

`config` is a `serving_config.ServingConfig` throughout.
"""

import yaml

# Of TensorFlow Serving and tensorflow-serving-api; pinned, so that a restart gets what was tested.
VERSION = "2.21.0"
# The server has no authentication: with another address, other machines reach it.
HERE = "127.0.0.1"


def _image(config) -> str:
    return config.image or f"tensorflow/serving:{VERSION}{'-gpu' if config.gpu else ''}"


def _arguments(config) -> list[str]:
    found = [
        "--model_config_file=/config/models.config",
        "--enable_batching=true",
        "--batching_parameters_file=/config/batching.config",
        "--monitoring_config_file=/config/monitoring.config",
        "--rest_api_timeout_in_ms=120000",
    ]
    if config.labels:
        found.append("--allow_version_labels_for_unavailable_models=true")
    return found


def docker_run(config) -> str:
    """Return a shell script that starts the server in Docker."""
    gpu = "--gpus all " if config.gpu else ""
    arguments = " \\\n  ".join(_arguments(config))
    return f"""\
#!/usr/bin/env bash
# gRPC on port 8500, REST on 8501; run beside the other files.
set -euo pipefail
cd "$(dirname "$0")"
exec docker run --rm --name {config.name} {gpu}\\
  --publish {HERE}:8500:8500 --publish {HERE}:8501:8501 --memory {config.memory_mb}m \\
  --volume "$(realpath "${{MODELS:-{config.models}}}"):/models:ro" --volume "$PWD:/config:ro" \\
  {_image(config)} \\
  {arguments}
"""


def docker_compose(config) -> str:
    """Return a docker-compose file with a health check and a memory limit."""
    # The image has neither curl nor wget; bash opens the connection.
    probe = (
        f"exec 3<>/dev/tcp/127.0.0.1/8501 && "
        f"printf 'GET /v1/models/{config.name} HTTP/1.0\\r\\n\\r\\n' >&3 && grep -q AVAILABLE <&3"
    )
    service = {
        "image": _image(config),
        "command": _arguments(config),
        "ports": [f"{HERE}:8500:8500", f"{HERE}:8501:8501"],
        "volumes": [f"${{MODELS:-{config.models}}}:/models:ro", "./:/config:ro"],
        "mem_limit": f"{config.memory_mb}m",
        "read_only": True,
        "tmpfs": ["/tmp"],
        "restart": "unless-stopped",
        "healthcheck": {
            "test": ["CMD", "bash", "-c", probe],
            "interval": "10s",
            "timeout": "5s",
            "retries": 3,
            "start_period": "60s",
        },
    }
    if config.gpu:
        device = {"driver": "nvidia", "count": 1, "capabilities": ["gpu"]}
        service["deploy"] = {"resources": {"reservations": {"devices": [device]}}}
    return _yaml({"services": {config.name: service}})


def kubernetes(config, texts: dict[str, str]) -> str:
    """Return a ConfigMap of `texts`, a Deployment, a Service; models from a volume claim."""
    name = config.name.lower().replace("_", "-")
    settings = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": f"{name}-config"},
        "data": texts,
    }
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "labels": {"app": name}},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {
                    # Long enough for the batches that are under way.
                    "terminationGracePeriodSeconds": 60,
                    "containers": [_container(config)],
                    "volumes": [
                        {
                            "name": "models",
                            "persistentVolumeClaim": {
                                "claimName": f"{name}-models",
                                "readOnly": True,
                            },
                        },
                        {"name": "config", "configMap": {"name": f"{name}-config"}},
                    ],
                },
            },
        },
    }
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {
            "selector": {"app": name},
            "ports": [
                {"name": "grpc", "port": 8500, "targetPort": "grpc"},
                {"name": "rest", "port": 8501, "targetPort": "rest"},
            ],
        },
    }
    return _yaml(settings, deployment, service)


def _container(config) -> dict:
    status = {"httpGet": {"path": f"/v1/models/{config.name}", "port": "rest"}}
    limits = {"memory": f"{config.memory_mb}Mi"}
    if config.gpu:
        limits["nvidia.com/gpu"] = "1"
    return {
        "name": "tensorflow-serving",
        "image": _image(config),
        "args": _arguments(config),
        "ports": [
            {"name": "grpc", "containerPort": 8500},
            {"name": "rest", "containerPort": 8501},
        ],
        # The warm-up requests are answered before the model is AVAILABLE.
        "startupProbe": {**status, "periodSeconds": 5, "failureThreshold": 60},
        "readinessProbe": {**status, "periodSeconds": 10},
        "livenessProbe": {"tcpSocket": {"port": "grpc"}, "periodSeconds": 20},
        "resources": {
            "requests": {"cpu": "2", "memory": f"{config.memory_mb}Mi"},
            "limits": limits,
        },
        "volumeMounts": [
            {"name": "models", "mountPath": "/models", "readOnly": True},
            {"name": "config", "mountPath": "/config", "readOnly": True},
        ],
    }


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as blocks, and nothing by reference, for people to read."""

    def ignore_aliases(self, data) -> bool:
        return True


_Dumper.add_representer(
    str,
    lambda dumper, text: dumper.represent_scalar(
        "tag:yaml.org,2002:str", text, style="|" if "\n" in text else None
    ),
)


def _yaml(*documents: dict) -> str:
    return yaml.dump_all(documents, Dumper=_Dumper, sort_keys=False, width=1000)
