"""Webhooks out: endpoints, what is sent to them and when, and the relay that sends it."""
