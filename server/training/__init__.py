"""Training: data sets and jobs, each in a folder of its own; the learning itself runs in processes of its own."""
