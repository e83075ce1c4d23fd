"""Any number of partner types under perfect monitoring."""
