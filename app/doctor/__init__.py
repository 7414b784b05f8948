"""`autofix doctor`: what blocks autonomy in a repository, and the exact setting to change.

Facts are read first (`reading`), then judged by pure checks (`checks`): a fact that cannot be read is never a pass.
"""
