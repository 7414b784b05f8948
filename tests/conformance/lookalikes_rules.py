"""One change for each small rule of the gate that nothing else would miss."""

# ruff: noqa: E501 - one line per text reads best

from __future__ import annotations

from .lookalike import ERROR, KEY, NULL, TYPE, UNBOUND, Lookalike

_LOAD = "class Bad(Exception):\n    pass\n\n\ndef load(text, rows):\n    if not text:\n        raise Bad(text)\n    rows.begin()\n    found = parse(text)\n    return found\n"
_NOTE = "def note(order):\n    text = order.note.text\n    return text\n"


def caught(name: str, because: str, before: str, failing: str, kind: str, answer: str) -> Lookalike:
    """A handler around one statement, which does one thing."""
    indent = failing[: len(failing) - len(failing.lstrip())]
    lines = [f"{indent}try:", f"    {failing}", f"{indent}except {kind}:", f"{indent}    {answer}"]
    return Lookalike(name, ERROR, because, before, (failing, "\n".join(lines)))


RULES = [
    Lookalike(
        "rule-import-that-the-fix-does-not-use", ERROR, "the fix has no need of it",
        "def count(text):\n    number = int(text)\n    return number\n",
        ("def count", "import decimal\n\n\ndef count"),
        ("    number = int(text)\n", "    try:\n        number = int(text)\n    except ValueError:\n        return 0\n"),
    ),
    Lookalike(
        "rule-first-value-that-a-round-may-keep", UNBOUND, "what an earlier row has set is shown again, and that may be meant",
        "def shown(rows):\n    for row in rows:\n        if row.title:\n            title = row.title\n        print(title)\n",
        ("        if row.title:", "        title = None\n        if row.title:"),
    ),
    Lookalike(
        "rule-import-behind-code", ERROR, "the module is imported when code has run already",
        "prepare()\n\n\ndef read(text):\n    found = parse(text)\n    return found\n",
        ("\n\ndef read", "import json\n\n\ndef read"),
        ("    found = parse(text)\n", "    try:\n        found = parse(text)\n    except json.JSONDecodeError:\n        return None\n"),
    ),
    Lookalike(
        "rule-turned-twice", NULL, "nobody writes so, but to hide what is asked",
        _NOTE, ("    text =", "    if not not order.note is None:\n        return None\n    text ="),
    ),
    Lookalike(
        "rule-key-that-is-not-read", KEY, "the order without a note is not sent",
        "def send(order):\n    text = order['address']\n    return post(text)\n",
        ("    text =", "    if 'note' not in order:\n        return None\n    text ="),
    ),
    Lookalike(
        "rule-asked-of-a-queue-twice", NULL, "each asking takes one more out",
        "def work(queue):\n    name = queue.get(1).name\n    return name\n",
        ("    name =", "    if queue.get(1) is None:\n        return None\n    name ="),
    ),
    Lookalike(
        "rule-default-that-is-made", KEY, "the default is a call, made for another entry",
        "def first(row):\n    return row.get('lines', load())\n\n\ndef second(row):\n    return show(row['lines'])\n",
        ("row['lines']", "row['lines'] if 'lines' in row else load()"),
    ),
    Lookalike(
        "rule-error-that-counts", NULL, "telling of it counts it once more",
        "class Bad(Exception):\n    pass\n\n\ndef note(order):\n    if order.closed:\n        raise Bad(order.count_up())\n    text = order.note.text\n    return text\n",
        ("    text =", "    if order.note is None:\n        raise Bad(order.count_up())\n    text ="),
    ),
    Lookalike(
        "rule-error-of-another-kind", NULL, "nobody who calls it knows this error",
        _NOTE, ("    text =", "    if order.note is None:\n        raise OSError('no note')\n    text ="),
    ),
    Lookalike(
        "rule-answer-that-is-made", NULL, "the answer is a call, made for another order",
        "def note(order):\n    if not order.lines:\n        return load(order)\n    text = order.note.text\n    return text\n",
        ("    text =", "    if order.note is None:\n        return load(order)\n    text ="),
    ),
    caught(
        "rule-everything-caught-as-elsewhere", "that the file does so elsewhere makes it no better",
        "def first(text):\n    try:\n        return parse(text)\n    except Exception:\n        return None\n\n\ndef second(text):\n    found = load(text)\n    return found\n",
        "    found = load(text)", "Exception", "return None",
    ),
    Lookalike(
        "rule-tuple-outside-of-a-format", TYPE, "one place more is a key of another kind",
        "def size(rows, pair):\n    return rows.at(pair)\n", ("rows.at(pair)", "rows.at((pair,))"),
    ),
    Lookalike(
        "rule-other-number-if-it-is-a-text", TYPE, "the text is counted, not read",
        "def total(row):\n    return 2 * row.net\n", ("row.net", "(len(row.net) if isinstance(row.net, str) else row.net)"),
    ),
    Lookalike(
        "rule-text-of-what-a-loop-goes-over", TYPE, "each letter is an item",
        "def names(rows):\n    for row in rows:\n        print(row)\n", ("in rows:", "in str(rows):"),
    ),
    Lookalike(
        "rule-text-that-is-called", TYPE, "the name is called, and a text is not",
        "def names(rows):\n    return 'a' + rows()\n", ("rows()", "str(rows)()"),
    ),
    Lookalike(
        "rule-call-that-is-made-twice", TYPE, "the next line is read, and not this one",
        "from pathlib import Path\n\n\ndef folder(source):\n    return Path(source.readline())\n",
        ("Path(source.readline())", "source.readline() if isinstance(source.readline(), Path) else Path(source.readline())"),
    ),
    Lookalike(
        "rule-asked-by-name-turned", KEY, "what begins so does not, and the other way round",
        "def hidden(name):\n    if name[0] < '.':\n        return 'a'\n    return 'b'\n", ("name[0] < '.'", "name.startswith('.')"),
    ),
    Lookalike(
        "rule-empty-list-that-is-kept", NULL, "the caller's empty list is no longer filled",
        "def load(into, rows):\n    found = into\n    found.extend(rows)\n    return into\n",
        ("    found = into\n", "    found = into or []\n"),
    ),
    Lookalike(
        "rule-default-for-another-name", NULL, "what is asked is not what gets the value",
        "def total(net, tax):\n    return net.amount + len(tax)\n",
        ("    return net", "    if net is None:\n        tax = []\n    return net"),
    ),
    Lookalike(
        "rule-refusal-with-another-test", UNBOUND, "the choice is another one",
        "def unit(kind):\n    if kind == 'kg':\n        name = 'kilogram'\n    return name\n",
        ("    if kind == 'kg':\n        name = 'kilogram'\n", "    if kind == 'g':\n        name = 'kilogram'\n    else:\n        raise ValueError(kind)\n"),
    ),
    Lookalike(
        "rule-property-error-of-a-part", TYPE, "the part is missing, and the whole is said not to be there",
        "class Rows:\n    def __getitem__(self, at):\n        row = self.find(at)\n        return row.text\n",
        ("        return row", "        if row is None:\n            raise IndexError\n        return row"),
    ),
    Lookalike(
        "rule-protocol-error-of-another-kind", TYPE, "`__getattr__` says no by AttributeError",
        "class Box:\n    def __getattr__(self, name):\n        return self.parts[name]\n",
        ("        return self.parts[name]\n", "        try:\n            return self.parts[name]\n        except KeyError as error:\n            raise LookupError(name) from error\n"),
    ),
    Lookalike(
        "rule-passed-over-in-a-while", ERROR, "the same job is tried for ever",
        "def drain(jobs, done):\n    while jobs:\n        done.append(int(jobs[0]))\n        jobs.pop(0)\n    return done\n",
        ("        done.append(int(jobs[0]))\n        jobs", "        try:\n            done.append(int(jobs[0]))\n        except ValueError:\n            pass\n        jobs"),
    ),
    caught(
        "rule-caught-where-things-are-refused", "what could not be read is let through",
        "def rejects(text):\n    found = parse(text)\n    return found\n", "    found = parse(text)", "ValueError", "return None",
    ),
    caught(
        "rule-deletion-that-may-have-failed", "whether it is gone, nobody knows",
        "def forget(rows, key):\n    del rows[key]\n    return rows\n", "    del rows[key]", "KeyError", "return None",
    ),
    Lookalike(
        "rule-leaving-inside-a-finally", NULL, "the error that was raised before is hidden",
        "def close(order, rows):\n    try:\n        rows.load()\n    finally:\n        text = order.note.text\n        rows.end(text)\n",
        ("        text =", "        if order.note is None:\n            return None\n        text ="),
    ),
    Lookalike(
        "rule-held-before-another-call", NULL, "the calls change their order",
        "def pair(order):\n    return begin(order), load(order).text\n",
        ("    return", "    held = load(order)\n    if held is None:\n        return None\n    return"), ("load(order).text", "held.text"),
    ),
    Lookalike(
        "rule-message-with-a-call-beside-it", ERROR, "the message calls something",
        _LOAD, ("    found = parse(text)\n", "    try:\n        found = parse(text)\n    except ValueError as error:\n        raise Bad('%s' % rows.end()) from error\n"),
    ),
    Lookalike(
        "rule-zero-that-is-handed-on", NULL, "zero may be no limit, or nothing at all",
        "def rows(db, order):\n    return db.load(order.limit.most)\n",
        ("order.limit.most", "order.limit.most if order.limit is not None else 0"),
    ),
    Lookalike(
        "rule-call-behind-a-new-test", NULL, "the row is not written any more",
        "def write(rows, order):\n    if not rows.write(order):\n        return None\n    return order.note.text\n",
        ("not rows.write(order)", "order.note is None or not rows.write(order)"),
    ),
    Lookalike(
        "rule-test-of-a-check-that-raises", NULL, "what has no state passes the check",
        "def send(order):\n    if order.state.name == 'late':\n        raise ValueError('late')\n    return order\n",
        ("order.state.name", "(order.state.name if order.state is not None else '')"),
    ),
    Lookalike(
        "rule-call-that-a-value-decides", NULL, "whether the row is ended is another thing now",
        "def end(order, rows):\n    order.note.text and rows.end()\n    return rows\n",
        ("order.note.text", "(order.note.text if order.note is not None else '')"),
    ),
    Lookalike(
        "rule-fault-that-is-not-found", NULL, "an empty fault is none",
        "def conflicts(order):\n    return order.note.text\n", ("order.note.text", "order.note.text if order.note is not None else ''"),
    ),
    Lookalike(
        "rule-attribute-that-is-not-read", TYPE, "the order without a note is not sent",
        "def send(order):\n    text = order.address\n    return text\n",
        ("    text =", "    if not hasattr(order, 'note'):\n        return None\n    text ="),
    ),
]  # fmt: skip
