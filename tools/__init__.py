"""Generates files in the repository from the program."""
