"""Records and counts what became of each request, and tells the tests that ask."""
