"""To come."""


def cases():
    """None yet."""
    return iter(())
