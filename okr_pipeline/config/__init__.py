"""Configuration: a directory of YAML becomes a checked `model.Configuration`.

Belongs here: the language of the files, its rules, and every message about them.
Does not: what is done with a configuration, or how a source is opened.

Each name is imported from the module that has it: those who read `project.yaml` and have definitions from the store do
not load the models of every file.
"""
