"""The town on paper. Pure: a seed, sizes and the time give it, the same each time."""
