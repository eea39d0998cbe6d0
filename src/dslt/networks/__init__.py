"""Networks: backbones, the regression network of DSLT, the Siamese networks."""
