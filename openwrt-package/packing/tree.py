"""The files that a package lays on a box, whoever made them and with whatever umask."""

import os
import stat
from dataclasses import dataclass

# What a package of this project never needs: rights beyond those of who runs it, and files that
# somebody else may write.
NEVER = stat.S_ISUID | stat.S_ISGID | stat.S_ISVTX | stat.S_IWGRP | stat.S_IWOTH


class TreeError(Exception):
    """A file that no package may have."""


@dataclass
class Entry:
    """A file, folder or symbolic link; `path` from the root, without a `/` before it."""

    path: str
    mode: int
    data: bytes | None = None
    target: str | None = None

    @property
    def name(self):
        return self.path.rpartition("/")[2]

    @property
    def folder(self):
        return self.path.rpartition("/")[0]

    @property
    def is_folder(self):
        return self.data is None and self.target is None


class Tree:
    """Entries sorted by path, bytewise; the first is the root, whose path is empty."""

    def __init__(self, entries):
        self.entries = sorted(entries, key=lambda entry: entry.path.encode())

    @classmethod
    def read(cls, root):
        """What is below a folder. Folders are 0755, whatever they are there."""
        entries = [Entry("", 0o755)]
        for folder, names, files in os.walk(root):
            for name in names + files:
                path = os.path.join(folder, name)
                entries.append(_read(path, os.path.relpath(path, root)))
        return cls(entries)

    def add(self, path, text, mode=0o644):
        """Adds a file, and the folders that it needs."""
        if self.find(path):
            raise TreeError(f"/{path}: there are two")
        entries = [*self.entries, Entry(path, mode, text.encode())]
        folder = path.rpartition("/")[0]
        while folder and not self.find(folder):
            entries.append(Entry(folder, 0o755))
            folder = folder.rpartition("/")[0]
        self.entries = sorted(entries, key=lambda entry: entry.path.encode())

    def find(self, path):
        return next((entry for entry in self.entries if entry.path == path), None)

    def files_below(self, path):
        """The files that a line of conffiles stands for: itself, or all in a folder."""
        folder = path.rstrip("/") + "/"
        return [
            entry
            for entry in self.entries
            if entry.data is not None and (entry.path == path or entry.path.startswith(folder))
        ]

    def folders(self):
        """Each folder with its files, both in order."""
        folders = [entry for entry in self.entries if entry.is_folder]
        files = [entry for entry in self.entries if not entry.is_folder]
        return [(one, [file for file in files if file.folder == one.path]) for one in folders]


def _read(path, relative):
    found = os.lstat(path)
    if stat.S_ISLNK(found.st_mode):
        return Entry(relative, 0o777, target=os.readlink(path))
    if stat.S_ISDIR(found.st_mode):
        return Entry(relative, 0o755)
    if not stat.S_ISREG(found.st_mode):
        raise TreeError(f"/{relative}: neither file, folder nor link")
    mode = stat.S_IMODE(found.st_mode)
    if mode & NEVER:
        raise TreeError(f"/{relative}: mode {mode:04o} gives rights that no package may give")
    with open(path, "rb") as file:
        return Entry(relative, mode, data=file.read())
