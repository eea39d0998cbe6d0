"""Files that are known by their checksums, of packages and of web addresses."""

from pathlib import PurePosixPath
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from dslt.settings.base import Settings


def _plain_file(name: str) -> str:
    if PurePosixPath(name).name != name or name.startswith(".") or "\\" in name:
        raise ValueError("must be a file name without folders")
    return name


Bytes = Annotated[int, Field(gt=0)]
FileName = Annotated[str, AfterValidator(_plain_file)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Member(Settings):
    """A file inside a package."""

    path: str
    """Where it is in the package's wheel."""
    sha256: Sha256
    """SHA-256 of the file."""


class PackageSource(Settings):
    """Files that ship in a package of the package index."""

    package: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]+==[A-Za-z0-9.+!_-]+$")]
    """The exact requirement, `name==version`."""
    sha256: Sha256
    """SHA-256 of the wheel."""
    bytes: Bytes | None = None
    """Approximate length of the wheel, for plans."""
    members: Annotated[dict[FileName, Member], Field(min_length=1)]
    """The files by the name that they get."""

    @property
    def origin(self) -> str:
        """Where the files come from, in words."""
        return f"the package {self.package}"

    @property
    def checksums(self) -> dict[str, str]:
        """SHA-256 of each file that `dslt fetch` makes, by name."""
        return {name: member.sha256 for name, member in self.members.items()}


class PackageFiles(PackageSource):
    """Files of a package that are no benchmark (weights), with a title for the reader."""

    kind: Literal["package"]
    title: str = ""
    """Name for readers."""


class UrlFile(Settings):
    """One file at a web address."""

    kind: Literal["url"]
    title: str = ""
    """Name for readers."""
    url: Annotated[str, Field(pattern=r"^(https?|file)://\S+$")]
    """Its address."""
    file: FileName
    """The name that it gets."""
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{8,64}$")]
    """SHA-256 of the file, or its first digits (eight at least) where no more is published."""
    bytes: Bytes | None = None
    """Approximate length of the file, for plans."""

    @property
    def origin(self) -> str:
        """Where the file comes from."""
        return self.url

    @property
    def checksums(self) -> dict[str, str]:
        """SHA-256 of the file that `dslt fetch` makes, by name."""
        return {self.file: self.sha256}
