"""Training: recipes, schedules, devices, and the loop."""
