"""What people see of a run: its events as a live display or as lines, its summary at the end, tables."""
