"""Typed settings of results that another program made."""

from typing import Literal

from dslt.settings.tracker import TrackerSettings


class ExternalSettings(TrackerSettings):
    """Another tracker's raw results, which are scored here and not run."""

    tracker: Literal["external"]
    results: str
    """Folder of the results; `{benchmark}` and `{seed}` in it are replaced."""
    download: str = ""
    """Entry of `downloads` that they are in: `results` is then a folder of what is unpacked of it,
    and a rule fetches it.
    """
    box_origin: Literal[0, 1] | None
    """Where the files count pixels from; null: as the benchmark's annotations, and from 0 in
    supervised runs.
    """

    def results_of(self, benchmark: str, seed: int) -> str | None:
        """See `TrackerSettings.results_of`."""
        return self.results.replace("{benchmark}", benchmark).replace("{seed}", str(seed))

    @property
    def results_origin(self) -> int | None:
        """See `TrackerSettings.results_origin`."""
        return self.box_origin

    @property
    def results_download(self) -> str:
        """See `TrackerSettings.results_download`."""
        return self.download
