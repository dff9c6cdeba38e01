"""The frozen values that pass between the rooms; they know no framework."""
