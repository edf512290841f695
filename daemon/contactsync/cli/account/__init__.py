"""The `account` commands: `command` has the app, `lifecycle` disables, enables and removes accounts."""
