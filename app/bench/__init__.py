"""Real crashes of released packages: reproduce each, ask the engine for a fix, judge the fix by what it does.

`autofix bench crashes` is its only user; docs/bench.md says what its numbers mean.
"""
