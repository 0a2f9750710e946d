"""Videos made by rule, whose classes and flow are known."""
