"""What is written in the place of a secret where its form cannot be kept."""

MASK = "***"
