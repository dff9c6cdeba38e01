"""Pact files: their document, their matching rules, each specification, reading and writing."""
