"""The nouns of the product, frozen, on the standard library alone.

Belongs here: what a metric, an objective, a key result, a period or a status *is*.
Does not: how YAML spells it (config), how it is stored (store), how it is computed (scoring).
"""
