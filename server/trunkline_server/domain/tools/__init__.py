"""Tools: who may execute which, and all that a call of one goes through."""
