"""Programs that run beside the code under test, in a process of their own and on the standard library alone.

`start.py NAME ORDER ANSWER` runs `main` of the module NAME, which reads a JSON order from one file and answers in the
other. Nothing here imports the rest of the project, which the code under test must not see; so imports are relative.
"""
