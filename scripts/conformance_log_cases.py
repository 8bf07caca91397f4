"""The conformance cases about the log."""

LOG_CASES = ()
