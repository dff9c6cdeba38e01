"""Findings, summaries and results for readers: text, JSON, JUnit XML and GitHub annotations."""
