"""Tasks for tests alone: they are held at a gate, fail, kill their worker, and write down when they ran."""
