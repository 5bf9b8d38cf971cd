"""Tasks, tools and turns as Gymnasium environments."""
