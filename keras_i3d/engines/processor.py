"""What a processor computes fast, and what is said where it lacks what a precision is for."""

from collections.abc import Collection
from pathlib import Path

CPUINFO = Path("/proc/cpuinfo")


def processor_flags() -> frozenset[str] | None:
    """Return the processor's flags as Linux lists them; None on other systems."""
    try:
        lines = CPUINFO.read_text("utf-8", "replace").splitlines()
    except OSError:
        return None
    found = (line.partition(":")[2] for line in lines if line.startswith(("flags", "Features")))
    return frozenset(next(found, "").split())


def processor_note(
    precision: str, capabilities: Collection[str], flags: Collection[str] | None
) -> str | None:
    """Return what to say of a precision on this processor; None where it is at home.

    Args:
        precision: "float32", "bfloat16" or "int8".
        capabilities: what OpenVINO says of the processor.
        flags: from `processor_flags`.
    """
    if precision == "bfloat16" and "BF16" not in capabilities:
        return "this processor has no bfloat16: OpenVINO computes in float32 instead"
    # x86's VNNI and AMX, ARM's dot product.
    quick = ("vnni", "amx_int8", "asimddp")
    lacks = flags is not None and not any(word in flag for flag in flags for word in quick)
    if precision == "int8" and lacks:
        return "this processor has no instructions for int8 (VNNI): it gains less speed"
    return None
