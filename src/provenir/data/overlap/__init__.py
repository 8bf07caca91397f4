"""Overlap: which rows of a corpus hold text of which items of an eval set."""

__all__: list[str] = []
