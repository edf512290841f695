"""Makes what stands in the repository and follows from the program."""
