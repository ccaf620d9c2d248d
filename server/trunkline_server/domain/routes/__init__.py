"""Routing: the candidates of a tenant, the rules that bind them, the order in which they are tried, and why."""
