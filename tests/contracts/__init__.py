"""GitHub's own descriptions, and the checker that holds calls, answers and webhooks against them."""

from .contract import Contract, load_contract

__all__ = ["Contract", "load_contract"]
