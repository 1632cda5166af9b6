"""`python -m occurisk`."""

from occurisk.cli import main

main()
