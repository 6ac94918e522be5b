"""Whatever reads the database for people. The engine never imports it."""
