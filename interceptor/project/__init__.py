"""What users write: the project file, and YAML with exact places."""
