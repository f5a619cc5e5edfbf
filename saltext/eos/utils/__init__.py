"""What modules, states and runners share."""
