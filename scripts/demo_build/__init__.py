"""Turns the written script of invented customers into the files that real software would export."""
