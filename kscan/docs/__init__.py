"""What documentation projects plug in: claims held against the kernels, answers filled in place."""
