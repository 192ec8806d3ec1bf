"""Judging a ranking on a log of requests whose outcome becomes known when they are resolved."""
