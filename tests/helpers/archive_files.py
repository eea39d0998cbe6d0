"""Archives for tests: honest ones of every kind, and hostile ones."""

import gzip
import io
import stat
import struct
import tarfile
import zipfile
from pathlib import Path

_ZEROS = bytes(70 << 20)  # more than any small archive may hold

KINDS = ("zip", "tar", "tar.gz", "tar.xz", "tar.bz2")


def make_zip(path, files, mode=None, compression=zipfile.ZIP_DEFLATED):
    """Write a zip of (name, bytes), all members with one file mode."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files:
            info = zipfile.ZipInfo(name)
            info.compress_type = compression
            if mode is not None:
                info.external_attr = mode << 16
            archive.writestr(info, data)
    return path


def make_tar(path, *members, mode="w:gz"):
    """Write a tar of (name, kind, bytes or target of the link)."""
    with tarfile.open(path, mode) as archive:
        for name, kind, data in members:
            info = tarfile.TarInfo(name)
            info.type = kind
            if kind in (tarfile.SYMTYPE, tarfile.LNKTYPE):
                info.linkname = data
                archive.addfile(info)
            else:
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))
    return path


def make_archive(path, kind, files):
    """Write (name, bytes) as an archive of one of `KINDS`."""
    if kind == "zip":
        return make_zip(path, files)
    mode = "w:" + kind.partition(".")[2]
    return make_tar(path, *((name, tarfile.REGTYPE, data) for name, data in files), mode=mode)


def tree(folder):
    """Files under a folder: their paths and bytes; a link shows as its target."""
    return {
        path.relative_to(folder).as_posix(): (
            path.readlink() if path.is_symlink() else path.read_bytes()
        )
        for path in sorted(Path(folder).rglob("*"))
        if path.is_symlink() or path.is_file()
    }


def _patched(path, old, new):
    data = path.read_bytes()
    assert old in data
    path.write_bytes(data.replace(old, new))


def _zip_field(path, offset, value):
    """Overwrite a 16-bit field of the only member's entry in the directory."""
    data = bytearray(path.read_bytes())
    struct.pack_into("<H", data, data.index(b"PK\1\2") + offset, value)
    path.write_bytes(data)


def _zip_nul(path):
    _patched(make_zip(path, [("aXevil", b"1")]), b"aXevil", b"a\0evil")


def _zip_nul_first(path):
    _patched(make_zip(path, [("Xevil", b"1")]), b"Xevil", b"\0evil")


def _zip_encrypted(path):
    _zip_field(make_zip(path, [("x", b"1")]), 8, 1)


def _zip_unknown_method(path):
    _zip_field(make_zip(path, [("x", b"1")]), 10, 9)


def _zip_overlap(path):
    """Two names for the same bytes, many times over: the way to a bomb without recursion."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", bytes(1 << 20))
        for number in range(3):
            info = zipfile.ZipInfo(f"b{number}")
            for slot in ("compress_type", "CRC", "compress_size", "file_size", "header_offset"):
                setattr(info, slot, getattr(archive.filelist[0], slot))
            archive.filelist.append(info)


def _zip_lie(path):
    """A member that declares fewer bytes than come out of it."""
    make_zip(path, [("x", bytes(1 << 20))])
    _patched(path, struct.pack("<I", 1 << 20), struct.pack("<I", 10))


def _zip_twice(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x", b"1")
        archive.writestr("y", b"2")
    _patched(path, b"y", b"x")


def _tar_pax(path, /, **headers):
    info = tarfile.TarInfo("x")
    info.pax_headers = headers
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(info)


def _tar_declared(path):
    """A member of a terabyte, of which nothing is there."""
    info = tarfile.TarInfo("x")
    info.size = 1 << 40
    path.write_bytes(info.tobuf())


def _tar_negative(path):
    block = bytearray(tarfile.TarInfo("x").tobuf())
    block[124:136] = b"\xff" * 12  # -1 in base 256
    path.write_bytes(_signed(block) + bytes(1024))


def _tar_sparse(path):
    info = tarfile.TarInfo("x")
    info.type = tarfile.GNUTYPE_SPARSE
    path.write_bytes(info.tobuf(tarfile.GNU_FORMAT) + bytes(1024))


def _tar_endless_sparse(path):
    """A list of holes that goes on and on, for the reader to keep in memory."""
    info = tarfile.TarInfo("x")
    info.type = tarfile.GNUTYPE_SPARSE
    block = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    block[482] = 1  # the list goes on in the next block
    more = bytearray((b"%011o\0" % 1) * 42 + b"\1" + bytes(7))
    path.write_bytes(gzip.compress(_signed(block) + bytes(more) * 2000 + bytes(1024)))


def _tar_nested_headers(path):
    """Extended headers of extended headers, until the reader's stack is full."""
    header = tarfile.TarInfo("x")
    header.type = tarfile.XHDTYPE
    path.write_bytes(header.tobuf() * 5000)


def _tar_and_more(path):
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("x"))
    path.write_bytes(gzip.compress(data.getvalue() + _ZEROS, 1))


def _signed(block):
    """A tar header with its checksum."""
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def _tar(*members, **options):
    return lambda path: make_tar(path, *members, **options)


def _zip(*files, **options):
    return lambda path: make_zip(path, files, **options)


_REG, _DIR = tarfile.REGTYPE, tarfile.DIRTYPE

_PATHS = {
    "absolute": ("/evil", "leaves its folder"),
    "parent": ("../evil", "leaves its folder"),
    "parent inside": ("a/../../evil", "leaves its folder"),
    "parent at the end": ("a/..", "leaves its folder"),
    "backslash": ("..\\evil", "not portable"),
    "backslash inside": ("a\\..\\..\\evil", "not portable"),
    "drive": ("C:/evil", "not portable"),
    "drive inside": ("a/C:/evil", "not portable"),
    "long name": ("n" * 256, "path too long"),
    "long name in bytes": ("é" * 128, "path too long"),
    "long path": ("/".join(["d" * 200] * 6), "path too long"),
    "deep path": ("/".join("d" * 100), "path too long"),
    "no name": ("./.", "has no name"),
}

HOSTILE = {
    **{f"zip {name}": (_zip(("ok", b"1"), (path, b"2")), w) for name, (path, w) in _PATHS.items()},
    **{
        f"tar {name}": (_tar(("ok", _REG, b"1"), (path, _REG, b"2")), words)
        for name, (path, words) in _PATHS.items()
    },
    "zip nul": (_zip_nul, "not portable"),
    "zip nul first": (_zip_nul_first, "not portable"),
    "zip twice": (_zip_twice, "occurs twice"),
    "zip file and folder": (_zip(("a", b"1"), ("a/b", b"2")), "occurs twice"),
    "zip folder and file": (_zip(("a/b", b"1"), ("a", b"2")), "occurs twice"),
    "zip symlink": (_zip(("x", b"/etc/passwd"), mode=stat.S_IFLNK | 0o777), "is a link"),
    "zip fifo": (_zip(("x", b""), mode=stat.S_IFIFO | 0o666), "not a plain file"),
    "zip device": (_zip(("x", b""), mode=stat.S_IFCHR | 0o666), "not a plain file"),
    "zip encrypted": (_zip_encrypted, "is encrypted"),
    "zip unknown method": (_zip_unknown_method, "method 9"),
    "zip bomb": (_zip(("x", _ZEROS)), "bomb"),
    "zip bomb in a skipped member": (_zip(("ok", b"1"), ("._x", _ZEROS)), "bomb"),
    "zip overlap": (_zip_overlap, "lies over another"),
    "zip lie": (_zip_lie, "damaged"),
    "tar nul": (lambda path: _tar_pax(path, path="a\0evil"), "not portable"),
    "tar pax parent": (lambda path: _tar_pax(path, path="../evil"), "leaves its folder"),
    "tar twice": (_tar(("x", _REG, b"1"), ("./x", _REG, b"2")), "occurs twice"),
    "tar file and folder": (_tar(("a", _REG, b"1"), ("a/b", _REG, b"2")), "occurs twice"),
    "tar file and deep folder": (_tar(("a", _REG, b"1"), ("a/b/c", _REG, b"2")), "occurs twice"),
    "tar folder and file": (_tar(("a/b", _REG, b"1"), ("a", _REG, b"2")), "occurs twice"),
    "tar symlink": (_tar(("x", tarfile.SYMTYPE, "../../outside")), "is a link"),
    "tar through a symlink": (
        _tar(("x", tarfile.SYMTYPE, "../../outside"), ("x/evil", _REG, b"1")),
        "is a link",
    ),
    "tar hard link": (_tar(("x", tarfile.LNKTYPE, "/etc/passwd")), "is a link"),
    "tar device": (_tar(("x", tarfile.CHRTYPE, b"")), "not a plain file"),
    "tar block device": (_tar(("x", tarfile.BLKTYPE, b"")), "not a plain file"),
    "tar fifo": (_tar(("x", tarfile.FIFOTYPE, b"")), "not a plain file"),
    "tar bomb": (_tar(("x", _REG, _ZEROS)), "bomb"),
    "tar bomb in a skipped member": (_tar(("ok", _REG, b""), ("._x", _REG, _ZEROS)), "bomb"),
    "tar bomb behind its end": (_tar_and_more, "bomb"),
    "tar declares too much": (_tar_declared, "bomb"),
    "tar negative size": (_tar_negative, "has -1 bytes"),
    "tar negative pax size": (lambda path: _tar_pax(path, size="-512"), "has -512 bytes"),
    "tar sparse": (_tar_sparse, "not a plain file"),
    "tar endless sparse": (_tar_endless_sparse, "damaged"),
    "tar long header": (lambda path: _tar_pax(path, comment="c" * 100_000), "damaged"),
    "tar nested headers": (_tar_nested_headers, "damaged"),
}
