"""`python -m interceptor`."""

from interceptor.cli import main

main()
