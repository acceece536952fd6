"""Files of a results folder, back as tables and descriptions; whatever is wrong with one is a line that names it."""
