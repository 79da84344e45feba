"""Customers: who wrote a message."""
