"""Verify: the gates that a fix must pass, and the wait for their result.

`conformance` and its neighbours are pure and need the standard library only, because the Action runs them in the user's
own CI; `check` is the server's side, which waits for the Action's verdict.
"""
