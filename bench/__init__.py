"""Measurements of the house, each beside a floor taken in the same run (speed.md 8)."""
