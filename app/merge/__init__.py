"""Merge: our commit, the pull request, and auto-merge by the branch's own rules.

`standing.py` says in one value how the pull request stands, from the facts of one read (`facts.py`); everything else
here acts on that value. All of it is bound to the one head commit that we pushed: what others change is theirs.
"""

from app.merge.auto_merge import arm, disarm, merged
from app.merge.proposal import propose
from app.merge.rebuilding import overtaken, rebuild

__all__ = ["arm", "disarm", "merged", "overtaken", "propose", "rebuild"]
