"""Looking for faults: load, catastrophes at random moments, and the promises that have to hold afterwards.

Run by ``scripts/faults`` and, for a few rounds, by ``tests/functional/test_crashes.py``. All servers are its own,
on loopback ports and in folders of their own; only their processes are ended.
"""
