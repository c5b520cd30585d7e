"""Who is matched with whom: a pure policy, and the matchmaker that carries it out. Redis owns the tickets."""
