"""What a network is trained towards, and the losses that measure how far it is."""
