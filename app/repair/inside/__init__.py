"""What runs inside the sandbox, beside the code under repair: the standard library only, and relative imports only.

`app.repair.script` carries these modules there as text. Nothing here is imported by the rest of Autofix but names.
"""
