"""What the daemon shows of itself: log, metrics, health, status, heartbeat, and the HTTP server for them.

Higher packages may import every module. Telemetry observes the work and changes nothing.
"""
