"""What the daemon shows of itself: log, metrics, health, status, and the HTTP server for them.

Every higher package may import every module. It reads; it changes nothing.
"""
