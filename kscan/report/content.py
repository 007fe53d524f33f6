"""What a report is made of, computed once: tables, names, structs, what each release brought."""

from collections.abc import Sequence

from kscan.catalog.sets import HeaderSet
from kscan.errors import KscanError, StoreError
from kscan.history import History
from kscan.report.growth import growth
from kscan.report.news import news
from kscan.report.paths import stems
from kscan.report.structs import structs
from kscan.report.symbols import symbols
from kscan.report.tables import KINDS, table_of


class Content:
    """The contents of a report over some mainline releases, by default all. First releases and spans are told
    from all that is known, whichever are chosen; `order` numbers every mainline release.

    Raises UnknownTag, KscanError for a release beside the mainline, StoreError without any release of it.
    """

    def __init__(
        self, history: History, chosen: HeaderSet | None = None, tags: Sequence[str] | None = None
    ) -> None:
        wanted = {history.release(tag).id for tag in tags or ()}
        self.releases = [release for release in history.mainline if not wanted or release.id in wanted]
        beside = wanted - {release.id for release in self.releases}
        if beside:
            raise KscanError(
                f"{history.releases[min(beside)].tag} is not of the mainline: a report is of its releases"
            )
        if not self.releases:
            raise StoreError("no mainline release to report on is scanned yet; start with: kscan fetch v4.2")
        self.profile = history.profile
        self.tags = [release.tag for release in self.releases]
        self.release_rows = [row for row in history.list_releases() if row["tag"] in self.tags]
        self.tables = {kind.id: table_of(kind, history, self.releases) for kind in KINDS}
        self.symbols = symbols(history, chosen, self.releases)
        self.names = len({symbol.name for symbol in self.symbols})
        self.structs = structs(history, self.symbols)
        self.struct_files = stems(struct.name for struct in self.structs)
        # What the oldest of all has may be older; of another, that is known.
        self.begins_at_the_oldest = self.releases[0] is history.mainline[0]
        self.order = {release.tag: number for number, release in enumerate(history.mainline)}
        self.news = news(self.symbols, self.releases)
        self.series = growth(self.tables, len(self.releases))

    @property
    def growth_about(self) -> str:
        """The chart in words."""
        said = ", ".join(f"{one.counts[-1]} {one.label}" for one in self.series if one.counts[-1] is not None)
        return f"What each release has: {self.tags[-1]} has {said}"
