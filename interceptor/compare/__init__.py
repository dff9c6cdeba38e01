"""A pact against a provider's document: every interaction, part by part, as findings.

The codes are those of PactFlow's own comparison, so that what is found here is what a broker would say.
"""
