"""Adaptation strategies: what is asked for a draft, and what becomes of the answer."""
