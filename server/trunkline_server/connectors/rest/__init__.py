"""One REST engine; each API is data."""
