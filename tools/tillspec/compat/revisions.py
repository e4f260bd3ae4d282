"""Files of a revision in git, read from its objects: nothing is checked out, and no shell is run."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tillspec.document.load import Files

_SECONDS = 60
_OF_HOOKS = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX")
"""What git tells a hook of the repository that it runs in, by paths from where it stands; we ask for one by its folder."""


class NoRevision(Exception):
    """A revision cannot be read; `hint` says what to do."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True)
class Revision(Files):
    """A commit, as a folder of files.

    Attributes:
        root: the working tree's root, below which paths are looked up.
        name: the revision as the user called it.
        commit: its full hash.
    """

    root: Path
    name: str
    commit: str

    @classmethod
    def of(cls, name: str, near: Path) -> Revision:
        """A revision of the repository that a path lies in.

        Raises:
            NoRevision: there is no git, no repository, or no such revision.
        """
        folder = next(one for one in (near, *near.parents) if one.is_dir())
        root = _git(folder, "rev-parse", "--show-toplevel")
        if root.returncode:
            raise NoRevision(f"{folder} lies in no git repository", "run this in the repository, or name a file")
        found = _git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
        if found.returncode:
            hint = "git log, git branch -a and git tag list what there is; a shallow clone has few: git fetch --unshallow"
            raise NoRevision(f"git knows no revision {name!r}", hint)
        return cls(Path(root.stdout.decode().strip()), name, found.stdout.decode().strip())

    def read(self, path: Path) -> bytes:
        done = _git(self.root, "cat-file", "blob", f"{self.commit}:{self._inside(path)}")
        if done.returncode:
            raise OSError(f"revision {self.name} has no such file")
        return done.stdout

    def shown(self, path: Path) -> str:
        try:
            return f"git:{self.name}:{self._inside(path)}"
        except OSError:
            return str(path)

    def _inside(self, path: Path) -> str:
        try:
            return path.relative_to(self.root).as_posix()
        except ValueError:
            raise OSError(f"{path} lies outside the repository") from None


def _git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(  # noqa: S603 - a list of arguments, and no shell
            ["git", "-C", str(folder), *arguments],  # noqa: S607 - the git that the user has
            env={name: value for name, value in os.environ.items() if name not in _OF_HOOKS},
            stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=_SECONDS,
        )  # fmt: skip
    except FileNotFoundError:
        raise NoRevision("git is not installed", "install git, or name a file in place of git:…") from None
    except subprocess.TimeoutExpired:
        raise NoRevision(f"git did not answer within {_SECONDS} seconds", "try: git status") from None
