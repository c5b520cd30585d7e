"""Posts that are watched: who follows the counts of which, and who is told."""
