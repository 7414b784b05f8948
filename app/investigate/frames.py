"""The stack of an event in a repository's own files: a frame counts if its line is the one that was recorded."""

from __future__ import annotations

from collections.abc import Sequence

from app.clients.github import RepositoryClient
from app.clients.github.answers import Tree
from app.core.model import CodeFrame, Frame, Reason, Stage, Stop
from app.investigate.mapping import repository_path


async def map_frames(
    repo: RepositoryClient, frames: Sequence[Frame], tree: Tree
) -> tuple[CodeFrame, ...] | Stop:
    """The repository's own frames, outermost first; a Stop if the innermost own one cannot be mapped for sure."""
    listing = tree.files
    own = [frame for frame in frames if frame.in_app]
    if not own:
        return _stop(Reason.FRAME_UNMAPPED, "no frame of the stack trace is the application's own")
    places = [(frame, repository_path(frame, listing)) for frame in own]
    texts = await repo.files(tree, [path for _, path in places if path])
    mapped: list[CodeFrame] = []
    for frame, path in places:
        if path is None:
            continue
        lines = texts.get(path, "").splitlines()
        recorded = (frame.code or "").strip()
        if 1 <= frame.line <= len(lines) and recorded == lines[frame.line - 1].strip():
            code = lines[frame.line - 1].strip()
            mapped.append(CodeFrame(path, frame.function, frame.line, code, frame.variables))
        elif frame is own[-1]:
            detail = f"{path}:{frame.line} at the deployed commit is not the line that was recorded"
            return _stop(Reason.SOURCE_DIFFERS, detail)
    if not mapped or (mapped[-1].line, mapped[-1].function) != (own[-1].line, own[-1].function):
        return _stop(Reason.FRAME_UNMAPPED, f"{own[-1].path!r} is not exactly one file of the repository")
    return tuple(mapped)


def _stop(reason: Reason, detail: str) -> Stop:
    return Stop(Stage.INVESTIGATE, reason, detail)
