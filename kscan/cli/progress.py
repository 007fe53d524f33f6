"""Long work as a terminal shows it: what happens now, how much is done, how fast."""

from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as RichProgress

from kscan.progress import Progress


class TerminalProgress(Progress):
    """One line on standard error, gone when the work is done."""

    def __init__(self) -> None:
        self.rich = RichProgress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TextColumn("{task.fields[bytes]}"),
            TimeElapsedColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self.task = self.rich.add_task("starting", total=None, bytes="")
        self.size = 0

    def __enter__(self) -> "TerminalProgress":
        self.rich.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.rich.stop()

    def step(self, what: str, total: int | None = None) -> None:
        self.size = 0
        self.rich.reset(self.task, description=what, total=total, bytes="")

    def advance(self, things: int = 1, size: int = 0) -> None:
        self.size += size
        elapsed = self.rich.tasks[0].elapsed or 0
        rate = f", {_readable(self.size / elapsed)}/s" if elapsed > 1 else ""
        self.rich.update(self.task, advance=things, bytes=_readable(self.size) + rate if self.size else "")


def _readable(size: float) -> str:
    for unit in ("B", "kB"):
        if size < 1000:
            return f"{size:.0f} {unit}"
        size /= 1000
    return f"{size:.1f} MB"
