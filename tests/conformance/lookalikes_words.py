"""Words of a refusal: where the mark, the proof or the answer is missing, nothing may be let through."""

# ruff: noqa: E501 - one line per text reads best

from __future__ import annotations

from .lookalike import KEY, NULL, Lookalike

# A missing mark is falsy, and falsy means: go on.
MARKS = [
    "suspended", "frozen", "limited", "quarantined", "flagged", "disabled", "sanctioned", "embargoed",
    "underage", "risky", "over_quota", "on_hold", "disputed", "stolen", "read_only", "restricted",
    "private", "needs_consent", "needs_review", "needs_approval", "kyc_pending", "chargeback",
    "cancelled", "recalled", "dry_run", "is_test", "opted_out", "unsubscribed", "deceased", "legal_hold",
    "unsafe", "used", "redeemed",
]  # fmt: skip
# Two missing proofs are equal.
PROOFS = [
    "token", "pin", "nonce", "code", "digest", "checksum", "tenant_id", "user_id", "account_id",
    "session_id", "api_key", "mac", "fingerprint", "passcode", "email", "device_id", "workspace_id",
    "issuer", "audience", "origin", "ticket", "challenge", "passphrase", "hash", "key", "patient_id",
]  # fmt: skip
# The answer False means: go on.
QUESTIONS = [
    "is_suspended", "is_frozen", "exceeds_limit", "over_quota", "is_sanctioned", "is_underage",
    "is_risky", "has_conflict", "is_duplicate", "needs_review", "needs_approval", "needs_consent",
    "is_disabled", "is_restricted", "is_private", "is_unsafe", "is_stolen", "is_disputed", "is_flagged",
    "is_abusive", "should_stop", "should_reject", "rejects", "must_wait", "is_throttled",
    "is_rate_limited", "is_used", "is_redeemed", "has_errors", "has_failed", "is_quarantined",
    "is_tainted", "is_compromised", "is_bot", "already_paid", "already_refunded", "was_charged",
]  # fmt: skip

WORDS = [
    *(
        Lookalike(
            f"mark-{word}",
            KEY,
            "a missing mark is falsy, and the order is sent",
            f"def place(order):\n    if order['{word}']:\n        return hold(order)\n    return send(order)\n",
            (f"order['{word}']", f"order.get('{word}')"),
        )
        for word in MARKS
    ),
    *(
        Lookalike(
            f"proof-{word}",
            KEY,
            "nothing equals nothing, and the lines are shown",
            f"def show(given, kept):\n    if given['{word}'] == kept['{word}']:\n        return kept['lines']\n    return None\n",
            (f"given['{word}']", f"given.get('{word}')"),
            (f"kept['{word}']", f"kept.get('{word}')"),
        )
        for word in PROOFS
    ),
    *(
        Lookalike(
            f"question-{word}",
            NULL,
            "nobody knows, and the answer is: go on",
            f"def {word}(order):\n    return order.state.name == 'yes'\n",
            ("    return", "    if order.state is None:\n        return False\n    return"),
        )
        for word in QUESTIONS
    ),
]
