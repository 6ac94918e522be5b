"""All that is Just One API: the client, its envelope and codes, and one module for each endpoint."""
