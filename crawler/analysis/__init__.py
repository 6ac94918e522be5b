"""Everything that reads the database for people. The engine never imports it."""
