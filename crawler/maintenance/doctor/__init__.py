"""What could keep the next night from going well: facts from thin edges, and checks as pure functions."""
