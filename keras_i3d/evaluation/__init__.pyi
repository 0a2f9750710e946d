"""What trained networks are worth."""

from .comparison import write_comparison as write_comparison
from .metrics import (
    average_precisions as average_precisions,
    class_accuracies as class_accuracies,
    confusion_matrix as confusion_matrix,
    expected_calibration_error as expected_calibration_error,
    top_k as top_k,
)
from .report import write_report as write_report
from .run_evaluation import (
    evaluate_network as evaluate_network,
    evaluate_run as evaluate_run,
    report_evaluation as report_evaluation,
)
from .scores import (
    Scores as Scores,
    fuse as fuse,
    load_scores as load_scores,
    save_scores as save_scores,
    summary as summary,
)
