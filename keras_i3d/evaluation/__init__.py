"""What trained networks are worth: views, figures of merit, score files, reports."""
