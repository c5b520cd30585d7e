"""How long a test waits for what has to come: what is there is taken at once, so only a failure takes this long."""

PATIENCE_S = 60.0  # a busy machine is ten times slower than a quiet one
