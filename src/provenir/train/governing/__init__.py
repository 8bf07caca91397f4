"""The parts of governed training; import them from `provenir.train.governed`."""

__all__: list[str] = []
