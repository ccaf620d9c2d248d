"""How calls of HTTP APIs are authenticated: a small class for each scheme of the contract, in one table (table.py)."""
