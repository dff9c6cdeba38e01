"""What must not be told: secrets and bodies that are too large, masked before anything is noted."""
