"""Files of packages and of web addresses: what their definitions may say."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from dslt.settings.base import Settings


def _plain_file(name: str) -> str:
    if PurePosixPath(name).name != name or name.startswith(".") or "\\" in name:
        raise ValueError("must be a file name without folders")
    return name


Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


FileName = Annotated[str, AfterValidator(_plain_file)]


class Member(Settings):
    """A file inside a package.

    Attributes:
        path: Where it is in the package's wheel.
        sha256: Of the file.
    """

    path: str
    sha256: Sha256


class PackageSource(Settings):
    """Files that ship in a package of the package index.

    Attributes:
        package: The exact requirement, `name==version`.
        sha256: Of the wheel.
        bytes: About how long it is, for plans.
        members: The files by the name that they get.
    """

    package: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]+==[A-Za-z0-9.+!_-]+$")]
    sha256: Sha256
    bytes: Annotated[int, Field(gt=0)] | None = None
    members: Annotated[dict[FileName, Member], Field(min_length=1)]


class PackageFiles(PackageSource):
    """Files of a package that are no benchmark (weights), with a title for the reader."""

    kind: Literal["package"]
    title: str = ""

    def fetched_files(self) -> list[str]:
        """Names of the files that `dslt fetch` makes."""
        return list(self.members)


class UrlFile(Settings):
    """One file at a web address.

    Attributes:
        url: Where it is.
        file: The name that it gets.
        sha256: Of the file.
        bytes: About how long it is, for plans.
    """

    kind: Literal["url"]
    title: str = ""
    url: Annotated[str, Field(pattern=r"^(https?|file)://\S+$")]
    file: FileName
    sha256: Sha256
    bytes: Annotated[int, Field(gt=0)] | None = None

    def fetched_files(self) -> list[str]:
        """Name of the file that `dslt fetch` makes."""
        return [self.file]
