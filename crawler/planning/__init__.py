"""What a run will take and bring, read from the database without a call and without a write."""
