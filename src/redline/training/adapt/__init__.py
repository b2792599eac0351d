"""Adapting a language model: settings, material, one visible training loop, an adapter at the end."""
