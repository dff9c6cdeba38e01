"""What is written in the place of values that must not be told, or that differ in every run."""

MASK = "***"
"""In the place of a secret whose form cannot be kept."""
UNSIGNED_JWT = "eyJhbGciOiJub25lIn0."
"""How the constants of JWTs begin: `{"alg":"none"}`."""
