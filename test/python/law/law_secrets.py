"""What the files hold that examples name as the place of a secret."""


def content(name: str) -> str:
    """
    Give the secret of a file: another for each.

    :param name: the path in the example.
    """
    return f"the secret of {name}"
