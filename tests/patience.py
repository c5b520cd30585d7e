"""How long a test waits for what has to come: it is taken at once, so only a failure lasts so long."""

PATIENCE_S = 60.0  # a busy machine is ten times slower than a quiet one
CROWD_S = 4 * PATIENCE_S  # of a thousand who ask at once the last one waits for all others
