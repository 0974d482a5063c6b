"""`python -m logosim.cli`, where the script `logosim` is not on the path."""

from logosim.cli import main

main()
