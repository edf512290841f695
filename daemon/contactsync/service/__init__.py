"""The process: builds everything, runs the main loop, and answers signals and systemd.

Only the command line and the demo start it, through `daemon.Daemon`.
"""
