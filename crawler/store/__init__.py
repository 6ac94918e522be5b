"""The database: tables, migrations, views, every write transaction, the work list, the lock, reading only."""
