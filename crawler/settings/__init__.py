"""What can be set: each setting declared once, with what it takes; the file, the environment and the token.

It hides where a value comes from: command line, environment, `.env`, `crawler.toml` or a default.
"""
