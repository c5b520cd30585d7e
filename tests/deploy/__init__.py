"""What `deploy/` has, and what is outside of it for containers."""
