"""A slow, obvious model of protocol sections 1 to 4 and 7, written without sight of the program it judges."""
