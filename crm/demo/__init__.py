"""A small believable bureau, repair company and operator, built by calling services only."""
