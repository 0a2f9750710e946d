"""An inflation's check as a table."""

from keras_i3d.inflation import BoringVideo


def check_table(result: BoringVideo) -> str:
    """Return a line for each layer: how far it is from the 2D one, and padding's effect."""
    widest = max(len(row.name) for row in result.rows)
    lines = [f"{'layer':<{widest}}  frames  untouched  difference  border effect"]
    for row in result.rows:
        difference = "-" if row.difference is None else f"{row.difference:.1e}"
        border = "-" if row.border_effect is None else f"{row.border_effect:.1e}"
        counts = f"{row.frames:6d}  {row.untouched:9d}"
        lines.append(f"{row.name:<{widest}}  {counts}  {difference:>10}  {border:>13}")
    lines.append(
        f"largest difference {result.difference:.1e}, "
        f"largest border effect {result.border_effect:.1e}"
    )
    if result.unchecked:
        lines.append(
            f"{len(result.unchecked)} layers have no frame that padding does not touch: "
            f"more --check_frames or --temporal_padding=replicate would check them"
        )
    return "\n".join(lines)
