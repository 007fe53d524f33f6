"""What long work says of itself while it runs; quiet unless someone watches."""


class Progress:
    """Told of each step; this one says nothing. The command line shows one on a terminal."""

    def step(self, what: str, total: int | None = None) -> None:
        """A new step begins; `total` is the number of things it will do, where that is known."""

    def advance(self, things: int = 1, size: int = 0) -> None:
        """So many things more are done, and so many bytes."""
