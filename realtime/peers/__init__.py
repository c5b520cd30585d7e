"""Programs that take part in calls: clients of the public contract, with media made by aiortc."""
