"""The main job played through HTTP alone, on a database of its own."""
