"""Apache Beam, for work that one machine cannot hold: the one place that imports it."""

import contextlib
from collections.abc import Iterator, Sequence

RUNNERS = ("DirectRunner", "FlinkRunner", "SparkRunner", "DataflowRunner")


def check_runner(runner: str) -> None:
    """Load Beam.

    Raises:
        ValueError: there is no such runner.
        ImportError: Beam is not installed.
    """
    if runner not in RUNNERS:
        raise ValueError(f"runner should be one of {', '.join(RUNNERS)}. Received: {runner!r}")
    try:
        import apache_beam  # noqa: F401  an extra, and two seconds
    except ImportError as error:
        raise ImportError("Apache Beam is not installed: pip install 'keras-i3d[beam]'") from error


@contextlib.contextmanager
def pipeline(runner: str, arguments: Sequence[str] = ()) -> Iterator[tuple]:
    """Give (the module apache_beam, a pipeline), which runs when the block ends.

    Args:
        runner: one of RUNNERS.
        arguments: the runner's own options, such as "--project=NAME".

    Raises:
        ValueError, ImportError: as `check_runner` does.
    """
    check_runner(runner)
    import apache_beam as beam
    from apache_beam.options.pipeline_options import PipelineOptions
    from apache_beam.runners.portability.fn_api_runner import FnApiRunner

    options = PipelineOptions([f"--runner={runner}", *arguments])
    # Beam's DirectRunner would first download a program, and take this one where it cannot.
    here = FnApiRunner() if runner == "DirectRunner" else None
    with beam.Pipeline(here, options) as made:
        yield beam, made
