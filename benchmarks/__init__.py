"""Measurements that take long or compare; results are in `benchmarks/results`."""
