"""Text: one folded form of what people write, and the words of it."""

__all__: list[str] = []
